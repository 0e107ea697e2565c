// Defines for every storage when two entities agree on a unique key of their type (SPEC 6).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "struere/core/json.hpp"
#include "struere/model/entity_type.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

// At most this long. Two are equal if and only if the values are equal (`eq`) at all paths of the key. nullopt if
// `data` takes no part in the key, because one of its paths is absent or null.
inline constexpr std::size_t longest_unique_value = 128;
std::optional<std::string> unique_value(const UniqueKey& key, const Json& data);

// Throws Error{conflict}, which names the paths and nothing of the other row.
[[noreturn]] void throw_key_taken(const UniqueKey& key);

// Counts the entities that share their values of a key with another one.
class SharedValues {
 public:
  explicit SharedValues(const UniqueKey& key) : key_(key) {}

  // Whether an entity that was added before has the same values.
  bool add(const Json& data);
  std::int64_t count() const noexcept { return count_; }
  // Throws Error{conflict} if any do.
  void require_none() const;

 private:
  UniqueKey key_;
  std::map<std::string, bool> seen_;  // whether the first entity was counted
  std::int64_t count_ = 0;
};

// "`school`, `email`"
std::string quoted_paths(const UniqueKey& key);

}  // namespace spi
}  // namespace struere
