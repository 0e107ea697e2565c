// Moving a scope to or from another storage (operations/copy.hpp).
#include <algorithm>
#include <stdexcept>

#include "storage/postgres/postgres_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

// How many rows are read at once where the answer is bounded in bytes.
constexpr std::int64_t entities_of_batch = 64;

}  // namespace

std::vector<StoredEntity> PostgresTransaction::scan_entities(const std::string& after, std::int64_t limit,
                                                             std::size_t most_bytes) {
  std::vector<StoredEntity> out;
  std::size_t bytes = 0;
  while (static_cast<std::int64_t>(out.size()) < limit && bytes < most_bytes) {
    const std::int64_t rows = std::min(limit - static_cast<std::int64_t>(out.size()), entities_of_batch);
    const Result batch = connection().run(
        "SELECT type_key, id, data, status, created_at, updated_at, version, deleted_at IS NOT NULL FROM "
        "struere.entities WHERE scope_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        Parameters().add(scope_).add_text(out.empty() ? after : out.back().id).add(rows));
    for (int i = 0; i < batch.rows() && bytes < most_bytes; ++i) {
      const Row row(batch, i);
      bytes += out.emplace_back(StoredEntity{row.integer(0), row.string(1), row.string(2), row.string(3),
                                             row.integer(4), row.integer(5), row.integer(6), row.integer(7) != 0})
                   .data.size();
    }
    if (batch.rows() < rows) break;
  }
  return out;
}

std::vector<StoredRelation> PostgresTransaction::scan_relations(const std::optional<StoredRelation>& after,
                                                                std::int64_t limit) {
  const StoredRelation first = after.value_or(StoredRelation());
  const Result rows = connection().run(
      "SELECT from_id, type, to_id FROM struere.entity_relations WHERE scope_id = $1 AND (from_id, type, to_id) > ($2, "
      "$3, $4) ORDER BY from_id, type, to_id LIMIT $5",
      Parameters().add(scope_).add_text(first.from).add_text(first.relation).add_text(first.to).add(limit));
  std::vector<StoredRelation> out;
  for (int i = 0; i < rows.rows(); ++i) {
    const Row row(rows, i);
    out.push_back({row.string(0), row.string(1), row.string(2)});
  }
  return out;
}

void PostgresTransaction::clear_scope() {
  if (!fills_) throw std::logic_error("a scope that is open was to be cleared");
  remove_records(RecordTable::trigger_runs, {});
  for (const char* const sql :
       {"DELETE FROM struere.events WHERE scope_id = $1", "DELETE FROM struere.entity_relations WHERE scope_id = $1",
        "DELETE FROM struere.unique_values WHERE scope_id = $1", "DELETE FROM struere.entity_keys WHERE scope_id = $1",
        "DELETE FROM struere.entity_words WHERE scope_id = $1", "DELETE FROM struere.entities WHERE scope_id = $1"})
    connection().run(sql, Parameters().add(scope_));
  head_.set_chain_head({}, 0);
  head_.set_log_start({});
  head_.note_time(0);
}

// An organization that is opened meanwhile waits for this transaction, or this one finds it open.
void PostgresTransaction::require_unopened() {
  const Result row =
      connection().run("SELECT 1 FROM struere.organizations WHERE id = $1 AND unfinished_copy IS NOT NULL FOR SHARE",
                       Parameters().add_text(std::get<std::string>(*owner_.organization)));
  if (row.rows() == 0)
    throw Error(ErrorCode::not_found,
                "there is no organization that is being copied; create it with TrustedHost::create_organization");
  fills_ = true;
}

}  // namespace struere::postgres
