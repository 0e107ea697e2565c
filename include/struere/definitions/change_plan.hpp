// What would have to change in one scope for it to be as a set of definitions says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/environment.hpp"
#include "struere/definitions/definition_set.hpp"

namespace struere {

enum class ChangeKind { create, update, remove };

std::string_view to_string(ChangeKind kind) noexcept;

struct FieldChange {
  std::string path;            // "schema.properties.age"; of an element of a list, the list's, with "[]"
  std::optional<Json> before;  // nothing: it is new
  std::optional<Json> after;   // nothing: it goes
};

struct DefinitionChange {
  ChangeKind change;
  DefinitionKind kind;
  std::string name;
  std::vector<FieldChange> fields;  // of an update
};

// Why a plan is not carried out as it is.
struct Obstacle {
  enum class Kind {
    entities_of_removed_type,     // nothing lifts this one: the entities would be no type's
    data_violates_schema,         // PlanOptions::accept_invalid_data
    assignments_of_removed_role,  // PlanOptions::drop_assignments
    data_breaks_unique_key,       // nothing lifts this one: change the entities first
    masked_values_shown,          // PlanOptions::reveal
  };

  Kind kind;
  std::string name;                   // of the type or role
  std::int64_t count = 0;             // of entities, users, or rows and events
  std::vector<std::string> examples;  // ids of the first few, and what is wrong with them
  std::string message;
};

// Stored values that a role masks now and would show, or show more of. They stay hidden if the role keeps a mask of
// `path`, which may be a field that the schema no longer has.
struct Reveal {
  std::string role;         // a role's name, or "tool send-mail of agent tutor" for a tool's denied fields
  std::string entity_type;  // slug
  std::string path;         // as it is stored: "data.secret", "status"; "data" for all that come after the first 50
  std::int64_t rows = 0;    // that hold it
  std::int64_t events = 0;  // whose payload holds it
};

struct PlanOptions {
  bool accept_invalid_data = false;  // entities stay as they are; their next update must match the schema
  bool drop_assignments = false;     // a role that goes is taken from those who have it
  bool reveal = false;               // what the plan names in `reveals` is shown
  HeldFields held = {};              // fields that masks may name, in addition to those that the scope holds
};

struct ChangePlan {
  Environment environment = Environment::development;
  DefinitionSet definitions;  // in normal form: how the scope would be
  PlanOptions options;
  std::optional<std::int64_t> restores;  // of a rollback: the release
  std::string base;                      // a digest of how the scope was when this was made
  std::vector<DefinitionChange> changes;
  std::vector<Obstacle> obstacles;
  std::vector<Reveal> reveals;  // an obstacle each, without PlanOptions::reveal

  bool empty() const noexcept { return changes.empty(); }
  Json to_json() const;  // the changes, the obstacles and what is revealed
};

}  // namespace struere
