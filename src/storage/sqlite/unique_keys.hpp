// The unique keys of entity types (SPEC 6). For each entity with a value for a key, `unique_values` has a row. Its
// primary key rejects equal values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/query/selection.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere {

// The keys of one scope, inside the open transaction.
class UniqueKeys {
 public:
  UniqueKeys(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // Throws Error{conflict} if stored rows break one of the keys.
  void replace(EntityTypeKey type, const std::vector<UniqueKey>& keys);

  std::optional<std::string> find(EntityTypeKey type, const UniqueKey& key, const Json& data);
  // Call these after writing the row. They throw Error{conflict} if another entity has the same values.
  void insert(const StoredEntity& entity);
  void update(const StoredEntity& entity);
  void forget(const std::string& id);  // call it before removing the row
  // How many rows of the type lack the value of a key, and how many values no row has.
  std::int64_t count_faults(EntityTypeKey type);

 private:
  struct Known {
    std::int64_t number;
    UniqueKey paths;
  };

  Statement scoped(std::string_view sql);
  std::vector<Known> known(EntityTypeKey type);
  std::int64_t declare(EntityTypeKey type, std::int64_t position, const UniqueKey& key);
  void build(EntityTypeKey type, const Known& key);
  // What of a row's data the keys look at.
  static Json fields_of(const std::vector<Known>& keys, std::string_view data);
  // Returns false if the value is already taken.
  bool put(EntityTypeKey type, std::int64_t key, std::string_view value, std::string_view id);

  Connection& connection_;
  std::int64_t scope_;
};

}  // namespace struere
