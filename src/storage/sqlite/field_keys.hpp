// Keeps the field keys of one scope: which there are, and those of each row (docs/storage-format.md, "Field keys").
//
// A definition only says which keys there are to be. A key of many rows is filled in later, in batches of its own
// transactions beside other writers (key_builder.hpp); until it is whole, writes keep it up and no query uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/sqlite/key_catalog.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// Inside the transaction that is open.
class FieldKeyTable {
 public:
  FieldKeyTable(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // Brings the keys of a type to these lists of fields of `data`. Answers whether some are left to be filled or
  // cleared.
  bool redefine(EntityTypeKey type, const std::vector<std::vector<std::string>>& wanted);
  void forget_type(EntityTypeKey type);

  void insert(const FieldKeys& keys, const StoredEntity& entity);
  void update(const FieldKeys& keys, const StoredEntity& before, const StoredEntity& after);
  void remove(const FieldKeys& keys, const StoredEntity& entity);

  // How many rows lack a key, and how many keys no row has; of keys that are whole.
  std::int64_t count_faults(EntityTypeKey type);

  // Works off a batch of what is left of a type: whether there is more.
  bool advance(EntityTypeKey type);

 private:
  Statement scoped(std::string_view sql);
  bool fill(EntityTypeKey type);
  bool clear(EntityTypeKey type);
  void put(EntityTypeKey type, std::int64_t number, std::string_view key, std::int64_t created_at, std::string_view id);

  Connection& connection_;
  std::int64_t scope_;
};

}  // namespace struere
