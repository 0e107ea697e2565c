// Why an actor sees a row and its fields, or does not (SPEC 3, "explain").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

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
  // Of a write that is explained:
  bool admits_after = false;             // the row as it would be
  std::vector<std::string> masked = {};  // what is written and the grant's mask forbids: "data.card", "status"
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
  bool write_given = false;
  bool write_allowed = false;  // some grant admits the row before and after and masks nothing that is written
  std::vector<ExplainedGrant> grants;
  std::vector<ExplainedField> fields;  // of the row, where it is visible

  Json to_json() const;
  std::string text() const;  // for a person
};

// A write to be explained: the data of a create, or the patch of an update.
struct ProposedWrite {
  Json data;
  std::optional<std::string> status = {};
};

}  // namespace struere
