// The JSON Schema of an entity type: draft 2020-12, or draft 7 if `$schema` says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere {

// A field that must hold the id of an entity of `type` (SPEC 6). In `place`, "*" stands for every array element.
struct ReferenceField {
  std::vector<std::string> place;
  std::string type;
};

// The place at which data does not match, and the reason.
struct SchemaFault {
  std::vector<std::string> place;  // keys and indexes from the root
  std::string keyword;             // of the schema; empty if the limit of steps was reached
  std::string description;         // the value and what was expected; quotes values of the data
};

namespace json_schema {
struct SchemaGraph;
}

// Compiled once; may be used from several threads.
class JsonSchema {
 public:
  static const std::uint64_t most_steps;  // of one validation, about a second of work

  // Throws Error{invalid_definition} if a part of the schema would not be enforced as written: an unknown keyword or
  // format, a value that a keyword cannot have, a pattern that RE2 cannot match, a `$ref` that leads out of the
  // schema, to no target or back to itself, or a `references` for which it is undecidable where it applies. The
  // message names the place in the schema, or the limit that was exceeded.
  explicit JsonSchema(const Json& schema);
  // How many schemas this thread has compiled so far, and how many steps its validations took, for tests of when it is
  // done.
  static std::uint64_t count_compiled() noexcept;
  static std::uint64_t count_steps() noexcept;

  // Returns nullopt if `data` matches. A fault without a keyword says that checking took too many steps.
  std::optional<SchemaFault> validate(const Json& data) const;
  // Takes at most `left` steps, at most `most_steps`, and subtracts those that it took.
  std::optional<SchemaFault> validate(const Json& data, std::uint64_t& left) const;

  // The fields with `references`, in the order of their places.
  const std::vector<ReferenceField>& references() const noexcept;

  // The bytes that it takes at most while it is kept, with what its patterns keep from earlier validations.
  std::size_t memory() const noexcept;
  // How long compiling it took, in steps of validation; at most most_steps.
  std::uint64_t steps_of_compiling() const noexcept;

 private:
  std::shared_ptr<const json_schema::SchemaGraph> graph_;
};

}  // namespace struere
