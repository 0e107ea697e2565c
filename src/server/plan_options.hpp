// The options of plans, as the bodies of requests carry them.
#pragma once

#include "server/body_object.hpp"
#include "struere/definitions/packs.hpp"

namespace struere::server {

// The member `options`: acceptInvalidData, dropAssignments, reveal, holdWriters. Throws Refusal{400} for any other.
PlanOptions plan_options_of(const BodyObject& body);

// The same, and prefer, choices, takeOver, removeEntities.
PackOptions pack_options_of(const BodyObject& body);

}  // namespace struere::server
