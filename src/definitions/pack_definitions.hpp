// Combines sets of definitions: a pack's definitions are a part of those of a scope. For a tool, the permission of
// each agent is a separate part.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

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

// `wanted`, plus the definitions of the scope's packs, because files of a project and releases never add or remove
// packs. For a rollback, the current ones of the packs also replace those in `wanted`, which may be of another version
// of the pack, except where `wanted` has what the installed version has: there a rollback undoes a drift.
struct WithPacks {
  DefinitionSet definitions;
  std::vector<KeptDefinition> kept;  // that `wanted` does not have as they are
};
WithPacks keeping_packs(GuardedOperation& operation, const DefinitionSet& wanted, bool is_rollback);

}  // namespace struere
