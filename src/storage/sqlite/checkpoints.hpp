// Decides when to checkpoint, that is, to move the content of the write-ahead log into the file.
//
// By default SQLite tries after each commit once the log is long, and cannot restart the log while any connection
// reads from it. With readers that never pause, the log grows without limit, each commit pays for a checkpoint, and
// each read searches the whole log for each page. Checkpoints tries once per 1000 pages instead, and waits for the
// readers that are active. They finish in less than a millisecond, and the readers that start then read only the file,
// so that the log can restart.
#pragma once

#include <atomic>
#include <chrono>

#include "storage/sqlite/connection.hpp"

namespace struere {

// The checkpoints of one file. Must outlive the connections.
class Checkpoints {
 public:
  explicit Checkpoints(std::chrono::milliseconds busy_timeout) : busy_timeout_(busy_timeout) {}

  // Replaces SQLite's own checkpoints on this connection.
  void take_over(Connection& connection);

 private:
  void after_commit(sqlite3* database, int pages_in_log);

  static constexpr int pages_between = 1000;

  std::chrono::milliseconds busy_timeout_;  // the busy timeout of the connections
  std::atomic<int> due_at_ = pages_between;
};

}  // namespace struere
