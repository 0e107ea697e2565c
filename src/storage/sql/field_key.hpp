// Field keys as the compilers use them. A field key sorts the rows of a type by some of their fields (table
// `entity_keys`).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"
#include "struere/core/field_path.hpp"
#include "struere/model/entity_type.hpp"

namespace STRUERE_COMPANION_API struere {

// One field key: the rows of a type, sorted by these fields. It is one `key_no` of the table `entity_keys`.
struct FieldKey {
  std::int64_t number;
  std::vector<FieldPath> fields;
  std::vector<std::string> inner;  // the same as paths inside `data`: "place.city"
  bool is_whole;                   // every row has its key, so queries may use this one

  friend bool operator==(const FieldKey&, const FieldKey&) = default;
};

// The bytes of a row's key (query/field_key.hpp), from its canonical data.
std::string key_of(const FieldKey& key, std::string_view data);

// The keys that a write must update: those that are complete and those that are still being built.
using FieldKeys = std::vector<FieldKey>;

// The keys with which queries are compiled: those of the types of one scope, as the current transaction sees them.
class KeySource {
 public:
  virtual ~KeySource() = default;
  virtual std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) = 0;
};

}  // namespace struere
