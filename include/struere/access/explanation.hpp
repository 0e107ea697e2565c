// Why an actor sees a row and its fields, or does not (SPEC 3, "explain").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/access/access_plan.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// One comparison or path of a rule, on one row.
struct ExplainedRule {
  std::string rule;  // as written
  bool holds = false;
  std::string compared;  // the values compared, in words
};

struct ExplainedGrant {
  std::string role;
  bool admits = false;  // this row
  bool broken = false;  // a rule or mask of the role cannot be read, so that it grants nothing here
  std::vector<ExplainedRule> rules;
};

struct ExplainedField {
  std::string path;       // of a leaf
  std::string treatment;  // "clear", "redacted" or "hidden"
  std::string by;         // the masks that decide, by role; empty where it is clear
};

struct ExplainedPolicy {
  std::string role;
  Policy policy;
};

class Explanation {
 public:
  Decision decision = Decision(false, {}, std::nullopt, 0);
  std::vector<ExplainedPolicy> policies;  // that match the action and the resource
  bool row_given = false;
  bool row_exists = false;
  bool row_visible = false;  // some grant admits it
  std::vector<ExplainedGrant> grants;
  std::vector<ExplainedField> fields;  // of the row, where it is visible

  Json to_json() const;
  std::string text() const;  // for a person
};

// Pure. `row` is as stored; null where there is none.
Explanation explain(const RuleBook& rules, const ActorContext& about, Action action, const std::string& resource,
                    const StoredEntity* row, RelationReader& relations);

}  // namespace struere
