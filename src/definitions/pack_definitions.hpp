// Combines sets of definitions: a pack's definitions are a part of those of a scope. For a tool, the permission of
// each agent is a separate part.
#pragma once

#include <map>
#include <string>

#include "repository/guarded_operation.hpp"
#include "struere/definitions/definition_set.hpp"

namespace struere {

// `all`, with the definitions of `part` instead of its own under the same names.
DefinitionSet overlaid(const DefinitionSet& all, const DefinitionSet& part);
// `all` without the names in `part`.
DefinitionSet without(const DefinitionSet& all, const DefinitionSet& part);
// The definitions of `all` under the names in `part`.
DefinitionSet restricted(const DefinitionSet& all, const DefinitionSet& part);

// --- customization: {"role": {"teacher": {…}, "clerk": null}} replaces `teacher` and removes `clerk`
DefinitionSet customized(const DefinitionSet& base, const Json& overrides);
Json overrides_between(const DefinitionSet& base, const DefinitionSet& ours);

// The intended definitions of each installed pack, by its id.
std::map<std::string, DefinitionSet> parts_of_packs(GuardedOperation& operation);

// `wanted`, plus the definitions of the scope's packs. If `as_it_is_now`, the current ones of the packs replace those
// in `wanted`; otherwise only missing ones are added. Files of a project and releases never add or remove packs.
DefinitionSet keeping_packs(GuardedOperation& operation, const DefinitionSet& wanted, bool as_it_is_now);

}  // namespace struere
