#include "cli/database_location.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "cli/workspace.hpp"
#include "struere/core/error.hpp"
#include "struere/spi/backend.hpp"

namespace struere::cli {

DatabaseLocation::DatabaseLocation(const std::filesystem::path& folder, const std::string& text)
    : is_file_(scheme_of(text).empty()), text_(is_file_ ? (folder / text).lexically_normal().string() : text) {}

std::string DatabaseLocation::shown() const {
  if (is_file_) return text_;
  const std::size_t user = text_.find("://") + 3, at = text_.find('@', user), end = text_.find_first_of(":/?", user);
  if (at == std::string::npos || end == std::string::npos || end > at) return text_.substr(0, text_.find('?'));
  // A password. What it is made of, nobody may have encoded: all of it is left out, up to what is surely no part of it.
  const std::string_view after = std::string_view(text_).substr(at + 1);
  const bool is_clear = text_[end] == ':' && text_.find_first_of("/?", user) > at && after.find('@') == after.npos;
  return text_.substr(0, end) + (is_clear ? "@" + std::string(after.substr(0, after.find('?'))) : "@…");
}

bool DatabaseLocation::is_there() const noexcept { return !is_file_ || cli::is_there(text_); }

void DatabaseLocation::refuse_empty_file() const {
  // A database that another process makes is empty for a moment.
  constexpr int most_looks = 20;
  constexpr std::chrono::milliseconds between_looks(50);
  const auto is_empty = [this] {
    struct stat found {};
    return is_file_ && stat(text_.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0;
  };
  for (int looks = 0; is_empty(); std::this_thread::sleep_for(between_looks))
    if (++looks == most_looks)
      throw Error(ErrorCode::storage,
                  fmt::format("{} is an empty file of 0 bytes, as a copy leaves that ran out of disk, and no database; "
                              "put a backup in its place, or remove it to begin anew",
                              text_));
}

bool DatabaseLocation::is_read_only() const {
  if (!is_file_ || !is_there()) return false;
  const auto folder = std::filesystem::absolute(text_).parent_path();
  return access(text_.c_str(), W_OK) != 0 || (access(folder.c_str(), W_OK) != 0 && !cli::is_there(text_ + "-wal"));
}

DatabaseLocation::Identity DatabaseLocation::identity() const noexcept {
  struct stat found {};
  if (!is_file_ || stat(text_.c_str(), &found) != 0) return {0, 0};
  return {found.st_dev, found.st_ino};
}

}  // namespace struere::cli
