// Keeps the field keys of one scope: which there are, and those of each row (docs/storage-format.md, "Field keys").
//
// A definition only says which keys there are to be. A key of many rows is filled in later, in batches of its own
// transactions beside other writers (key_builder.hpp); until it is whole, writes keep it up and no query uses it.
#pragma once

#include <string>
#include <vector>

#include "storage/postgres/type_keys.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// Inside the transaction that is open, which holds the lock of the scope's head where it writes.
class FieldKeyTable {
 public:
  FieldKeyTable(Work& work, std::int64_t scope) : work_(work), scope_(scope) {}

  // Brings the keys of a type to these lists of fields of `data`.
  void redefine(EntityTypeKey type, const std::vector<std::vector<std::string>>& wanted);
  void forget_type(EntityTypeKey type);

  // Queue their statements.
  void insert(const FieldKeys& keys, const StoredEntity& entity);
  void update(const FieldKeys& keys, const StoredEntity& before, const StoredEntity& after);
  void remove(const FieldKeys& keys, const StoredEntity& entity);

  // How many rows lack a key, and how many keys no row has; of keys that are whole.
  std::int64_t count_faults(EntityTypeKey type);

  // Works off a batch of what is left of a type: whether there is more.
  bool advance(EntityTypeKey type);
  // A type of the scope that has keys to be filled or cleared.
  std::optional<EntityTypeKey> unfinished();

 private:
  Connection& connection() { return work_.in(scope_); }
  bool fill(EntityTypeKey type);
  bool clear(EntityTypeKey type);

  Work& work_;
  std::int64_t scope_;
};

}  // namespace struere::postgres
