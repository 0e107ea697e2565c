// A copy of a database while it is in use.
//
// The copy is one moment of the whole file: all organizations, both environments, keys (as hashes) and the log. It is a
// database like any other: to restore it, stop whatever uses the old file, remove that with its -wal and -shm, and put
// the copy in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace struere {

struct BackupProgress {
  enum class Step { copy, verify };

  Step step = Step::copy;
  std::int64_t done = 0;  // bytes of the copy; environments that were verified
  std::int64_t total = 0;
};

struct BackupOptions {
  bool replace = false;  // a file that is there; it stays until the new one is whole
  // What it throws ends the backup, and nothing is left of it.
  std::function<void(const BackupProgress& progress)> progress = {};
};

struct BackupReport {
  std::int64_t bytes = 0;
  std::int64_t organizations = 0;
  std::int64_t events = 0;  // of all audit logs, whose chains were verified in the copy
};

// Copies the database `from`, verifies the copy (the file, its references, every audit log), makes it durable, and only
// then gives it the name `to`. Writers are not held up; they go on in the old file, and the copy is as of the
// beginning. The copy may be read by whoever may read `from`. A file of an older format is copied as one of today's.
// Throws
//   Error{conflict}  `to` is there and may not be replaced, is the database itself, or is in use
//   Error{storage}   `from` is missing, no database or damaged, or `to` cannot be written; nothing is left of the copy
// A process that is killed leaves a file whose name begins with that of `to`, then `.unfinished-`; the next backup to
// `to` removes it.
BackupReport back_up_database(const std::string& from, const std::string& to, const BackupOptions& options = {});

}  // namespace struere
