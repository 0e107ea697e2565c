#include "struere/operations/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "core/portable_file.hpp"
#include "storage/sqlite/file_copy.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/database.hpp"

namespace struere {
namespace {

namespace paths = std::filesystem;

[[noreturn]] void fail(const paths::path& file, const char* what, int reason) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be {}: {}", file.string(), what, std::strerror(reason)));
}

constexpr std::string_view unfinished_mark = ".unfinished-";
constexpr std::size_t unfinished_digits = 16;

// Removes the file last, because its name is needed to find the files that SQLite made next to it.
void unlink_database(const paths::path& file) {
  for (const char* const part : {"-wal", "-shm", "-journal", "-lock", ""}) unlink((file.string() + part).c_str());
}

// A temporary file next to the target. The destructor removes it unless it was renamed to the target. A lock on the
// file shows that a process uses it.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const paths::path& to) {
    do {
      if (descriptor_ >= 0) close(descriptor_);
      file_ = to.string() + fmt::format("{}{:0{}x}", unfinished_mark, random_number(), unfinished_digits);
      // Other users cannot read the unfinished file. O_EXCL and O_NOFOLLOW reject an existing file or link with this
      // name.
      descriptor_ = open(file_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
      if (descriptor_ < 0) fail(file_, "made", errno);
      lock_file(descriptor_, Wait::yes);
    } while (is_gone());  // another process removed it before it was locked
  }
  ~UnfinishedFile() {
    unlink_database(file_);
    close(descriptor_);
  }
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  const paths::path& path() const noexcept { return file_; }

  void become(const paths::path& to, mode_t mode, bool replace) {
    sync(file_, mode);
    if (replace ? rename(file_.c_str(), to.c_str()) != 0 : !rename_without_replacing(file_, to)) {
      if (errno == EEXIST) refuse_to_replace(to);
      fail(to, "written", errno);
    }
    sync(to.parent_path(), {});
  }

  [[noreturn]] static void refuse_to_replace(const paths::path& to) {
    throw Error(ErrorCode::conflict,
                fmt::format("{} is there already; name another file, or say that it is to be replaced", to.string()));
  }

  // Removes unfinished files next to `to` that killed processes left.
  static void remove_stale(const paths::path& to) {
    std::vector<paths::path> found;
    std::error_code none;
    for (const auto& entry : paths::directory_iterator(to.parent_path(), none))
      if (is_unfinished(entry.path().filename().string(), to.filename().string())) found.push_back(entry.path());
    for (const paths::path& file : found) {
      const int descriptor = open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
      if (descriptor < 0) continue;
      if (lock_file(descriptor, Wait::no)) unlink_database(file);
      close(descriptor);
    }
  }

 private:
  static bool is_unfinished(const std::string& name, const std::string& of) {
    const std::string begin = of + std::string(unfinished_mark);
    return name.size() == begin.size() + unfinished_digits && name.starts_with(begin) &&
           name.find_first_not_of("0123456789abcdef", begin.size()) == std::string::npos;
  }

  bool is_gone() const {
    struct stat found {};
    return fstat(descriptor_, &found) == 0 && found.st_nlink == 0;
  }

  static void sync(const paths::path& path, std::optional<mode_t> mode) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail(path, "opened", errno);
    const bool is_done = (!mode || fchmod(descriptor, *mode) == 0) && fsync(descriptor) == 0;
    const int reason = errno;
    close(descriptor);
    if (!is_done) fail(path, "made durable", reason);
  }

  paths::path file_;
  int descriptor_ = -1;
};

// Whether both names lead to one file, or would if the file existed: the same inode, or the same name in the same
// folder.
bool is_same_file(const paths::path& a, const paths::path& b) {
  std::error_code none;
  if (paths::equivalent(a, b, none)) return true;
  return a.filename() == b.filename() && paths::equivalent(a.parent_path(), b.parent_path(), none);
}

void check_target(const paths::path& from, const paths::path& to, bool replace) {
  std::error_code none;
  // If a database is opened through a link, its log is next to the file itself.
  for (const paths::path& database : {from, paths::canonical(from, none)})
    for (const char* const part : {"", "-wal", "-shm", "-journal", "-lock"}) {
      const paths::path used = database.string() + part;
      if (is_same_file(used, to))
        throw Error(ErrorCode::conflict,
                    fmt::format("{} is part of the database itself; name another file", to.string()));
      // These files would be created next to the copy, or read as parts of it.
      for (const char* const beside : {"-wal", "-shm", "-journal", "-lock"})
        if (is_same_file(used, to.string() + beside))
          throw Error(ErrorCode::conflict, fmt::format("{} would be taken for a part of the copy {}; name another file",
                                                       used.string(), to.string()));
    }
  // The next process that opens a database would empty or remove such a file.
  for (const std::string_view part : {"-wal", "-shm", "-journal", "-lock"})
    if (const std::string name = to.string(); name.ends_with(part))
      if (const paths::path other = name.substr(0, name.size() - part.size()); paths::exists(other, none))
        throw Error(ErrorCode::conflict,
                    fmt::format("{} would be taken for a part of {}; name another file", to.string(), other.string()));
  const auto found = paths::symlink_status(to);
  if (paths::exists(found) && !replace) UnfinishedFile::refuse_to_replace(to);
  if (paths::exists(found) && !paths::is_regular_file(found))
    throw Error(ErrorCode::conflict, fmt::format("{} is not a file; name another", to.string()));
  // SQLite would read such a log as part of the copy.
  for (const char* const part : {"-wal", "-shm", "-journal"})
    if (const std::string log = to.string() + part; paths::exists(log))
      throw Error(
          ErrorCode::conflict,
          fmt::format("{} is there: somebody has that database open, or died; close it, or name another file", log));
}

[[noreturn]] void refuse_copy(const std::string& reason) {
  throw Error(ErrorCode::storage, "the copy is not kept, because the database is damaged: " + reason);
}

BackupReport verify_copy(const paths::path& copy, const BackupOptions& options) {
  const auto database = Database::open(copy.string(), {.sqlite = {.must_exist = true}});
  const TrustedHost host = database.trusted_host();
  if (const StorageReport report = host.check_storage(); !report.faults.empty()) refuse_copy(report.faults.front());
  const auto organizations = host.organizations();
  BackupReport out;
  out.organizations = static_cast<std::int64_t>(organizations.size());
  BackupProgress progress{BackupProgress::Step::verify, 0, 2 * out.organizations};
  for (const Organization& organization : organizations)
    for (const Environment environment : {Environment::development, Environment::production}) {
      const Verification found = host.system_session(organization.id, environment).events().verify();
      if (!found.ok) refuse_copy(fmt::format("in the {} log, {}", to_string(environment), found.problem));
      out.events += found.verified;
      ++progress.done;
      if (options.progress) options.progress(progress);
    }
  return out;
}

}  // namespace

BackupReport back_up_database(const std::string& from, const std::string& to, const BackupOptions& options) {
  struct stat source {};
  if (stat(from.c_str(), &source) != 0) fail(from, "read", errno);
  const paths::path target = paths::absolute(to);
  check_target(paths::absolute(from), target, options.replace);
  UnfinishedFile::remove_stale(target);
  UnfinishedFile copy(target);
  copy_sqlite_file(from, copy.path().string(), [&](std::int64_t done, std::int64_t total) {
    if (options.progress) options.progress({BackupProgress::Step::copy, done, total});
  });
  BackupReport out = verify_copy(copy.path(), options);
  out.bytes = static_cast<std::int64_t>(paths::file_size(copy.path()));
  copy.become(target, source.st_mode & 0770, options.replace);  // not for others: it holds hashes of keys
  return out;
}

}  // namespace struere
