// When what the log holds is moved into the file.
//
// SQLite by itself tries after each commit once the log is long, and never starts it anew while anybody reads: beside
// readers that do not pause the log grows without end, each commit pays for a checkpoint, and each read looks through
// all of the log for each page. Here it is tried once for so many pages, and readers that are at it are waited for:
// they are done in less than a millisecond, and whoever comes then reads the file alone, so that the log can start
// anew.
#pragma once

#include <atomic>
#include <chrono>

#include "storage/sqlite/connection.hpp"

namespace struere {

// Of one file. Must outlive the connections.
class Checkpoints {
 public:
  explicit Checkpoints(std::chrono::milliseconds busy_timeout) : busy_timeout_(busy_timeout) {}

  // In place of SQLite's own.
  void take_over(Connection& connection);

 private:
  void after_commit(sqlite3* database, int pages_in_log);

  static constexpr int pages_between = 1000;

  std::chrono::milliseconds busy_timeout_;  // that of the connections
  std::atomic<int> due_at_ = pages_between;
};

}  // namespace struere
