// What the bodies of requests about plans carry: definitions and options.
#pragma once

#include "server/body_object.hpp"
#include "struere/definitions/packs.hpp"

namespace struere::server {

// The bound of a body that carries definitions: those of a scope are at most 16 MiB (docs/limits.md).
inline constexpr std::size_t most_definition_bytes = 17 << 20;

enum class Kinds {
  all,   // each kind must be there: one that is left out by mistake would remove all its definitions
  some,  // there are no definitions of a kind that is left out
};

// The member `definitions`, as DefinitionSet::to_json() writes it; nullopt if it is missing. Each definition is JSON
// within the bounds of SPEC 6; all of them together may be larger. Throws Refusal{400} for another shape, and
// Error{invalid_definition} for a definition without a name.
std::optional<DefinitionSet> definitions_in(const BodyObject& body, Kinds wanted = Kinds::all);

// The member `options`: acceptInvalidData, dropAssignments, reveal, holdWriters. Throws Refusal{400} for any other.
PlanOptions plan_options_of(const BodyObject& body);

// The same, and prefer, choices, takeOver, removeEntities.
PackOptions pack_options_of(const BodyObject& body);

}  // namespace struere::server
