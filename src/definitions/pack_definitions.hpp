// Sets of definitions as wholes and parts: what a pack has in a scope. What a tool may do is a part for each agent.
#pragma once

#include <map>
#include <string>

#include "repository/guarded_operation.hpp"
#include "struere/definitions/definition_set.hpp"

namespace struere {

// `part` in place of what `all` has of its names.
DefinitionSet overlaid(const DefinitionSet& all, const DefinitionSet& part);
// `all` without what `part` names.
DefinitionSet without(const DefinitionSet& all, const DefinitionSet& part);
// What `all` has of the names in `part`.
DefinitionSet restricted(const DefinitionSet& all, const DefinitionSet& part);

// --- customization: {"role": {"teacher": {…}, "clerk": null}}, definitions as they are instead, or not at all
DefinitionSet customized(const DefinitionSet& base, const Json& overrides);
Json overrides_between(const DefinitionSet& base, const DefinitionSet& ours);

// How the definitions of each installed pack are to be, by its id.
std::map<std::string, DefinitionSet> parts_of_packs(GuardedOperation& operation);

// `wanted`, with what the scope's packs have in it: what is missing alone, or all of it as it is now. Packs come and go
// by themselves, never with the files of a project or a release.
DefinitionSet keeping_packs(GuardedOperation& operation, const DefinitionSet& wanted, bool as_it_is_now);

}  // namespace struere
