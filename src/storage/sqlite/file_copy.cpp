#include "storage/sqlite/file_copy.hpp"

#include <sqlite3.h>

#include <memory>

#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/database_file.hpp"
#include "storage/sqlite/schema.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr int pages_of_a_step = 1024;
constexpr int primary_code = 0xff;  // the bits of it in an extended result code
constexpr int longest_wait = 5000;  // milliseconds, for a process that recovers the log of a dead process

// SQLite reads a file with an index of its log, which it cannot create on a read-only file system or as a user who may
// not write to the folder. There a file without a log is read as it stands.
std::unique_ptr<Connection> open_source(const std::string& path) {
  auto out = std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  sqlite3_busy_timeout(out->handle(), longest_wait);
  try {
    out->prepare("SELECT 1 FROM sqlite_schema LIMIT 1").step();
    return out;
  } catch (const Error&) {
    const int code = sqlite3_errcode(out->handle()) & primary_code;
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || has_log(path)) throw;
  }
  return std::make_unique<Connection>(immutable_uri(path),
                                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI);
}

}  // namespace

void copy_sqlite_file(const std::string& from, const std::string& to,
                      const std::function<void(std::int64_t done, std::int64_t total)>& progress) {
  const auto opened = open_source(from);
  Connection& source = *opened;
  source.execute("BEGIN");
  if (recognise(source) == FileKind::empty)
    throw Error(ErrorCode::storage, "the file is empty; there is nothing to copy");
  Statement page = source.prepare("PRAGMA page_size");
  page.step();
  const std::int64_t page_size = page.integer(0);

  // If the process dies, the target is incomplete and is never used. The complete file is made durable once, by the
  // caller.
  Connection target(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  target.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  const std::unique_ptr<sqlite3_backup, decltype(&sqlite3_backup_finish)> copy(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"), sqlite3_backup_finish);
  if (!copy) throw_storage_error(target.handle(), sqlite3_errcode(target.handle()), "copying the database");
  for (int code = SQLITE_OK; code != SQLITE_DONE;) {
    code = sqlite3_backup_step(copy.get(), pages_of_a_step);
    if (code != SQLITE_OK && code != SQLITE_DONE) throw_storage_error(nullptr, code, "copying the database");
    const std::int64_t total = sqlite3_backup_pagecount(copy.get());
    if (progress) progress((total - sqlite3_backup_remaining(copy.get())) * page_size, total * page_size);
  }
  source.execute("COMMIT");
}

std::int64_t organizations_of_file(const std::string& path) try {
  Connection connection(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI);
  Statement statement = connection.prepare("SELECT count(*) FROM organizations");
  statement.step();
  return statement.integer(0);
} catch (const Error&) {
  return 0;
}

}  // namespace struere
