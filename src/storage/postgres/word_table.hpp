// The words of the entities of one scope (search_words.hpp): which rows may match a search.
#pragma once

#include <cstdint>
#include <string>
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

 private:
  Connection& connection() { return work_.in(scope_); }
  void put(EntityTypeKey type, const std::string& id, const std::vector<std::string>& words);

  Work& work_;
  std::int64_t scope_;
};

}  // namespace struere::postgres
