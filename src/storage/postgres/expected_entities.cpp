#include "storage/postgres/expected_entities.hpp"

#include <utility>

#include "storage/postgres/parameters.hpp"

namespace struere::postgres {
namespace {

constexpr std::size_t most_expected = 2000;
// Of the data of all; what is beyond is read when it is asked for.
constexpr std::int64_t most_bytes = 8 << 20;

}  // namespace

StoredEntity entity_of(const Result& result, int row, std::string id, int first) {
  return StoredEntity{result.integer(row, first),
                      std::move(id),
                      std::string(result.bytes(row, first + 1)),
                      std::string(result.bytes(row, first + 2)),
                      result.integer(row, first + 3),
                      result.integer(row, first + 4),
                      result.integer(row, first + 5),
                      result.integer(row, first + 6) != 0};
}

void ExpectedEntities::expect(const std::vector<std::string>& ids) {
  known_.clear();
  std::vector<std::string> asked;
  for (const std::string& id : ids)
    if (known_.size() < most_expected && is_storable(id) && known_.emplace(id, std::nullopt).second)
      asked.push_back(id);
  if (asked.size() < 2) return known_.clear();
  const Result found = work_.in(scope_).run(
      "SELECT id, bytes > $3, type_key, CASE WHEN bytes <= $3 THEN data END, status, created_at, updated_at, version, "
      "deleted_at IS NOT NULL FROM (SELECT *, sum(octet_length(data)) OVER (ORDER BY id) AS bytes FROM "
      "struere.entities WHERE scope_id = $1 AND id = ANY($2)) e",
      Parameters().add(scope_).add_texts(asked).add(most_bytes));
  for (int row = 0; row < found.rows(); ++row) {
    std::string id(found.bytes(row, 0));
    if (found.integer(row, 1) != 0)
      known_.erase(id);
    else
      known_[id] = entity_of(found, row, id, 2);
  }
}

const std::optional<StoredEntity>* ExpectedEntities::find(const std::string& id) const {
  const auto found = known_.find(id);
  return found == known_.end() ? nullptr : &found->second;
}

}  // namespace struere::postgres
