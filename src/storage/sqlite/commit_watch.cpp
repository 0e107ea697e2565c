#include "storage/sqlite/commit_watch.hpp"

#include <sqlite3.h>

#include <atomic>

namespace struere {

CommitWatch::CommitWatch(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
  connection_->prepare("SELECT 1 FROM meta LIMIT 1").step();  // SQLite makes the index with the first read
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection_->handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (!file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap) return;
  constexpr int first_region = 0, size_of_region = 32 * 1024, do_not_extend = 0;
  void volatile* region = nullptr;
  if (file->pMethods->xShmMap(file, first_region, size_of_region, do_not_extend, &region) != SQLITE_OK) return;
  header_ = static_cast<std::uint32_t*>(const_cast<void*>(region));
}

std::optional<CommitStamp> CommitWatch::stamp() const noexcept {
  if (!header_) return std::nullopt;
  CommitStamp out;
  // If a commit changes the header during this loop, the stamp differs from every other stamp, because each commit
  // changes the counter. If the stamp equals the last one, its counter was read before that commit became visible.
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = std::atomic_ref<std::uint32_t>(header_[i]).load(std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  return out;
}

}  // namespace struere
