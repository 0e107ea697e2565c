// Field keys as the compilers use them: rows of a type in the order of some of their fields (table `entity_keys`).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/model/entity_type.hpp"

namespace struere {

// Rows of a type in the order of these fields: one `key_no` of the table `entity_keys`.
struct FieldKey {
  std::int64_t number;
  std::vector<FieldPath> fields;
  std::vector<std::string> inner;  // the same as paths inside `data`: "place.city"
  bool is_whole;                   // every row has its key: queries may use it

  friend bool operator==(const FieldKey&, const FieldKey&) = default;
};

// Those that writes keep up: being built, or whole.
using FieldKeys = std::vector<FieldKey>;

// What queries are compiled with: the keys of types of one scope, in the snapshot of the transaction that asks.
class KeySource {
 public:
  virtual ~KeySource() = default;
  virtual std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) = 0;
};

}  // namespace struere
