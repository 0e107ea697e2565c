#include "storage/sqlite/last_uses.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace struere {
namespace {

using namespace std::chrono_literals;

constexpr auto between_tries = 1s;

}  // namespace

void LastUses::note(const Digest& hash, Timestamp at) {
  const MutexLock lock(mutex_);
  const auto known = std::ranges::find(noted_, hash, [](const auto& noted) { return noted.first; });
  if (known != noted_.end())
    known->second = std::max(known->second, at);
  else if (noted_.size() < most_noted)
    noted_.emplace_back(hash, at);
  count_ = noted_.size();
}

void LastUses::write(Connection& connection) noexcept try {
  std::vector<std::pair<Digest, Timestamp>> uses;
  {
    const MutexLock lock(mutex_);
    uses.swap(noted_);
    count_ = 0;
  }
  for (const auto& [hash, at] : uses) {
    Statement update = connection.prepare("UPDATE api_keys SET last_used_at = ?2 WHERE hash = ?1");
    update.bind_blob(1, {reinterpret_cast<const char*>(hash.data()), hash.size()}).bind(2, at).run();
  }
} catch (...) {
}

void LastUses::try_write(Connection& connection) noexcept {
  sqlite3* const handle = connection.handle();
  const auto run = [&](const char* sql) { return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK; };
  sqlite3_busy_timeout(handle, 0);
  if (!run("BEGIN IMMEDIATE")) {
    tried_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
    return;
  }
  write(connection);
  if (!run("COMMIT")) connection.settle();
}

bool LastUses::may_try() const noexcept {
  const auto since =
      std::chrono::steady_clock::now().time_since_epoch() - std::chrono::steady_clock::duration(tried_at_);
  return since >= between_tries;
}

}  // namespace struere
