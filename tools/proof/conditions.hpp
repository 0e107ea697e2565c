// Conditions at random, for rules and for queries.
#pragma once

#include <string>
#include <vector>

#include "random.hpp"

namespace struere::proof {

enum class ConditionOf { rule, query };

// Well-formed, but for one in a hundred.
Json random_condition(Random& random, const std::vector<std::string>& refs, ConditionOf of, int depth = 0);

}  // namespace struere::proof
