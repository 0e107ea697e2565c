#include "struere/access/evaluators.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "access/rule_reader.hpp"
#include "core/single_line.hpp"
#include "core/text.hpp"
#include "struere/access/access_plan.hpp"
#include "struere/access/definition.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// Reads the same plan that the operations of a session use, through the interpreter that defines its meaning.
class SubjectGrants {
 public:
  SubjectGrants(const RuleBook& rules, const Subject& subject, Action action, const std::string& type,
                std::shared_ptr<RelationReader> relations)
      : action_(action),
        plan_(compile(rules, rules.roles_named(subject.roles), action, type)),
        values_{subject.user_id, subject.organization_id},
        relations_(std::move(relations)) {}

  std::vector<const Mask*> admitting_masks(const RowFields& row) const {
    if (is_deleted(row)) return {};
    return admitting(*plan_.grants(), row, values_, *relations_);
  }
  bool may_write(const RowFields* before, const RowFields& after, const Json& written) const {
    if (action_ != (before ? Action::update : Action::create) || is_deleted(before ? *before : after)) return false;
    return find_writing_grant(*plan_.grants(), before, after, written, false, values_, *relations_) != nullptr;
  }

 private:
  static bool is_deleted(const RowFields& row) { return row.status && *row.status == "deleted"; }

  Action action_;
  AccessPlan plan_;
  ActorValues values_;
  std::shared_ptr<RelationReader> relations_;
};

namespace {

class NoRelations final : public RelationReader {
 public:
  std::optional<std::string> own_entity(const OwnEntity&, const std::string&) override { return std::nullopt; }
  std::vector<std::string> related_ids(const std::string&, const Hop&) override { return {}; }
};

std::shared_ptr<const SubjectGrants> grants_of(const std::shared_ptr<const RuleBook>& rules, const Subject& subject,
                                               Action action, const std::string& type,
                                               std::shared_ptr<RelationReader> relations) {
  if (!rules->find_type(type))
    throw Error(ErrorCode::not_found, fmt::format("the rules have no entity type {}", in_quotes(type)));
  if (!relations) relations = std::make_shared<NoRelations>();
  return std::make_shared<const SubjectGrants>(*rules, subject, action, type, std::move(relations));
}

Json acceptable_object(const Json& value, const char* what) {
  JsonFault fault;
  const auto text = canonical_json(value, fault);
  if (!text) throw Error(ErrorCode::invalid_data, fmt::format("{} is not acceptable JSON: {}", what, fault.message));
  if (!value.is_object()) throw Error(ErrorCode::invalid_data, fmt::format("{} must be a JSON object", what));
  return parse_canonical_json(*text);
}

// What a stored row could be: a rule is not asked about any other. Nothing is copied before it is known how deep it is.
RowFields acceptable(const RowFields& row) {
  const auto is_text_of = [](std::size_t longest, const Json& value) {
    return value.is_string() && !value.get_ref<const std::string&>().empty() &&
           is_text(value.get_ref<const std::string&>(), longest);
  };
  if (!is_text_of(longest_name, row.id))
    throw Error(ErrorCode::invalid_data, "`id` of a row must be valid UTF-8 of 1 to 200 bytes");
  if (row.status && !is_text_of(json_max_bytes, *row.status))
    throw Error(ErrorCode::invalid_data, "`status` of a row must be valid UTF-8 that is not empty; or leave it out");
  for (const auto& [name, time] : {std::pair("createdAt", &row.created_at), {"updatedAt", &row.updated_at}})
    if (*time && !(*time)->is_number_integer())
      throw Error(ErrorCode::invalid_data,
                  fmt::format("`{}` of a row must be whole milliseconds since 1970; or leave it out", name));
  return {row.id, acceptable_object(row.data, "`data`"), row.status, row.created_at, row.updated_at};
}

const Json& require_list(const Json& definitions, const char* what) {
  if (!definitions.is_array()) refuse(fmt::format("{} must be a JSON array of definitions", what));
  return definitions;
}

}  // namespace

std::shared_ptr<const RuleBook> read_rules(const Json& entity_types, const Json& roles) {
  std::vector<EntityType> known;  // only the slugs are known yet, because types may refer to each other
  for (const Json& definition : require_list(entity_types, "the entity types")) {
    EntityType type;
    if (definition.is_object())
      type.slug = definition.value("slug", Json()).is_string() ? definition["slug"] : Json("");
    known.push_back(std::move(type));
  }
  std::vector<EntityType> types;
  for (const Json& definition : entity_types) {
    EntityType type = read_entity_type(definition, known);
    if (std::ranges::find(types, type.slug, &EntityType::slug) != types.end())
      refuse(fmt::format("the entity type `{}` is defined twice", type.slug));
    type.key = static_cast<EntityTypeKey>(types.size()) + 1;
    types.push_back(std::move(type));
  }
  std::vector<RoleRecord> records;
  for (const Json& definition : require_list(roles, "the roles")) {
    RoleRecord role = read_role(definition, types);
    if (std::ranges::find(records, role.name, &RoleRecord::name) != records.end())
      refuse(fmt::format("the role {} is defined twice", in_quotes(role.name)));
    records.push_back(std::move(role));
  }
  return std::make_shared<const RuleBook>(0, std::move(types), std::move(records));
}

PolicyEvaluator::PolicyEvaluator(std::shared_ptr<const RuleBook> rules, const Subject& subject)
    : rules_(std::move(rules)), roles_(rules_->roles_named(subject.roles)) {}

Decision PolicyEvaluator::can(Action action, std::string_view resource) const {
  return decide(roles_, action, resource);
}

ScopeRuleEvaluator::ScopeRuleEvaluator(const std::shared_ptr<const RuleBook>& rules, const Subject& subject,
                                       Action action, const std::string& entity_type,
                                       std::shared_ptr<RelationReader> relations)
    : grants_(grants_of(rules, subject, action, entity_type, std::move(relations))) {}

bool ScopeRuleEvaluator::admits(const RowFields& row) const {
  return !grants_->admitting_masks(acceptable(row)).empty();
}

FieldMaskEvaluator::FieldMaskEvaluator(const std::shared_ptr<const RuleBook>& rules, const Subject& subject,
                                       Action action, const std::string& entity_type,
                                       std::shared_ptr<RelationReader> relations)
    : grants_(grants_of(rules, subject, action, entity_type, std::move(relations))) {}

namespace {

std::optional<RowFields> shown(const SubjectGrants& grants, const RowFields& given, MaskPurpose purpose) {
  const RowFields row = acceptable(given);
  const auto masks = grants.admitting_masks(row);
  if (masks.empty()) return std::nullopt;
  return masked_fields(masks, row, purpose);
}

}  // namespace

std::optional<RowFields> FieldMaskEvaluator::show(const RowFields& row) const {
  return shown(*grants_, row, MaskPurpose::show);
}

std::optional<RowFields> FieldMaskEvaluator::show_to_queries(const RowFields& row) const {
  return shown(*grants_, row, MaskPurpose::query);
}

bool FieldMaskEvaluator::may_create(const RowFields& given) const {
  const RowFields row = acceptable(given);
  return grants_->may_write(nullptr, row, row.data);
}

bool FieldMaskEvaluator::may_update(const RowFields& given, const Json& patch) const {
  const RowFields before = acceptable(given);
  const Json written = acceptable_object(patch, "the patch");
  RowFields after = before;
  after.data.merge_patch(written);
  return grants_->may_write(&before, acceptable(after), written);
}

}  // namespace struere
