// The entities that a write looks for next, read in one statement.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/postgres/work.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// Of a row that holds, from the column `first` on: type_key, data, status, created_at, updated_at, version, and whether
// it is deleted.
StoredEntity entity_of(const Result& result, int row, std::string id, int first);

// Of one scope, inside the transaction that is open, which holds the lock of the scope's head: nobody else writes an
// entity meanwhile.
class ExpectedEntities {
 public:
  ExpectedEntities(Work& work, std::int64_t scope) : work_(work), scope_(scope) {}

  // In the place of those that were expected before.
  void expect(const std::vector<std::string>& ids);
  // nullptr: it was not expected, and is to be read. Otherwise the entity, or that there is none.
  const std::optional<StoredEntity>* find(const std::string& id) const;
  void forget(const std::string& id) { known_.erase(id); }  // it is written

 private:
  Work& work_;
  std::int64_t scope_;
  std::map<std::string, std::optional<StoredEntity>> known_;
};

}  // namespace struere::postgres
