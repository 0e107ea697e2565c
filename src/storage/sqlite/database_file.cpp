#include "storage/sqlite/database_file.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "struere/core/error.hpp"

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
  const paths::path absolute = paths::absolute(path_of(path), none);
  std::string out = none ? path : name_of(absolute);
  if (const std::string reason = unusable_database_name(out); !reason.empty())
    throw Error(ErrorCode::storage, fmt::format("{} {}", out, reason));
  return out;
}

// The target of a chain of links, even if the target does not exist.
paths::path end_of_links(paths::path path) {
  std::error_code none;
  for (int i = 0; i < most_links && paths::is_symlink(paths::symlink_status(path, none)); ++i)
    path = path.parent_path() / paths::read_symlink(path, none);
  return path;
}

}  // namespace

std::string without_links(const std::string& path) {
  std::error_code none;
  const paths::path real = paths::canonical(path_of(path), none);
  return none ? path : name_of(real);
}

bool has_log(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = paths::file_size(path_of(without_links(path) + "-wal"), none);
  return !none && size > 0;
}

DatabaseFile::DatabaseFile(const std::string& path) : path_(absolute_path(path)) {}

void DatabaseFile::make() const noexcept {
  try {
    std::error_code ignored;
    if (identity_of_file(path_) == FileIdentity()) SystemFile::create(name_of(end_of_links(path_of(path_))), ignored);
  } catch (const std::exception&) {
  }
}

std::vector<std::string> DatabaseFile::exposures() const {
  std::vector<std::string> out;
  // SQLite gives its log the permissions of the database, but Windows those of the folder.
  for (const std::string& file : {path_, log_path_})
    if (const auto found = exposure_of_file(file)) {
      out.push_back(
          fmt::format("{} may be read or written to by other users ({}), and contains hashes of API keys and the key "
                      "of cursors; remove these permissions: {}",
                      file, found->found, found->cure));
      break;
    }
  const std::string folder = name_of(path_of(path_).parent_path());
  if (const auto found = exposure_of_folder(folder))
    out.push_back(
        fmt::format("other users may write to the folder {} ({}), and so replace the database; remove these "
                    "permissions, or move the database: {}",
                    folder, found->found, found->cure));
  return out;
}

void DatabaseFile::take_identity() {
  real_path_ = without_links(path_);
  log_path_ = real_path_ + "-wal";
  index_path_ = real_path_ + "-shm";
  file_ = identity_of_file(path_);
  log_ = identity_of_file(log_path_);
  index_ = identity_of_file(index_path_);
}

void DatabaseFile::require_in_place() const {
  if (identity_of_file(path_) != file_)
    throw Error(ErrorCode::storage, fmt::format("{} was deleted, moved or replaced while it was open; nothing was "
                                                "written. Put it back, or open the database again",
                                                path_));
  const auto require_part = [](const std::string& part, const FileIdentity& known) {
    if (known != FileIdentity() && identity_of_file(part) != known)
      throw Error(ErrorCode::storage,
                  fmt::format("{} was deleted, moved or replaced while it was in use: it is part of the database, and "
                              "nothing more was written. Close the database in all processes, and check it",
                              part));
  };
  require_part(log_path_, log_);
  require_part(index_path_, index_);
}

void DatabaseFile::require_in_place_lately() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const auto before = looked_at_.load(std::memory_order_relaxed);
  if (now - before < std::chrono::steady_clock::duration(between_looks).count()) return;
  require_in_place();
  looked_at_.store(now, std::memory_order_relaxed);
}

}  // namespace struere
