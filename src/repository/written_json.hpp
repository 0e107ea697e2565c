// JSON that a caller passes to a write: a value, or text that is not parsed yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

  // Parses the JSON now and checks it against the schema of `type` in `known`, so that neither happens under the write
  // lock. Returns false if there is a fault; object() and fault_by() report it later.
  bool prepare(CompiledScope& known, const ActorContext& actor, const std::string& type, const char* what);
  // Only parses the JSON. A patch is checked together with the row that it changes.
  void prepare(const char* what);

  // Throws invalid_data if the JSON is not an acceptable object; the message names it `what`.
  CanonicalObject object(const char* what) const;

  // What the creation of an entity from this looks for first, as far as prepare() found out.
  FirstLookups first_lookups() const {
    return unique_type_ && read_ ? FirstLookups{{}, *unique_type_, &read_->value} : FirstLookups{};
  }

  // The id of the entity that is created from this, made by `draw` at the first call: a write that runs again keeps it.
  template <class Draw>
  const std::string& id_of_new(const Draw& draw) const {
    if (!id_) id_ = draw();
    return *id_;
  }

  // The fault that prepare() found; null if it did not check the value by the schema that the type has in `rules`. The
  // schema itself is not kept: many rows of many types would keep all of theirs.
  const std::optional<SchemaFault>* fault_by(const RuleBook& rules, const EntityType& type) const {
    return checked_as_ == CheckedAs(rules.generation(), type.key) ? &fault_ : nullptr;
  }

 private:
  CanonicalObject read(const char* what) const;

  const Json* value_ = nullptr;
  std::string_view text_;
  std::optional<CanonicalObject> read_;
  std::optional<Error> unreadable_;
  using CheckedAs = std::pair<std::uint64_t, EntityTypeKey>;  // the generation of the rules, and the type in them
  std::optional<CheckedAs> checked_as_;                       // nullopt if it was not checked
  std::optional<SchemaFault> fault_;
  std::optional<EntityTypeKey> unique_type_;  // the type, if it has unique keys
  mutable std::optional<std::string> id_;
};

}  // namespace struere
