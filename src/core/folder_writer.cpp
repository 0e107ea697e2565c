#include "core/folder_writer.hpp"

#include "struere/core/error.hpp"

#if defined(__unix__) || defined(__APPLE__)

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/digest.hpp"

namespace struere {
namespace {

namespace files = std::filesystem;

constexpr mode_t new_file = 0666, new_folder = 0777;  // before the umask is applied

[[noreturn]] void fail(const files::path& file, int reason) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be written: {}", file.string(), std::strerror(reason)));
}

[[noreturn]] void refuse_path(const files::path& file, const char* what) {
  throw Error(ErrorCode::conflict,
              fmt::format("{} {}; nothing is written through it, remove it first", file.string(), what));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int operator*() const noexcept { return number_; }

 private:
  int number_;
};

// Opens the folder that contains `name`. A descriptor is used, so that nobody can replace the folder by a link
// afterwards. Negative if the folder does not exist and `makes` is false.
Descriptor parent_of(const files::path& folder, const files::path& name, bool makes) {
  std::error_code failure;
  if (makes) files::create_directories(folder, failure);
  Descriptor at(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (*at < 0 && (makes || errno != ENOENT)) fail(folder, errno);
  files::path so_far = folder;
  for (const files::path& part : name.parent_path()) {
    so_far /= part;
    if (part == ".." || part == "." || part.is_absolute()) refuse_path(so_far, "leads out of the folder");
    if (*at < 0) return at;
    if (makes && mkdirat(*at, part.c_str(), new_folder) != 0 && errno != EEXIST) fail(so_far, errno);
    Descriptor next(openat(*at, part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (*next < 0 && (errno == ELOOP || errno == ENOTDIR)) refuse_path(so_far, "is a link, or no folder");
    if (*next < 0 && (makes || errno != ENOENT)) fail(so_far, errno);
    at = std::move(next);
  }
  return at;
}

// The mode of the file that would be replaced, or the mode of a new file if it does not exist.
mode_t require_replaceable_at(int folder, const files::path& name, const files::path& shown) {
  struct stat found {};
  if (fstatat(folder, name.filename().c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) fail(shown, errno);
    return new_file;
  }
  if (S_ISLNK(found.st_mode)) refuse_path(shown, "is a link");
  if (!S_ISREG(found.st_mode)) refuse_path(shown, "is not a regular file");
  if (found.st_nlink > 1) refuse_path(shown, "has another name as well (a hard link)");
  return found.st_mode & 0777;
}

// Returns false if `name` exists already.
bool write_at(int folder, const std::string& name, const std::string& text, mode_t mode, const files::path& shown) {
  const Descriptor file(openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (*file < 0 && errno == EEXIST) return false;
  if (*file < 0) fail(shown, errno);
  const auto give_up = [&] {
    const int reason = errno;
    unlinkat(folder, name.c_str(), 0);  // half a file could later be read as a complete one
    fail(shown, reason);
  };
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = write(*file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) give_up();
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(*file) != 0) give_up();
  return true;
}

}  // namespace

bool FolderWriter::make(const files::path& name, const std::string& text) const {
  const Descriptor folder = parent_of(folder_, name, true);
  return write_at(*folder, name.filename().string(), text, new_file, folder_ / name);
}

void FolderWriter::replace(const files::path& name, const std::string& text) const {
  const files::path shown = folder_ / name;
  const Descriptor folder = parent_of(folder_, name, true);
  const mode_t mode = require_replaceable_at(*folder, name, shown);
  const std::string unfinished = fmt::format(".{}.unfinished-{:016x}", name.filename().string(), random_number());
  if (!write_at(*folder, unfinished, text, mode, shown)) fail(shown, EEXIST);
  // renameat() replaces the name itself, even if it has become a link meanwhile.
  if (renameat(*folder, unfinished.c_str(), *folder, name.filename().c_str()) != 0) {
    const int reason = errno;
    unlinkat(*folder, unfinished.c_str(), 0);
    fail(shown, reason);
  }
}

void FolderWriter::remove(const files::path& name) const {
  const Descriptor folder = parent_of(folder_, name, false);
  if (*folder < 0) return;
  require_replaceable_at(*folder, name, folder_ / name);
  if (unlinkat(*folder, name.filename().c_str(), 0) != 0 && errno != ENOENT) fail(folder_ / name, errno);
}

void FolderWriter::require_replaceable(const files::path& name) const {
  const Descriptor folder = parent_of(folder_, name, false);
  if (*folder >= 0) require_replaceable_at(*folder, name, folder_ / name);
}

}  // namespace struere

#else

namespace struere {
namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::storage,
              "files of definitions are not written on this system, which cannot open a name within an open folder; "
              "write them on Linux or macOS, or by hand");
}

}  // namespace

bool FolderWriter::make(const std::filesystem::path&, const std::string&) const { refuse(); }
void FolderWriter::replace(const std::filesystem::path&, const std::string&) const { refuse(); }
void FolderWriter::remove(const std::filesystem::path&) const { refuse(); }
void FolderWriter::require_replaceable(const std::filesystem::path&) const { refuse(); }

}  // namespace struere

#endif
