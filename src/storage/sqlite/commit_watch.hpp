// Tells whether anything was committed to the file since it was last asked, by any thread or process, without a
// statement: what `can` costs is this look.
//
// In WAL mode all connections share an index of the log, whose first 48 bytes are a header that each commit ends with
// writing: a counter of commits, the length of the log, and its salts and checksums (sqlite.org/walformat.html, "The
// WAL-Index File Format", which every SQLite of the same file keeps to). A reader that begins now sees what that header
// says; so while it is the same, so is all that can be read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "storage/sqlite/connection.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Safe to use from many threads.
class CommitWatch {
 public:
  // Keeps a connection for as long as it lives: the shared index stays where it is while one is open.
  explicit CommitWatch(std::unique_ptr<Connection> connection);

  // Nothing where the file system of SQLite in use shares no index.
  std::optional<CommitStamp> stamp() const noexcept;

 private:
  std::unique_ptr<Connection> connection_;
  std::uint32_t* header_ = nullptr;
};

}  // namespace struere
