// Entity types and roles as they are written, checked in full before they are stored (SPEC 3, 4, 5).
//
// An entity type:
//   {"slug": "session", "name": "Session", "schema": {…}, "searchFields": ["subject"],
//    "boundToRole": "teacher", "userIdField": "userId"}                       only the slug is required
// A role:
//   {"name": "teacher",
//    "policies":      [{"resource": "session", "actions": ["list", "read"], "effect": "allow"}],
//    "scopeRules":    [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value":
//    "actor.userId"}], "fieldMasks":    [{"entityType": "session", "fieldPath": "data.paymentId", "maskType": "hide"}],
//    "visibleFields": [{"entityType": "session", "fields": ["data.subject"]}]}  only the name is required
//
// All throw Error{invalid_definition}, which names the mistake: an unknown key, operator or value, a malformed path, a
// type that the scope does not have. Nothing is guessed or ignored.
#pragma once

#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace STRUERE_API struere {

// `known` are the types that the scope has; one with the same slug may be among them. A slug that is a reserved word
// (SPEC 3) is refused unless it is the slug of a type in `known` that is stored already.
EntityType read_entity_type(const Json& definition, const std::vector<EntityType>& known);
RoleRecord read_role(const Json& definition, const std::vector<EntityType>& known);

// The definition that would be written to get this.
Json definition_of(const EntityType& type);
Json definition_of(const RoleRecord& role);

}  // namespace struere
