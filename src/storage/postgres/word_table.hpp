// The words of the entities of one scope (search_words.hpp): which rows may match a search.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/work.hpp"
#include "struere/core/field_path.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// Of one scope, inside the transaction that is open. The statements are queued.
class WordTable {
 public:
  WordTable(Work& work, std::int64_t scope) : work_(work), scope_(scope) {}

  // The entity as it is now; a deleted one leaves the table. `fields` are the search fields of its type.
  void update(const std::vector<FieldPath>& fields, const StoredEntity& entity);
  void remove(const std::string& id);
  // All entities of a type, by the search fields that it has now.
  void rebuild(EntityTypeKey type, const std::vector<FieldPath>& fields);
  // How many entities of a type lack a word, so that a search does not find them. Waits for the answer.
  std::int64_t count_faults(EntityTypeKey type, const std::vector<FieldPath>& fields);

  // Of scope, type and entity: how many of the given words it has. OFFSET keeps the type and the words out of the
  // choice of the index: before the first ANALYZE the server takes the primary key for them, and reads all entities of
  // the type for each.
  static constexpr std::string_view count_of_words =
      "SELECT count(*) FROM (SELECT type_key, word FROM struere.entity_words WHERE scope_id = $1 AND entity_id = $3 "
      "OFFSET 0) w WHERE w.type_key = $2 AND w.word = ANY($4)";

 private:
  Connection& connection() { return work_.in(scope_); }
  void put(EntityTypeKey type, const std::string& id, const std::vector<std::string>& words);

  Work& work_;
  std::int64_t scope_;
};

}  // namespace struere::postgres
