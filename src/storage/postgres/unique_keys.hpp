// The unique keys of entity types (SPEC 6). The values of each entity that takes part in a key are a row of
// `unique_values`, whose primary key lets no two be the same.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/postgres/new_rows.hpp"
#include "storage/postgres/type_keys.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// Of one scope, inside the transaction that is open, which holds the lock of the scope's head where it writes: no value
// is taken or freed by anybody else meanwhile.
class UniqueKeys {
 public:
  UniqueKeys(Work& work, std::int64_t scope) : work_(work), scope_(scope) {}

  // Error{conflict} if stored rows break one of them.
  void replace(EntityTypeKey type, const std::vector<StoredKey>& before, const std::vector<UniqueKey>& keys);

  std::optional<std::string> find(EntityTypeKey type, const std::vector<StoredKey>& known, const UniqueKey& key,
                                  const Json& data);
  // Looks for the values of these data, so that find() and insert() ask for none of them.
  void expect(EntityTypeKey type, const std::vector<StoredKey>& keys, const std::vector<const Json*>& data);
  // The same in two steps: queued, then learned once somebody has waited for the answers.
  struct Question {
    EntityTypeKey type = 0;
    std::vector<std::pair<std::int64_t, Connection::Ticket>> answers;  // by the number of the key
    std::vector<std::pair<std::int64_t, std::string>> values;
  };
  Question ask(EntityTypeKey type, const std::vector<StoredKey>& keys, const std::vector<const Json*>& data);
  void learn(const Question& question);
  // After the row was added. Error{conflict} if another entity has the same values.
  void insert(const std::vector<StoredKey>& keys, const StoredEntity& entity, NewRows& rows);
  void update(const std::vector<StoredKey>& keys, const StoredEntity& before, const StoredEntity& after);
  void forget(const std::string& id);  // before the row goes
  // How many rows of the type lack the value of a key, and how many values no row has.
  std::int64_t count_faults(EntityTypeKey type, const std::vector<StoredKey>& keys);

 private:
  struct Place {
    EntityTypeKey type;
    std::int64_t key;
    std::string value;

    friend auto operator<=>(const Place&, const Place&) = default;
  };

  Connection& connection() { return work_.in(scope_); }
  void build(EntityTypeKey type, const StoredKey& key);
  std::optional<std::string> holder_of(EntityTypeKey type, std::int64_t key, std::string_view value);
  // Whether it was free.
  bool put(EntityTypeKey type, std::int64_t key, std::string_view value, const std::string& id);

  Work& work_;
  std::int64_t scope_;
  std::map<Place, std::optional<std::string>> holders_;  // of values that are expected; nullopt if it is free
};

}  // namespace struere::postgres
