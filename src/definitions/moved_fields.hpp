// The definitions that read fields which an upgrade of a pack moves, removes or fills.
#pragma once

#include <vector>

#include "definitions/entity_migration.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// An obstacle for each part of a definition that is in `all` but not in `shipped`, and reads a field that the migration
// changes: a scope rule, `boundToRole`, a unique key, a search field, or a trigger. Its author wrote it for the field
// as it was; a rule with `exists: false`, for example, would show each row whose field has another name now. The
// authors of the pack wrote the parts that are in `shipped` for the new version. Masks are not among them: they follow
// a field (RuleBook), and find_reveals() reports what they would show.
std::vector<Obstacle> readers_of_changed_fields(const EntityMigration& migration, const DefinitionSet& all,
                                                const DefinitionSet& shipped);

}  // namespace struere
