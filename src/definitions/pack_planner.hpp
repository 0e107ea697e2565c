// Works out what a change of a pack would do, within one transaction.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/definitions/packs.hpp"

namespace struere {

struct MadePackPlan {
  PackPlan plan;
  DefinitionSet base;  // as the pack will ship them
  Json overrides = Json::object();
};

// Of a plan, what it was made from is asked: its action, pack, pack_id, wanted and options.
// `since` is that of make_plan(); entities that an upgrade rewrites are not counted then.
MadePackPlan make_pack_plan(GuardedOperation& operation, const PackPlan& request,
                            std::optional<std::int64_t> since = {});

// not_found where the pack is not installed with its definitions.
DefinitionSet require_pack_definitions(GuardedOperation& operation, const std::string& pack_id);

}  // namespace struere
