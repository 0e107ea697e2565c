// Computes what a change of a pack would do, within one transaction.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/definitions/packs.hpp"

namespace struere {

struct MadePackPlan {
  PackPlan plan;
  DefinitionSet base;  // the definitions that the pack will ship
  Json overrides = Json::object();
  std::map<std::string, std::vector<std::string>>
      migrated;  // by type: the ids of the entities that an upgrade rewrites
};

// Uses only the inputs of `request`: action, pack, pack_id, wanted and options. `since` is that of make_plan(); with
// it, entities that an upgrade rewrites are not looked for.
MadePackPlan make_pack_plan(GuardedOperation& operation, const PackPlan& request,
                            std::optional<std::int64_t> since = {});

// Throws not_found if the pack is not installed with its definitions.
DefinitionSet require_pack_definitions(GuardedOperation& operation, const std::string& pack_id);

}  // namespace struere
