// The unique keys of entity types (SPEC 6). The values of each entity that takes part in a key are a row of
// `unique_values`, whose primary key lets no two be the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/query/selection.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere {

// Of one scope, inside the transaction that is open.
class UniqueKeys {
 public:
  UniqueKeys(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // Error{conflict} if stored rows break one of them.
  void replace(EntityTypeKey type, const std::vector<UniqueKey>& keys);

  std::optional<std::string> find(EntityTypeKey type, const UniqueKey& key, const Json& data);
  // After the row is written. Error{conflict} if another entity has the same values.
  void insert(const StoredEntity& entity);
  void update(const StoredEntity& entity);
  void forget(const std::string& id);  // before the row goes

 private:
  struct Known {
    std::int64_t number;
    UniqueKey paths;
  };

  Statement scoped(std::string_view sql);
  std::vector<Known> known(EntityTypeKey type);
  std::int64_t declare(EntityTypeKey type, std::int64_t position, const UniqueKey& key);
  void build(EntityTypeKey type, const Known& key);
  // Whether it was free.
  bool put(EntityTypeKey type, std::int64_t key, std::string_view value, std::string_view id);

  Connection& connection_;
  std::int64_t scope_;
};

}  // namespace struere
