// Combines sets of definitions: a pack's definitions are a part of those of a scope. For a tool, the permission of
// each agent is a separate part.
#pragma once

#include <functional>
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
// packs. For the packs that `is_other_version` names, `wanted` may be of another version, to which the data of the
// scope was not migrated. So their current definitions replace those in `wanted`, except where `wanted` has what the
// installed version has, which undoes a drift.
struct WithPacks {
  DefinitionSet definitions;
  std::vector<KeptDefinition> kept;  // that `wanted` does not have as they are
};
WithPacks keeping_packs(GuardedOperation& operation, const DefinitionSet& wanted,
                        const std::function<bool(const std::string& pack)>& is_other_version);

}  // namespace struere
