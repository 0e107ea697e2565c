// The changes that bring one scope to a set of definitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/environment.hpp"
#include "struere/definitions/definition_set.hpp"

namespace STRUERE_API struere {

enum class ChangeKind { create, update, remove };

std::string_view to_string(ChangeKind kind) noexcept;

struct FieldChange {
  std::string path;            // "schema.properties.age"; for an element of a list, the path of the list with "[]"
  std::optional<Json> before;  // nullopt: the field is new
  std::optional<Json> after;   // nullopt: the field is removed
};

struct DefinitionChange {
  ChangeKind change;
  DefinitionKind kind;
  std::string name;
  std::vector<FieldChange> fields;  // only for an update
  std::int64_t pending_runs = 0;    // of a trigger that is removed, which cancels them for good
};

// Why a plan cannot be carried out.
struct Obstacle {
  enum class Kind {
    entities_of_removed_type,        // no option overrides this: the entities would have no type
    data_violates_schema,            // PlanOptions::accept_invalid_data
    assignments_of_removed_role,     // PlanOptions::drop_assignments
    data_breaks_unique_key,          // no option overrides this: change the entities first
    masked_values_shown,             // PlanOptions::reveal
    holds_writers,                   // PlanOptions::hold_writers
    definition_reads_changed_field,  // no option overrides this: change the definition first, then upgrade the pack
  };

  Kind kind;
  std::string name;                   // of the type, role or trigger
  std::int64_t count = 0;             // of entities, users, or rows and events
  std::vector<std::string> examples;  // the ids of the first ones, and what is wrong with them
  std::string message;
};

std::string_view to_string(Obstacle::Kind kind) noexcept;  // "data_violates_schema"

// Stored values that a role masks now and would show, or mask less. They stay hidden if the role keeps a mask of
// `path`, which may be a field that the schema no longer has.
struct Reveal {
  std::string role;         // a role's name, or "tool send-mail of agent tutor" for a tool's denied fields
  std::string entity_type;  // slug
  std::string path;         // as stored: "data.secret", "status"; "data" for all paths after the first 50
  std::int64_t rows = 0;    // with such a value
  std::int64_t events = 0;  // with such a value in the payload
};

// A definition of an installed pack that a plan leaves as it is, although the definitions that were asked for lack it
// or have another one.
struct KeptDefinition {
  DefinitionKind kind;
  std::string name;
  std::string pack;  // id
};

struct PlanOptions {
  bool accept_invalid_data = false;  // keeps such entities; their next update must match the schema
  bool drop_assignments = false;     // a removed role is unassigned
  bool reveal = false;               // allows what the plan names in `reveals`
  bool hold_writers = false;         // only for the system: more than 50,000 rows are read or rewritten in one
                                     // transaction, while all writers of the file wait
  HeldFields held = {};              // fields that masks may name, in addition to those of the scope
};

struct ChangePlan {
  Environment environment = Environment::development;
  DefinitionSet definitions;  // in normal form: the scope after the plan
  PlanOptions options;
  std::optional<std::int64_t> restores;  // for a rollback: the release
  std::string base;                      // a digest of the scope when the plan was made
  std::vector<DefinitionChange> changes;
  std::vector<Obstacle> obstacles;
  std::vector<Reveal> reveals;  // each is an obstacle without PlanOptions::reveal
  std::vector<KeptDefinition> kept = {};

  bool empty() const noexcept { return changes.empty(); }
  Json to_json() const;  // the changes, the obstacles, the reveals and what is kept
};

}  // namespace struere
