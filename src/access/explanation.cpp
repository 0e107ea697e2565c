#include "access/explainer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace struere {
namespace {

// A value as text, short enough for one line.
std::string shown(const Json* value) {
  constexpr std::size_t longest = 80;
  if (!value) return "absent";
  std::string text = canonical_json(*value);
  if (text.size() <= longest) return text;
  std::size_t end = longest;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // do not cut inside a character
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
      return id ? fmt::format("actor.entityId = \"{}\"", *id)
                : "actor.entityId, but this actor has no entity of its own";
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

// The values that each comparison of a rule compared.
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

// The mask of a grant that admits the row, and the part of it that the role itself defines.
struct RoleMask {
  std::string role;  // empty for actors that pass policies
  const Mask* mask;
  const Mask* own;
};

// Lists every leaf of a row and how it is shown.
class FieldExplainer {
 public:
  FieldExplainer(const std::vector<RoleMask>& masks, const Mask& denied, std::vector<ExplainedField>& out)
      : masks_(masks), denied_(denied), out_(out) {
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
    add(
        name, value, shown_by, [&](const Mask&) { return std::vector<std::string>{fmt::format("a mask of {}", name)}; },
        exposure(denied_, root) < fully_shown);
  }

 private:
  void explain_leaf(const Json& value) {
    // Data that holds only this value, at its place. Masks depend on paths and kinds, not on siblings.
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
    add(
        fmt::format("data.{}", fmt::join(place_, ".")), value, shown_by,
        [&](const Mask& mask) { return covering(mask, place_, value.is_array()); },
        exposure(denied_, place_, value.is_array()) < fully_shown);
  }

  template <class ShownBy, class Covering>
  void add(const std::string& name, const Json& value, const ShownBy& shown_by, const Covering& covering_of,
           bool is_denied) {
    const auto treatment = [&](std::span<const Mask* const> masks) -> std::string {
      const auto result = shown_by(masks);
      return !result ? "hidden" : equal_json(*result, value) ? "clear" : "redacted";
    };
    ExplainedField field{name, treatment(all_), {}};
    const auto because = [&](const std::string& who, const Mask& mask) {
      const Mask* const one = &mask;
      if (!field.by.empty()) field.by += "; ";
      field.by += fmt::format("{} by {}: {}", treatment({&one, 1}), who, fmt::join(covering_of(mask), ", "));
    };
    if (field.treatment != "clear") {
      if (is_denied) because("the tool's permission", denied_);
      for (const RoleMask& entry : masks_) {
        if (entry.role.empty()) continue;
        // A leaf that no role hides is the field that binds the entity to a user; the plan of each write hides it.
        const bool is_own = is_denied || treatment({&entry.own, 1}) != "clear";
        because(fmt::format("role `{}`", entry.role), is_own ? *entry.own : *entry.mask);
      }
    }
    out_.push_back(std::move(field));
  }

  const std::vector<RoleMask>& masks_;
  const Mask& denied_;
  std::vector<const Mask*> all_;
  std::vector<ExplainedField>& out_;
  std::vector<std::string> place_;
};

// A grant of the plan, or a role that is not a grant because its stored rules or masks cannot be read.
class GrantExplainer {
 public:
  GrantExplainer(const ExplainedRows& rows, const ActorValues& actor, RelationReader& relations)
      : rows_(rows),
        row_(rows.row ? std::optional(fields_of(*rows.row)) : std::nullopt),
        after_(rows.after ? std::optional(fields_of(*rows.after)) : std::nullopt),
        actor_(actor),
        relations_(relations) {}

  const std::optional<RowFields>& row() const noexcept { return row_; }

  ExplainedGrant explain(const std::string& role, const Grant& grant, const RoleOnType* on_type) {
    ExplainedGrant out{role, false, false, {}};
    out.admits = row_ && holds(grant.predicate, *row_, actor_, relations_);
    if (rows_.write) {
      out.admits_after = after_ && holds(grant.predicate, *after_, actor_, relations_);
      out.masked = masked_in_write(grant.mask, rows_.write->data, rows_.write->status.has_value());
    }
    // If the grant admits the stored row, the row after the write may be refused, so the rules are explained for it.
    add_rules(out, on_type, out.admits && after_ ? after_ : row_);
    return out;
  }

  ExplainedGrant explain_broken(const std::string& role, const RoleOnType& on_type) {
    ExplainedGrant out{role, false, true, {}};
    add_rules(out, &on_type, row_);
    return out;
  }

 private:
  void add_rules(ExplainedGrant& out, const RoleOnType* on_type, const std::optional<RowFields>& row) {
    if (!on_type) return;
    for (const RoleOnType::Rule& rule : on_type->rules) {
      ExplainedRule explained{rule.text, false, {}};
      if (row) {
        explained.holds = holds(rule.predicate, *row, actor_, relations_);
        explained.compared = compared(rule.predicate, *row, actor_, relations_);
      }
      out.rules.push_back(std::move(explained));
    }
  }

  const ExplainedRows& rows_;
  std::optional<RowFields> row_, after_;
  const ActorValues& actor_;
  RelationReader& relations_;
};

}  // namespace

Explanation explain(const RuleBook& rules, const ActorContext& about, Action action, const std::string& resource,
                    const ExplainedRows& rows, RelationReader& relations) {
  static const Mask no_mask;
  const AccessPlan plan = compile(rules, about, action, resource);
  Explanation out;
  out.decision = plan.decision();
  out.row_exists = rows.row != nullptr;
  out.write_given = rows.write != nullptr;
  const ActorValues values = actor_values(about);
  GrantExplainer grants(rows, values, relations);
  std::vector<RoleMask> masks;
  const auto take = [&](const Grant& grant, const ExplainedGrant& explained, const std::string& role, const Mask& own) {
    if (explained.admits) masks.push_back({role, &grant.mask, &own});
    out.write_allowed = out.write_allowed ||
                        (out.write_given && explained.admits && explained.admits_after && explained.masked.empty());
  };
  if (about.passes_policies()) {
    for (const Grant& grant : *plan.grants()) {
      ExplainedGrant explained = grants.explain(std::string(to_string(about.type())), grant, nullptr);
      take(grant, explained, {}, no_mask);
      if (!explained.masked.empty()) out.grants.push_back(std::move(explained));
    }
  } else {
    for (const Role* role : rules.roles_of(about)) {
      bool allows = false;
      for (const Policy& policy : role->policies) {
        if (!policy.matches(action, resource)) continue;
        out.policies.push_back({role->name, policy});
        allows = allows || policy.effect == Effect::allow;
      }
      if (!out.decision || !allows) continue;
      const auto found = role->types.find(resource);
      const RoleOnType* const on_type = found == role->types.end() ? nullptr : &found->second;
      const auto place = std::ranges::find(plan.grant_roles(), role->name);
      if (place == plan.grant_roles().end()) {
        if (on_type) out.grants.push_back(grants.explain_broken(role->name, *on_type));
        continue;
      }
      const Grant& grant = plan.grants()->at(static_cast<std::size_t>(place - plan.grant_roles().begin()));
      out.grants.push_back(grants.explain(role->name, grant, on_type));
      take(grant, out.grants.back(), role->name, on_type ? on_type->mask : no_mask);
    }
  }
  out.row_visible = !masks.empty();
  if (out.row_visible) {
    const Mask denied = denied_fields(rules, about, resource);
    FieldExplainer explainer(masks, denied, out.fields);
    explainer.explain_data(grants.row()->data);
    explainer.explain_attribute(FieldPath::Root::status, "status", *grants.row()->status);
    explainer.explain_attribute(FieldPath::Root::created_at, "createdAt", *grants.row()->created_at);
    explainer.explain_attribute(FieldPath::Root::updated_at, "updatedAt", *grants.row()->updated_at);
  }
  return out;
}

}  // namespace struere
