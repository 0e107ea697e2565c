#include "definitions/moved_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "struere/core/field_path.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/placeholders.hpp"

namespace struere {
namespace {

// A field of an entity type that a definition reads or writes.
struct FieldUse {
  std::string entity_type, field;  // "data.archived"
  // The condition is false of a row that has the field.
  bool is_of_absence = false;

  friend auto operator<=>(const FieldUse&, const FieldUse&) = default;
};

using FieldUses = std::set<FieldUse>;

const Json* member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// The fields of a condition in all forms that rules, triggers and queries have: a list, a condition, a group, or an
// object of fields and values.
void add_condition(FieldUses& out, const std::string& type, const Json& condition) {
  constexpr std::string_view previous = "previousData.";
  const auto add = [&](const std::string& field, bool is_of_absence) {
    const bool is_previous = field.starts_with(previous);
    out.insert({type, is_previous ? "data." + field.substr(previous.size()) : field, is_of_absence});
  };
  if (condition.is_array()) {
    for (const Json& part : condition) add_condition(out, type, part);
    return;
  }
  if (!condition.is_object()) return;
  if (const Json* const field = member(condition, "field")) {
    const Json* const value = member(condition, "value");
    if (field->is_string())
      add(field->get<std::string>(), condition.value("operator", Json()) == "exists" && value && *value == false);
    return;
  }
  bool is_group = condition.contains("relationPath");
  for (const char* const key : {"any", "all"})
    if (const Json* const parts = member(condition, key)) {
      is_group = true;
      add_condition(out, type, *parts);
    }
  if (!is_group)
    for (const auto& [field, value] : condition.items()) add(field, false);
}

void add_placeholders(FieldUses& out, const std::string& type, const Json& arguments) {
  each_placeholder(arguments, [&](std::string_view path) {
    for (const std::string_view prefix : {"trigger.data.", "trigger.previousData."})
      if (path.starts_with(prefix)) out.insert({type, "data." + std::string(path.substr(prefix.size())), false});
  });
}

// The fields that a step of a trigger queries or writes.
void add_step(FieldUses& out, const Json& step) {
  const std::string& tool = step.at("tool").get_ref<const std::string&>();
  const Json arguments = step.value("args", Json::object());
  if (!is_built_in_tool(tool) || !arguments.contains("type")) return;
  const auto type = type_written_in(tool, arguments);
  if (!type) return;
  if (const Json* const where = member(arguments, "where")) add_condition(out, *type, *where);
  if (const Json* const data = member(arguments, "data"); data && data->is_object())
    for (const auto& [key, value] : data->items()) out.insert({*type, "data." + key, false});
}

FieldUses uses_of_trigger(const Json* trigger) {
  FieldUses out;
  if (!trigger) return out;
  const std::string& type = trigger->at("on").at("entityType").get_ref<const std::string&>();
  if (const Json* const condition = member(trigger->at("on"), "condition")) add_condition(out, type, *condition);
  if (const Json* const schedule = member(*trigger, "schedule")) add_placeholders(out, type, *schedule);
  for (const Json& step : trigger->at("actions")) {
    add_placeholders(out, type, step.value("args", Json::object()));
    add_step(out, step);
  }
  return out;
}

Json list_in(const Json* definition, const char* key) {
  const Json* const found = definition ? member(*definition, key) : nullptr;
  return found && found->is_array() ? *found : Json::array();
}

class ReaderFinder {
 public:
  ReaderFinder(const EntityMigration& migration, const DefinitionSet& shipped)
      : migration_(migration), shipped_(shipped) {}

  std::vector<Obstacle> run(const DefinitionSet& all) {
    for (const auto& [name, role] : all.of(DefinitionKind::role)) look_at_role(name, role);
    for (const auto& [slug, type] : all.of(DefinitionKind::entity_type)) look_at_type(slug, type);
    for (const auto& [slug, trigger] : all.of(DefinitionKind::trigger)) look_at_trigger(slug, trigger);
    return std::move(out_);
  }

 private:
  // Adds an obstacle for the first use of a field that the upgrade changes.
  void require_unchanged(const std::string& reader, const std::string& name, const FieldUses& uses,
                         const char* advice) {
    for (const FieldUse& use : uses) {
      const auto change = migration_.change_of(use.entity_type, use.field, use.is_of_absence);
      if (!change) continue;
      out_.push_back({Obstacle::Kind::definition_reads_changed_field,
                      name,
                      1,
                      {fmt::format("{} of {}", use.field, use.entity_type)},
                      fmt::format("{} reads `{}` of `{}`, and the upgrade {}; {}", reader, use.field, use.entity_type,
                                  *change, advice)});
      return;
    }
  }

  void look_at_role(const std::string& name, const Json& role) {
    const Json known = list_in(shipped_.find(DefinitionKind::role, name), "scopeRules");
    const Json rules = list_in(&role, "scopeRules");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (std::ranges::find(known, rules[i]) != known.end()) continue;
      FieldUses uses;
      Json condition = rules[i];
      condition.erase("entityType");
      add_condition(uses, rules[i].at("entityType"), condition);
      require_unchanged(fmt::format("the rule scopeRules/{} of role `{}`", i, name), name, uses,
                        "change the role first: take the rule away with what the role allows on the type, upgrade, "
                        "and write both for the new version");
    }
  }

  void look_at_type(const std::string& slug, const Json& type) {
    const Json* const known = shipped_.find(DefinitionKind::entity_type, slug);
    const auto value = [](const Json* definition, const char* key) {
      const Json* const found = definition ? member(*definition, key) : nullptr;
      return found ? *found : Json();
    };
    if (type.contains("boundToRole") && (value(known, "boundToRole") != type.at("boundToRole") ||
                                         value(known, "userIdField") != value(&type, "userIdField")))
      require_unchanged(fmt::format("`userIdField` of the entity type `{}`, which is bound to a role,", slug), slug,
                        {{slug, "data." + type.value("userIdField", "userId"), false}},
                        "unbind the type first, upgrade, and bind it with the new field");
    const Json known_keys = list_in(known, "unique"), known_fields = list_in(known, "searchFields");
    for (const Json& key : list_in(&type, "unique")) {
      if (std::ranges::find(known_keys, key) != known_keys.end()) continue;
      FieldUses uses;
      for (const Json& path : key) uses.insert({slug, "data." + path.get<std::string>(), false});
      require_unchanged(fmt::format("a unique key of the entity type `{}`", slug), slug, uses,
                        "take the key away first, upgrade, and write it for the new version");
    }
    for (const Json& path : list_in(&type, "searchFields"))
      if (std::ranges::find(known_fields, path) == known_fields.end())
        require_unchanged(fmt::format("a search field of the entity type `{}`", slug), slug,
                          {{slug, "data." + path.get<std::string>(), false}},
                          "take the search field away first, upgrade, and write it for the new version");
  }

  void look_at_trigger(const std::string& slug, const Json& trigger) {
    FieldUses uses = uses_of_trigger(&trigger);
    for (const FieldUse& use : uses_of_trigger(shipped_.find(DefinitionKind::trigger, slug))) uses.erase(use);
    require_unchanged(fmt::format("the trigger `{}`", slug), slug, uses,
                      "take the trigger away first, upgrade, and write it for the new version");
  }

  const EntityMigration& migration_;
  const DefinitionSet& shipped_;
  std::vector<Obstacle> out_;
};

}  // namespace

std::vector<Obstacle> readers_of_changed_fields(const EntityMigration& migration, const DefinitionSet& all,
                                                const DefinitionSet& shipped) {
  return ReaderFinder(migration, shipped).run(all);
}

}  // namespace struere
