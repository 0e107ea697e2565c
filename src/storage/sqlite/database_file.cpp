#include "storage/sqlite/database_file.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "struere/core/error.hpp"

#if defined(__unix__) || defined(__APPLE__)
#define STRUERE_HAS_POSIX_FILES 1
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace struere {
namespace {

namespace paths = std::filesystem;
using namespace std::chrono_literals;

constexpr auto between_looks = 100ms;
constexpr int most_links = 40;

std::string absolute_path(const std::string& path) {
  if (path.empty() || path == ":memory:")
    throw Error(ErrorCode::storage, "a database without a file is made by Database::in_memory(); name a file");
  if (path.find('\0') != std::string::npos)
    throw Error(ErrorCode::storage, "the path of a database holds no U+0000; name another file");
  std::error_code none;
  const paths::path out = paths::absolute(path, none);
  return none ? path : out.string();
}

// The target of a chain of links, even if the target does not exist.
paths::path end_of_links(paths::path path) {
  std::error_code none;
  for (int i = 0; i < most_links && paths::is_symlink(paths::symlink_status(path, none)); ++i)
    path = path.parent_path() / paths::read_symlink(path, none);
  return path;
}

}  // namespace

DatabaseFile::DatabaseFile(const std::string& path) : path_(absolute_path(path)) {}

#if STRUERE_HAS_POSIX_FILES

void DatabaseFile::make() const noexcept {
  try {
    struct stat found {};
    if (stat(path_.c_str(), &found) == 0) return;
    // O_EXCL never opens an existing file, because closing it would release the locks that SQLite holds on it.
    const int made = open(end_of_links(path_).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (made >= 0) close(made);
  } catch (const std::exception&) {
  }
}

DatabaseFile::Identity DatabaseFile::identity_of(const std::string& path) noexcept {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino)};
}

std::vector<std::string> DatabaseFile::exposures() const {
  std::vector<std::string> out;
  struct stat found {};
  if (stat(path_.c_str(), &found) == 0 && (found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    out.push_back(
        fmt::format("{} may be read or written to by other users (mode {:03o}), and contains hashes of API keys and "
                    "the key of cursors; remove these permissions: chmod 600",
                    path_, found.st_mode & 0777U));
  const std::string folder = paths::path(path_).parent_path().string();
  if (stat(folder.c_str(), &found) == 0 && (found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    out.push_back(
        fmt::format("other users may write to the folder {} (mode {:03o}), and so replace the database; remove these "
                    "permissions, or move the database: chmod go-w",
                    folder, found.st_mode & 0777U));
  return out;
}

#else

void DatabaseFile::make() const noexcept {}
DatabaseFile::Identity DatabaseFile::identity_of(const std::string&) noexcept { return {}; }
std::vector<std::string> DatabaseFile::exposures() const { return {}; }

#endif

void DatabaseFile::take_identity() {
  std::error_code none;
  const paths::path real =
      paths::canonical(path_, none);  // SQLite puts the log next to the file, not next to a link to it
  real_path_ = none ? path_ : real.string();
  log_path_ = real_path_ + "-wal";
  file_ = identity_of(path_);
  log_ = identity_of(log_path_);
}

void DatabaseFile::require_in_place() const {
  if (identity_of(path_) != file_)
    throw Error(ErrorCode::storage, fmt::format("{} was deleted, moved or replaced while it was open; nothing was "
                                                "written. Put it back, or open the database again",
                                                path_));
  if (log_ != Identity() && identity_of(log_path_) != log_)
    throw Error(ErrorCode::storage,
                fmt::format("{} was deleted, moved or replaced while it was in use: it is part of the database, and "
                            "nothing more was written. Close the database in all processes, and check it",
                            log_path_));
}

void DatabaseFile::require_in_place_lately() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto before = looked_at_.load(std::memory_order_relaxed);
  if (now - before < std::chrono::steady_clock::duration(between_looks).count()) return;
  require_in_place();
  looked_at_.store(now, std::memory_order_relaxed);
}

}  // namespace struere
