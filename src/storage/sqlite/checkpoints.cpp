#include "storage/sqlite/checkpoints.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <thread>

namespace struere {
namespace {

constexpr std::chrono::microseconds nap(50);
constexpr int most_naps = 100;           // a reader that stays longer is not waited for
constexpr int most_pages_more = 16'000;  // until the next attempt, after one that failed

int wait_for_readers(void*, int times) {
  if (times >= most_naps) return 0;
  std::this_thread::sleep_for(nap);
  return 1;
}

}  // namespace

void Checkpoints::take_over(Connection& connection) {
  const auto hook = [](void* self, sqlite3* database, const char*, int pages) {
    static_cast<Checkpoints*>(self)->after_commit(database, pages);
    return SQLITE_OK;  // the commit is valid even if the checkpoint failed
  };
  sqlite3_wal_hook(connection.handle(), hook, this);
}

void Checkpoints::after_commit(sqlite3* database, int pages_in_log) {
  if (pages_in_log < due_at_) return;
  sqlite3_busy_handler(database, wait_for_readers, nullptr);
  const int code = sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(database, static_cast<int>(busy_timeout_.count()));
  // A failed attempt has cost a writer some milliseconds. A reader that stays must not cost that with every commit.
  due_at_ = code == SQLITE_OK ? pages_between : pages_in_log + std::min(pages_in_log, most_pages_more);
}

}  // namespace struere
