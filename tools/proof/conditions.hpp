// Conditions at random, for rules and for queries.
#pragma once

#include <string>
#include <vector>

#include "random.hpp"

namespace struere::proof {

// A rule of a role that a type is bound to asks for the actor's own entity; of other roles only rarely, as it is false.
enum class ConditionOf { query, rule, bound_rule };

// Well-formed, but for a few.
Json random_condition(Random& random, const std::vector<std::string>& refs, ConditionOf of, int depth = 0);

}  // namespace struere::proof
