// The field keys of each entity type, as a connection last read them.
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

// The text that is stored for a list of fields.
std::string canonical_fields(const std::vector<std::string>& fields);

// The catalog of one connection. One thread at a time may use it, as with the connection. It returns the same pointer
// as long as the keys do not change, even if they are read again.
class KeyCatalog {
 public:
  // `state` identifies the data that the connection sees. Keys are not read again in the same state.
  std::shared_ptr<const FieldKeys> keys_of(Connection& connection, std::int64_t scope, EntityTypeKey type,
                                           std::uint64_t state);

  // The state of a transaction that reads. A writer gets a new state at first and after each definition that it
  // writes.
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
