#include "struere/operations/backup.hpp"

#include <fmt/format.h>

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

[[noreturn]] void fail(const paths::path& file, const char* what, std::error_code reason) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be {}: {}", name_of(file), what, reason.message()));
}

constexpr std::string_view unfinished_mark = ".unfinished-";
constexpr std::size_t unfinished_digits = 16;

// Removes the file last, because its name is needed to find the files that SQLite made next to it.
void unlink_database(const paths::path& file) {
  std::error_code ignored;
  for (const char* const part : {"-wal", "-shm", "-journal", "-lock", ""})
    paths::remove(path_of(name_of(file) + part), ignored);
}

// A temporary file next to the target. The destructor removes it unless it was renamed to the target. A lock on the
// file shows that a process uses it.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const paths::path& to) {
    // Another process may remove the file before it is locked.
    for (int tries = 0; tries < most_tries; ++tries) {
      open_ = SystemFile();
      file_ = path_of(name_of(to) + fmt::format("{}{:0{}x}", unfinished_mark, random_number(), unfinished_digits));
      std::error_code failure;
      open_ = SystemFile::create(name_of(file_), failure);
      if (failure) fail(file_, "made", failure);
      open_.lock(Wait::yes);
      if (open_.is_named(name_of(file_))) return;
      unlink_database(file_);
    }
    throw Error(ErrorCode::storage,
                fmt::format("{} is not the file that was just made under this name, {} times in turn: another process "
                            "removes such files, or the file system does not say which file a name is of; name a file "
                            "on another one",
                            name_of(file_), most_tries));
  }
  ~UnfinishedFile() { unlink_database(file_); }
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  const paths::path& path() const noexcept { return file_; }

  void become(const paths::path& to, paths::perms permissions, bool replace) {
    if (const auto failure = make_durable(name_of(file_), permissions)) fail(file_, "made durable", failure);
    const auto rename = replace ? rename_and_replace : rename_without_replacing;
    if (const auto failure = rename(name_of(file_), name_of(to))) {
      if (failure == std::errc::file_exists) refuse_to_replace(to);
      fail(to, "written", failure);
    }
    const paths::path folder = to.parent_path();
    if (const auto failure = make_names_durable(name_of(folder))) fail(folder, "made durable", failure);
  }

  [[noreturn]] static void refuse_to_replace(const paths::path& to) {
    throw Error(ErrorCode::conflict,
                fmt::format("{} is there already; name another file, or say that it is to be replaced", name_of(to)));
  }

  // Removes unfinished files next to `to` that killed processes left.
  static void remove_stale(const paths::path& to) {
    std::vector<paths::path> found;
    std::error_code none;
    for (const auto& entry : paths::directory_iterator(to.parent_path(), none))
      if (is_unfinished(name_of(entry.path().filename()), name_of(to.filename()))) found.push_back(entry.path());
    for (const paths::path& file : found) {
      SystemFile opened = SystemFile::open(name_of(file));
      if (opened.is_open() && opened.lock(Wait::no)) unlink_database(file);
    }
  }

 private:
  static constexpr int most_tries = 100;

  static bool is_unfinished(const std::string& name, const std::string& of) {
    const std::string begin = of + std::string(unfinished_mark);
    return name.size() == begin.size() + unfinished_digits && name.starts_with(begin) &&
           name.find_first_not_of("0123456789abcdef", begin.size()) == std::string::npos;
  }

  paths::path file_;
  SystemFile open_;
};

// Whether both names lead to one file, or would if the file existed: the same inode, or the same name in the same
// folder.
bool is_same_file(const paths::path& a, const paths::path& b) {
  std::error_code none;
  if (paths::equivalent(a, b, none)) return true;
  return is_same_name(name_of(a.filename()), name_of(b.filename())) &&
         paths::equivalent(a.parent_path(), b.parent_path(), none);
}

void check_target(const paths::path& from, const paths::path& to, bool replace) {
  std::error_code none;
  // If a database is opened through a link, its log is next to the file itself.
  for (const paths::path& database : {from, paths::canonical(from, none)})
    for (const char* const part : {"", "-wal", "-shm", "-journal", "-lock"}) {
      const paths::path used = path_of(name_of(database) + part);
      if (is_same_file(used, to))
        throw Error(ErrorCode::conflict,
                    fmt::format("{} is part of the database itself; name another file", name_of(to)));
      // These files would be created next to the copy, or read as parts of it.
      for (const char* const beside : {"-wal", "-shm", "-journal", "-lock"})
        if (is_same_file(used, path_of(name_of(to) + beside)))
          throw Error(ErrorCode::conflict, fmt::format("{} would be taken for a part of the copy {}; name another file",
                                                       name_of(used), name_of(to)));
    }
  // The next process that opens a database would empty or remove such a file.
  for (const std::string_view part : {"-wal", "-shm", "-journal", "-lock"})
    if (const std::string name = name_of(to); has_suffix(name, part))
      if (const paths::path other = path_of(name.substr(0, name.size() - part.size())); paths::exists(other, none))
        throw Error(ErrorCode::conflict,
                    fmt::format("{} would be taken for a part of {}; name another file", name_of(to), name_of(other)));
  const auto found = paths::symlink_status(to);
  if (paths::exists(found) && !replace) UnfinishedFile::refuse_to_replace(to);
  if (paths::exists(found) && !paths::is_regular_file(found))
    throw Error(ErrorCode::conflict, fmt::format("{} is not a file; name another", name_of(to)));
  // SQLite would read such a log as part of the copy.
  for (const char* const part : {"-wal", "-shm", "-journal"})
    if (const std::string log = name_of(to) + part; paths::exists(path_of(log)))
      throw Error(
          ErrorCode::conflict,
          fmt::format("{} is there: somebody has that database open, or died; close it, or name another file", log));
}

[[noreturn]] void refuse_copy(const std::string& reason) {
  throw Error(ErrorCode::storage, "the copy is not kept, because the database is damaged: " + reason);
}

BackupReport verify_copy(const paths::path& copy, const BackupOptions& options) {
  const auto database = Database::open(name_of(copy), {.sqlite = {.must_exist = true}});
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
      out.events += found.verified.value_or(0);
      ++progress.done;
      if (options.progress) options.progress(progress);
    }
  return out;
}

}  // namespace

BackupReport back_up_database(const std::string& from, const std::string& to, const BackupOptions& options) {
  std::error_code failure;
  const paths::perms permissions = paths::status(path_of(from), failure).permissions();
  if (failure) fail(path_of(from), "read", failure);
  const paths::path source = paths::absolute(path_of(from)), target = paths::absolute(path_of(to));
  for (const paths::path& name : {source, target})
    if (const std::string reason = unusable_database_name(name_of(name)); !reason.empty())
      throw Error(ErrorCode::conflict, fmt::format("{} {}", name_of(name), reason));
  check_target(source, target, options.replace);
  UnfinishedFile::remove_stale(target);
  UnfinishedFile copy(target);
  copy_sqlite_file(name_of(source), name_of(copy.path()), [&](std::int64_t done, std::int64_t total) {
    if (options.progress) options.progress({BackupProgress::Step::copy, done, total});
  });
  BackupReport out = verify_copy(copy.path(), options);
  out.bytes = static_cast<std::int64_t>(paths::file_size(copy.path()));
  if (options.replace && out.organizations == 0)
    if (const std::int64_t kept = organizations_of_file(name_of(target)); kept > 0)
      throw Error(
          ErrorCode::conflict,
          fmt::format("{} is left as it is: it has organizations ({}), and the database {} has none; check which "
                      "database this is, or name another file",
                      name_of(target), kept, name_of(source)));
  const auto kept = permissions & (paths::perms::owner_all | paths::perms::group_all);
  copy.become(target, kept, options.replace);  // not for others: it holds hashes of keys
  return out;
}

}  // namespace struere
