// Reports whether any thread or process has committed to the file since the last look, without running a statement.
// This look is all that `can` costs.
//
// In WAL mode all connections share an index of the log. Its first 48 bytes are a header that each commit writes last:
// a counter of commits, the length of the log, and its salts and checksums (sqlite.org/walformat.html, "The WAL-Index
// File Format"; every SQLite that uses the same file keeps to it). A reader that begins now reads the state that the
// header describes. So while the header stays the same, all data that can be read stays the same.
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
  // Keeps the connection open, because the shared index stays at its address only while a connection is open.
  explicit CommitWatch(std::unique_ptr<Connection> connection);

  // `nullopt` if SQLite's file system layer (VFS) does not share an index.
  std::optional<CommitStamp> stamp() const noexcept;

 private:
  std::unique_ptr<Connection> connection_;
  std::uint32_t* header_ = nullptr;
};

}  // namespace struere
