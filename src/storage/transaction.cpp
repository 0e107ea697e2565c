#include "struere/spi/transaction.hpp"

#include <algorithm>

#include "struere/core/error.hpp"

namespace struere {
inline namespace spi {
namespace {

[[noreturn]] void throw_not_copied() {
  throw Error(ErrorCode::storage,
              "this storage cannot be copied from or to; use another one, or implement "
              "the functions for moving of spi/transaction.hpp");
}

}  // namespace

std::int64_t Transaction::count_ends(const std::string&, std::int64_t) { return 0; }
std::vector<EntityTypeKey> Transaction::related_types(const std::string& id, const Hop& hop,
                                                      const Interruption& interruption) {
  std::vector<EntityTypeKey> out;
  const auto require_time = [&] {
    if (interruption.may_come() && interruption.is_due())
      throw Error(ErrorCode::storage, "the query was stopped, or took longer than its timeout; narrow it").transient();
  };
  require_time();
  for (const std::string& far : related_ids(id, hop)) {
    require_time();
    if (const auto row = find_entity(far); row && std::ranges::find(out, row->type) == out.end())
      out.push_back(row->type);
  }
  return out;
}
std::int64_t Transaction::last_event_before(Timestamp time, std::int64_t after) {
  std::int64_t end = chain_head().sequence + 1;  // its time is not before `time`, or it is past the log's end
  while (after + 1 < end) {
    const std::int64_t middle = after + (end - after) / 2;
    bool is_before = false;
    replay_events({.after = middle - 1}, [&](const EventRecord& event) {
      is_before = event.created_at < time;
      return false;
    });
    (is_before ? after : end) = middle;
  }
  return after;
}
std::vector<StoredEntity> Transaction::scan_entities(const std::string&, std::int64_t, std::size_t) {
  throw_not_copied();
}
std::vector<StoredRelation> Transaction::scan_relations(const std::optional<StoredRelation>&, std::int64_t) {
  throw_not_copied();
}
void Transaction::restore_event(const EventRecord&) { throw_not_copied(); }
void Transaction::clear_scope() { throw_not_copied(); }

}  // namespace spi
}  // namespace struere
