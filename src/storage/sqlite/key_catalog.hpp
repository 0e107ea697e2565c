// Which field keys there are of each entity type, as a connection last read it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/sql/field_key.hpp"
#include "storage/sqlite/connection.hpp"

namespace struere {

// What a list of fields is stored as.
std::string canonical_fields(const std::vector<std::string>& fields);

// Of one connection, and used by one thread at a time as that is. The same keys are the same pointer as long as they
// stay as they are, however often they are read again.
class KeyCatalog {
 public:
  // `state` names what the connection sees: what was read under the same one is not read again.
  std::shared_ptr<const FieldKeys> keys_of(Connection& connection, std::int64_t scope, EntityTypeKey type,
                                           std::uint64_t state);

  // The state of a transaction that reads, or of a writer who has written no definition since its last call.
  static std::uint64_t state_of_reader(Connection& connection);
  std::uint64_t new_state_of_writer() noexcept { return writer_mark | ++writers_; }

 private:
  static constexpr std::uint64_t writer_mark = std::uint64_t{1} << 63;

  struct Entry {
    std::uint64_t state = 0;
    std::string text;
    std::shared_ptr<const FieldKeys> keys;
  };

  std::map<std::pair<std::int64_t, EntityTypeKey>, Entry> entries_;
  std::uint64_t writers_ = 0;
};

}  // namespace struere
