// Stores the field keys of one scope: their definitions and the keys of each row (docs/storage-format.md, "Field
// keys").
//
// A definition only names the keys. A key with many rows is filled later, in batches that are transactions of their
// own between other writes (key_builder.hpp). Until it is complete, writes update it and no query uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/sqlite/key_catalog.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// Works inside the open transaction.
class FieldKeyTable {
 public:
  FieldKeyTable(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // Changes the keys of a type to these lists of fields of `data`. Returns whether keys are left to fill or to clear.
  bool redefine(EntityTypeKey type, const std::vector<std::vector<std::string>>& wanted);
  void forget_type(EntityTypeKey type);

  // `row` is the number of the entity's row (`entities.row_no`).
  void insert(const FieldKeys& keys, const StoredEntity& entity, std::int64_t row);
  void update(const FieldKeys& keys, const StoredEntity& before, const StoredEntity& after, std::int64_t row);
  void remove(const FieldKeys& keys, const StoredEntity& entity);

  // The number of missing or wrong keys plus the number of keys without a row. Checks only complete keys.
  std::int64_t count_faults(EntityTypeKey type);

  // Fills or clears one batch of the keys of a type. Returns whether there is more to do.
  bool advance(EntityTypeKey type);

 private:
  Statement scoped(std::string_view sql);
  bool fill(EntityTypeKey type);
  bool clear(EntityTypeKey type);
  void put(EntityTypeKey type, std::int64_t number, std::string_view key, std::int64_t created_at, std::string_view id,
           std::int64_t row);

  Connection& connection_;
  std::int64_t scope_;
};

}  // namespace struere
