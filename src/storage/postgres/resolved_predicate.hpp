// Predicates without what only relations tell.
#pragma once

#include "struere/query/interpreter.hpp"

namespace struere::postgres {

// The predicate with the values of the actor and of stored relations filled in, wherever those are few enough: the same
// rows fulfil it. What is left as it was is decided row by row.
Predicate resolved(const Predicate& predicate, const ActorValues& actor, RelationReader& relations);
// Whether there is such a value in it.
bool is_to_resolve(const Predicate& predicate);

}  // namespace struere::postgres
