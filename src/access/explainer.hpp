// Makes explanations of rows and writes (SPEC 3, "explain").
#pragma once

#include <string>

#include "struere/access/access_plan.hpp"
#include "struere/access/explanation.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// What is asked about. Of a create that is explained, `row` and `after` are the row as it would be.
struct ExplainedRows {
  const StoredEntity* row = nullptr;    // as stored; null if there is none
  const StoredEntity* after = nullptr;  // as it would be
  const ProposedWrite* write = nullptr;
};

// Pure. Reads the plan that operations carry out, and says why it is as it is.
Explanation explain(const RuleBook& rules, const ActorContext& about, Action action, const std::string& resource,
                    const ExplainedRows& rows, RelationReader& relations);

}  // namespace struere
