// Random conditions for rules and queries.
#pragma once

#include <string>
#include <vector>

#include "random.hpp"

namespace struere::proof {

// Only rules of a role with a bound type often use the actor's own entity, because it makes other rules false.
enum class ConditionOf { query, rule, bound_rule };

// Most of the conditions are well-formed.
Json random_condition(Random& random, const std::vector<std::string>& refs, ConditionOf of, int depth = 0);

}  // namespace struere::proof
