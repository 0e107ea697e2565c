#include "struere/access/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace struere {
namespace {

// A value in words, short enough for a line.
std::string shown(const Json* value) {
  constexpr std::size_t longest = 80;
  if (!value) return "absent";
  std::string text = canonical_json(*value);
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return text.substr(0, end) + "…";
}

std::string operand_text(const Operand& operand, const ActorValues& actor, RelationReader& relations) {
  const auto own = [&] { return relations.own_entity(operand.own_entity, actor.user_id); };
  switch (operand.kind) {
    case Operand::Kind::literal: return shown(&operand.literal);
    case Operand::Kind::user_id: return fmt::format("actor.userId = {}", canonical_json(Json(actor.user_id)));
    case Operand::Kind::organization_id:
      return fmt::format("actor.organizationId = {}", canonical_json(Json(actor.organization_id)));
    case Operand::Kind::own_entity: {
      const auto id = own();
      return id ? fmt::format("actor.entityId = \"{}\"", *id) : "actor.entityId, which this actor has none of";
    }
    case Operand::Kind::related_ids: {
      const auto id = own();
      if (!id) return fmt::format("actor.relatedIds:{}, but this actor has no entity of its own", operand.relation);
      const Json ids = relations.related_ids(*id, Hop{operand.relation, false});
      return fmt::format("actor.relatedIds:{} = {}", operand.relation, shown(&ids));
    }
  }
  return {};
}

// What was compared with what, for every comparison of a rule.
std::string compared(const Predicate& predicate, const RowFields& row, const ActorValues& actor,
                     RelationReader& relations) {
  const bool truth = holds(predicate, row, actor, relations);
  switch (predicate.kind()) {
    case Predicate::Kind::always: return "always true";
    case Predicate::Kind::never: return "never true";
    case Predicate::Kind::comparison:
      return fmt::format("{} is {}, {} {}: {}", predicate.field().str(), shown(row.find(predicate.field())),
                         to_string(predicate.op()), operand_text(predicate.operand(), actor, relations), truth);
    case Predicate::Kind::reached: return fmt::format("reached by that path: {}", truth);
    case Predicate::Kind::all:
    case Predicate::Kind::any: break;
  }
  std::string out = predicate.kind() == Predicate::Kind::all ? "all of (" : "any of (";
  for (const Predicate& part : predicate.parts()) {
    if (&part != &predicate.parts().front()) out += "; ";
    out += compared(part, row, actor, relations);
  }
  return fmt::format("{}): {}", out, truth);
}

struct RoleMask {
  std::string role;
  const Mask* mask;
};

// Every leaf of a row, and how it is shown.
class FieldExplainer {
 public:
  FieldExplainer(const std::vector<RoleMask>& masks, std::vector<ExplainedField>& out) : masks_(masks), out_(out) {
    for (const RoleMask& entry : masks) all_.push_back(entry.mask);
  }

  void explain_data(const Json& object) {
    for (const auto& [key, value] : object.items()) {
      place_.push_back(key);
      if (value.is_object() && !value.empty())
        explain_data(value);
      else
        explain_leaf(value);
      place_.pop_back();
    }
  }

  void explain_attribute(FieldPath::Root root, const char* name, const Json& value) {
    const auto shown_by = [&](std::span<const Mask* const> masks) {
      return apply_masks(masks, root, value, MaskPurpose::show);
    };
    add(name, value, shown_by,
        [&](const Mask&) { return std::vector<std::string>{fmt::format("a mask of {}", name)}; });
  }

 private:
  void explain_leaf(const Json& value) {
    // The data that holds this value alone, at its place: masks look at paths and kinds, not at what stands beside.
    Json alone = value;
    for (auto segment = place_.rbegin(); segment != place_.rend(); ++segment)
      alone = Json{{*segment, std::move(alone)}};
    const auto shown_by = [&](std::span<const Mask* const> masks) -> std::optional<Json> {
      const Json masked = apply_masks(masks, alone, MaskPurpose::show);
      const Json* at = &masked;
      for (const std::string& segment : place_) {
        if (!at->is_object() || !at->contains(segment)) return std::nullopt;
        at = &at->at(segment);
      }
      return *at;
    };
    add(fmt::format("data.{}", fmt::join(place_, ".")), value, shown_by,
        [&](const Mask& mask) { return covering(mask, place_, value.is_array()); });
  }

  template <class ShownBy, class Covering>
  void add(const std::string& name, const Json& value, const ShownBy& shown_by, const Covering& covering_of) {
    const auto treatment = [&](std::span<const Mask* const> masks) -> std::string {
      const auto result = shown_by(masks);
      return !result ? "hidden" : equal_json(*result, value) ? "clear" : "redacted";
    };
    ExplainedField field{name, treatment(all_), {}};
    if (field.treatment != "clear") {
      for (const RoleMask& entry : masks_) {
        const Mask* const one = entry.mask;
        if (!field.by.empty()) field.by += "; ";
        field.by +=
            fmt::format("{} by role `{}`: {}", treatment({&one, 1}), entry.role, fmt::join(covering_of(*one), ", "));
      }
    }
    out_.push_back(std::move(field));
  }

  const std::vector<RoleMask>& masks_;
  std::vector<const Mask*> all_;
  std::vector<ExplainedField>& out_;
  std::vector<std::string> place_;
};

ExplainedGrant explain_role(const Role& role, const std::string& resource, const RowFields* row,
                            const ActorValues& actor, RelationReader& relations) {
  ExplainedGrant grant{role.name, row != nullptr, false, {}};
  const auto on_type = role.types.find(resource);
  if (on_type == role.types.end()) return grant;
  grant.broken = on_type->second.broken;
  for (const RoleOnType::Rule& rule : on_type->second.rules) {
    ExplainedRule explained{rule.text, false, {}};
    if (row) {
      explained.holds = holds(rule.predicate, *row, actor, relations);
      explained.compared = compared(rule.predicate, *row, actor, relations);
    }
    grant.admits = grant.admits && explained.holds;
    grant.rules.push_back(std::move(explained));
  }
  grant.admits = grant.admits && !grant.broken;
  return grant;
}

Json policy_json(const std::string& role, const Policy& policy) {
  return {{"role", role},
          {"resource", policy.resource},
          {"action", policy.action ? to_string(*policy.action) : "*"},
          {"effect", to_string(policy.effect)}};
}

}  // namespace

Explanation explain(const RuleBook& rules, const ActorContext& about, Action action, const std::string& resource,
                    const StoredEntity* row, RelationReader& relations) {
  Explanation out;
  out.decision = decide(rules, about, action, resource);
  out.row_exists = row != nullptr;
  const ActorValues values = actor_values(about);
  const auto fields = row ? std::optional(fields_of(*row)) : std::nullopt;
  std::vector<RoleMask> masks;
  static const Mask no_mask;
  if (about.passes_policies()) {
    if (row) masks.push_back({std::string(to_string(about.type())), &no_mask});
  } else {
    for (const Role* role : rules.roles_of(about)) {
      bool allows = false;
      for (const Policy& policy : role->policies) {
        if (!policy.matches(action, resource)) continue;
        out.policies.push_back({role->name, policy});
        allows = allows || policy.effect == Effect::allow;
      }
      if (!out.decision || !allows) continue;
      out.grants.push_back(explain_role(*role, resource, fields ? &*fields : nullptr, values, relations));
      if (!out.grants.back().admits) continue;
      const auto on_type = role->types.find(resource);
      masks.push_back({role->name, on_type == role->types.end() ? &no_mask : &on_type->second.mask});
    }
  }
  out.row_visible = row && !masks.empty();
  if (out.row_visible) {
    FieldExplainer explainer(masks, out.fields);
    explainer.explain_data(fields->data);
    explainer.explain_attribute(FieldPath::Root::status, "status", *fields->status);
    explainer.explain_attribute(FieldPath::Root::created_at, "createdAt", *fields->created_at);
    explainer.explain_attribute(FieldPath::Root::updated_at, "updatedAt", *fields->updated_at);
  }
  return out;
}

Json Explanation::to_json() const {
  Json out{
      {"allowed", decision.allowed()}, {"reason", decision.reason()}, {"policiesConsidered", decision.considered()}};
  out["policies"] = Json::array();
  for (const ExplainedPolicy& entry : policies) out["policies"].push_back(policy_json(entry.role, entry.policy));
  if (!row_given) return out;
  out["row"] = !row_exists ? "not there" : row_visible ? "admitted" : "refused";
  out["grants"] = Json::array();
  for (const ExplainedGrant& grant : grants) {
    Json entry{{"role", grant.role}, {"admits", grant.admits}, {"broken", grant.broken}, {"rules", Json::array()}};
    for (const ExplainedRule& rule : grant.rules)
      entry["rules"].push_back(
          {{"rule", parse_canonical_json(rule.rule)}, {"holds", rule.holds}, {"compared", rule.compared}});
    out["grants"].push_back(std::move(entry));
  }
  out["fields"] = Json::array();
  for (const ExplainedField& field : fields)
    out["fields"].push_back({{"path", field.path}, {"treatment", field.treatment}, {"by", field.by}});
  return out;
}

std::string Explanation::text() const {
  std::string out = fmt::format("{}: {}\n", decision.allowed() ? "Allowed" : "Denied", decision.reason());
  for (const ExplainedPolicy& entry : policies)
    out += fmt::format("  policy of role `{}`: {} {} on {}\n", entry.role, to_string(entry.policy.effect),
                       entry.policy.action ? to_string(*entry.policy.action) : "*", entry.policy.resource);
  if (!row_given) return out;
  if (!row_exists) return out + "The row is not there: no such id of this type in this scope, or deleted.\n";
  out += row_visible ? "The row is admitted.\n" : "The row is refused: no grant admits it.\n";
  for (const ExplainedGrant& grant : grants) {
    out += fmt::format("  grant of role `{}` {}\n", grant.role,
                       grant.broken   ? "is void: a stored rule or mask cannot be read"
                       : grant.admits ? "admits it"
                                      : "does not admit it");
    if (grant.rules.empty() && !grant.broken) out += "    it has no rule for this type\n";
    for (const ExplainedRule& rule : grant.rules)
      out += fmt::format("    {} {}\n", rule.holds ? "yes" : "no ", rule.compared);
  }
  for (const ExplainedField& field : fields)
    if (field.treatment != "clear") out += fmt::format("  {} is {} ({})\n", field.path, field.treatment, field.by);
  return out;
}

}  // namespace struere
