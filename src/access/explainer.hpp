// Makes explanations of rows and writes (SPEC 3, "explain").
#pragma once

#include <string>

#include "struere/access/access_plan.hpp"
#include "struere/access/explanation.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// The rows to explain. For a create, both `row` and `after` are the row as it would be.
struct ExplainedRows {
  const StoredEntity* row = nullptr;    // as stored; null if there is none
  const StoredEntity* after = nullptr;  // as the write would leave it
  const ProposedWrite* write = nullptr;
};

// A pure function. Reads the plan that operations use, and gives the reasons for its result.
Explanation explain(const RuleBook& rules, const ActorContext& about, Action action, const std::string& resource,
                    const ExplainedRows& rows, RelationReader& relations);

}  // namespace struere
