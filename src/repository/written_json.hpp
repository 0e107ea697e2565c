// What a caller wrote: a value, or text that is yet to be read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "repository/engine.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/entity_repository.hpp"

namespace struere {

struct CanonicalObject {
  Json value;
  std::string text;
};

class WrittenJson {
 public:
  explicit WrittenJson(const Json& value) : value_(&value) {}
  explicit WrittenJson(JsonTextView text) : text_(text.text) {}

  // Reads it now, and checks it against the schema of `type` as this process knows it, so that nothing of that is done
  // under the write lock. What is wrong is kept for object() and fault_of(); false if there is something.
  bool prepare(Engine& engine, const ActorContext& actor, const std::string& type, const char* what);
  // Only reads it: a patch is checked with the row that it changes.
  void prepare(const char* what);

  // Throws invalid_data, saying `what` is wrong.
  CanonicalObject object(const char* what) const;

  // What `schema` has against `data`, which is this as an object.
  std::optional<SchemaFault> fault_of(const JsonSchema& schema, const Json& data) const;

 private:
  CanonicalObject read(const char* what) const;

  const Json* value_ = nullptr;
  std::string_view text_;
  std::optional<CanonicalObject> read_;
  std::optional<Error> unreadable_;
  std::shared_ptr<const JsonSchema> checked_by_;  // null: not checked
  std::optional<SchemaFault> fault_;
};

}  // namespace struere
