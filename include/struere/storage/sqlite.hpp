// The storage that is one file: SQLite in WAL mode, for many threads and several processes of one machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {
class Storage;  // struere/spi/storage.hpp
}  // namespace spi
}  // namespace struere

namespace STRUERE_API struere {

enum class Durability {
  full,    // an acknowledged write survives a loss of power
  normal,  // it survives the death of the process; a loss of power may undo the last ones, whole, never in part
};

struct SqliteOptions {
  Durability durability = Durability::full;
  // How long a writer waits for those before it, of all threads and processes; they take turns in order.
  std::chrono::milliseconds busy_timeout{5000};
  // How long one write may keep all others waiting, from when it has the lock on; then nothing of it is kept, and it
  // ends with Error{invalid_data}. A commit that has begun is completed, and a single statement of a write of one row.
  // Zero: as long as it takes. For a file of several organizations whose writes a host does not choose itself; `struere
  // serve` sets it.
  std::chrono::milliseconds longest_write{0};
  // Otherwise a missing file is created, and an empty one is made a database. If set, both throw Error{storage}: an
  // empty file may be what is left of a copy that ran out of disk.
  bool must_exist = false;
  // Only reads, also a file or a folder that may not be written; each write throws Error{storage}, and denials are not
  // recorded. The file must exist and be of this version. If neither a log nor its index can be made beside it, the
  // file is read as it stands: nobody may write to it meanwhile.
  bool read_only = false;
  std::int64_t cache_bytes = 16LL << 20;  // of each connection
  // Of the file that is read without copying. Every commit makes SQLite map it anew, which costs the reads after it ten
  // times as much as it saves (docs/performance.md): for a large file that is hardly written to.
  std::int64_t mmap_bytes = 0;
};

// `path` is a path of the file system and nothing else, whatever is in it; `file:x` is a file of that name. A new file
// has mode 0600. Throws Error{storage}, and leaves the file as it is, where it is no database, not one of struere's,
// one of a newer version, or cannot be written.
std::unique_ptr<Storage> open_sqlite_storage(const std::string& path, const SqliteOptions& options = {});

}  // namespace struere
