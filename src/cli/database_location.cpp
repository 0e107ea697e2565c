#include "cli/database_location.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/workspace.hpp"
#include "struere/spi/backend.hpp"

namespace struere::cli {

DatabaseLocation::DatabaseLocation(const std::filesystem::path& folder, const std::string& text)
    : is_file_(scheme_of(text).empty()), text_(is_file_ ? (folder / text).lexically_normal().string() : text) {}

std::string DatabaseLocation::shown() const {
  if (is_file_) return text_;
  std::string out = text_.substr(0, text_.find('?'));
  // A password may have an `@` that nobody encoded: what follows the last one is the host.
  const std::size_t user = out.find("://") + 3, at = out.rfind('@');
  if (at == std::string::npos || at < user) return out;
  const std::size_t colon = out.find(':', user);
  return colon < at ? out.erase(colon, at - colon) : out;
}

bool DatabaseLocation::is_there() const noexcept { return !is_file_ || cli::is_there(text_); }

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
