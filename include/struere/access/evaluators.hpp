// Policies, scope rules and field masks for rows that a host keeps elsewhere: what sessions carry out, without a
// database (SPEC 3, 4 and 5).
//
//     const auto rules = read_rules(entity_types, roles);
//     const Subject ada{.roles = {"agent"}, .user_id = "ada"};
//     if (PolicyEvaluator(rules, ada).can(Action::list, "ticket")) …
//     if (ScopeRuleEvaluator(rules, ada, Action::list, "ticket").admits({.id = "t1", .data = ticket})) …
//     const auto shown = FieldMaskEvaluator(rules, ada, Action::list, "ticket").show({.id = "t1", .data = ticket});
//
// All of it is pure: nothing is stored, recorded or logged. Evaluators are immutable and cheap to copy; they may be
// shared between threads if their RelationReader may.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/core/export.hpp"
#include "struere/core/json.hpp"
#include "struere/core/shared.hpp"
#include "struere/query/row_fields.hpp"

namespace STRUERE_API struere {

class RelationReader;  // query/interpreter.hpp
class RuleBook;        // access/rule_book.hpp
struct Role;

// Reads arrays of entity types and roles as access/definition.hpp describes them. Throws Error{invalid_definition}
// wherever a database would refuse to define them.
std::shared_ptr<const RuleBook> read_rules(const Json& entity_types, const Json& roles);

// Who asks. A name in `roles` that no role has grants nothing.
struct Subject {
  std::vector<std::string> roles = {};
  std::string user_id = {};          // actor.userId
  std::string organization_id = {};  // actor.organizationId
};

// Decides what the subject may do at all: deny overrides, and nothing is allowed by default (SPEC 3).
class PolicyEvaluator {
 public:
  PolicyEvaluator(std::shared_ptr<const RuleBook> rules, const Subject& subject);

  // Looks at no row. Never throws for a denial.
  Decision can(Action action, std::string_view resource) const;

 private:
  Shared<const RuleBook> rules_;
  std::vector<const Role*> roles_;  // of rules_
};

// What one subject may do to one entity type with one action: the grants of its roles, and its values.
class SubjectGrants;

// Decides which rows of a type the subject may act on (SPEC 4). A row whose status is `deleted` is admitted by no
// grant. Throws Error{invalid_data} for a row that a database would not accept.
class ScopeRuleEvaluator {
 public:
  // `relations` answers for `actor.entityId`, `actor.relatedIds` and relation paths. Without it, rules with one of
  // these are true of no row. Throws Error{not_found} if the rules have no such entity type.
  ScopeRuleEvaluator(const std::shared_ptr<const RuleBook>& rules, const Subject& subject, Action action,
                     const std::string& entity_type, std::shared_ptr<RelationReader> relations = nullptr);

  // Whether some grant admits the row. False if the policies deny the action.
  bool admits(const RowFields& row) const;

 private:
  Shared<const SubjectGrants> grants_;
};

// Masks the fields of rows (SPEC 5). A row is masked by those grants that admit it, each leaf by the kindest of them,
// so this evaluator reads the scope rules as well.
class FieldMaskEvaluator {
 public:
  // As for a ScopeRuleEvaluator.
  FieldMaskEvaluator(const std::shared_ptr<const RuleBook>& rules, const Subject& subject, Action action,
                     const std::string& entity_type, std::shared_ptr<RelationReader> relations = nullptr);

  // The row as the subject sees it; nullopt if no grant admits it.
  std::optional<RowFields> show(const RowFields& row) const;
  // The row as a filter, an order or a search may see it: redacted fields are absent, too.
  std::optional<RowFields> show_to_queries(const RowFields& row) const;

  // For Action::create: whether one grant admits the new row, and masks none of the fields of its data.
  bool may_create(const RowFields& row) const;
  // For Action::update: whether one grant admits the row before and after, and masks no field of the patch (RFC 7396).
  bool may_update(const RowFields& before, const Json& patch) const;

 private:
  Shared<const SubjectGrants> grants_;
};

}  // namespace struere
