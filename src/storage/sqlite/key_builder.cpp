#include "storage/sqlite/key_builder.hpp"

#include <optional>
#include <utility>

#include "core/fork_count.hpp"
#include "storage/sqlite/field_keys.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr int batches_at_opening = 8;

// The scope and type of a key that is not complete. It is chosen at random, so that no scope waits for all others.
std::optional<std::pair<std::int64_t, EntityTypeKey>> unfinished(Connection& connection,
                                                                 std::optional<std::int64_t> scope) {
  Statement statement = connection.prepare(
      scope ? "SELECT scope_id, type_key FROM field_keys WHERE state <> 'whole' AND scope_id = ?1 LIMIT 1"
            : "SELECT scope_id, type_key FROM field_keys WHERE state <> 'whole' ORDER BY random() LIMIT 1");
  if (scope) statement.bind(1, *scope);
  if (!statement.step()) return std::nullopt;
  return std::pair(statement.integer(0), statement.integer(1));
}

}  // namespace

KeyBuilder::~KeyBuilder() {
  stop_.request_stop();
  if (thread_.joinable() && forks_ != fork_count()) thread_.detach();  // a child of fork() does not have the thread
}

bool KeyBuilder::advance(std::optional<std::int64_t> scope) {
  WriteTurn turn = writers_.begin(timeout_, WriteLength::any, key_builder);
  const auto next = unfinished(turn.connection(), scope);
  if (!next) return false;
  FieldKeyTable(turn.connection(), next->first).advance(next->second);
  turn.commit(true);
  return true;
}

void KeyBuilder::work(std::optional<std::int64_t> scope) noexcept {
  try {
    while (!stop_.stop_requested() && advance(scope)) {
    }
  } catch (...) {
  }
}

void KeyBuilder::resume(Connection& connection) {
  if (!unfinished(connection, std::nullopt)) return;
  try {
    for (int batch = 0; batch < batches_at_opening; ++batch)
      if (!advance(std::nullopt)) return;
  } catch (const Error&) {  // another process writes, or the file cannot be written
  }
  thread_ = std::jthread([this] { work(std::nullopt); });
}

}  // namespace struere
