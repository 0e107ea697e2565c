// JSON Schema of an entity type: the only code that speaks to valijson.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_schema_check.hpp"
#include "struere/core/json.hpp"

namespace struere {

// Where data does not match, and why.
struct SchemaFault {
  std::vector<std::string> place;  // keys and indexes from the root
  std::string description;
};

// Compiled once, used from many threads.
class JsonSchema {
 public:
  // Throws Error{invalid_definition} for what is no schema.
  explicit JsonSchema(const Json& schema);
  ~JsonSchema();

  std::optional<SchemaFault> validate(const Json& data) const;

  const std::vector<ReferenceField>& references() const noexcept { return references_; }

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  Json schema_;
  std::vector<ReferenceField> references_;
};

}  // namespace struere
