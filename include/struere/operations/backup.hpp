// Copies a database while it is in use.
//
// The copy is one moment of the whole file: all organizations, both environments, keys (as hashes) and the log. To
// restore it, stop all programs that use the old file, remove that file with its -wal and -shm, and put the copy in its
// place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

struct BackupProgress {
  enum class Step { copy, verify };

  Step step = Step::copy;
  std::int64_t done = 0;  // bytes of the copy, or verified environments
  std::int64_t total = 0;
};

struct BackupOptions {
  // An existing file, which stays until the new one is complete. A backup that has organizations is not replaced by a
  // copy that has none.
  bool replace = false;
  // An exception ends the backup and removes the copy.
  std::function<void(const BackupProgress& progress)> progress = {};
};

struct BackupReport {
  std::int64_t bytes = 0;
  std::int64_t organizations = 0;
  std::int64_t events = 0;  // of all audit logs, which were verified in the copy
};

// Copies the database `from`, verifies the copy (the file, its references, every audit log), makes it durable, and only
// then gives it the name `to`. Writers continue meanwhile; the copy is as of the beginning. It has the mode of
// `from`. A file of an older format is copied as one of the current format.
// Throws
//   Error{conflict}  `to` is there and may not be replaced, is the database itself, is in use, or has organizations
//                    while `from` has none
//   Error{storage}   `from` is missing, no database or damaged, or `to` cannot be written; nothing is left of the copy
// A process that is killed leaves a file whose name begins with that of `to`, then `.unfinished-`; the next backup to
// `to` removes it.
BackupReport back_up_database(const std::string& from, const std::string& to, const BackupOptions& options = {});

}  // namespace struere
