#include "definitions/definition_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "access/schema_fields.hpp"
#include "core/text.hpp"
#include "definitions/shape.hpp"
#include "struere/access/definition.hpp"
#include "struere/access/policy.hpp"
#include "struere/core/error.hpp"
#include "struere/core/field_path.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/placeholders.hpp"
#include "triggers/trigger_definition.hpp"

namespace struere {
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> out;
  for (const auto& [name, value] : map) out.push_back(name);
  return out;
}

class DefinitionCheck {
 public:
  DefinitionCheck(const DefinitionSet& definitions, const HeldFields& held) : definitions_(definitions), held_(held) {
    for (const auto& [slug, definition] : definitions.of(DefinitionKind::entity_type)) {
      EntityType type;
      type.slug = slug;
      type.key = 1;  // the plan checks whether a reserved word is already the slug of a stored type
      known_.push_back(std::move(type));
    }
  }

  CheckedDefinitions run() {
    for (const DefinitionKind kind : definition_kinds)
      for (const auto& [name, definition] : definitions_.of(kind)) {
        kind_ = kind;
        name_ = name;
        const std::size_t before = out_.faults.size();
        for (ShapeFault& wrong : shape_faults(kind, definition)) fault(wrong.place, std::move(wrong.message));
        if (out_.faults.size() == before) check(definition);
        if (out_.faults.size() == before) out_.normal.add(kind, normal_);
      }
    return std::move(out_);
  }

 private:
  void fault(Json::json_pointer place, std::string message) {
    out_.faults.push_back({kind_, name_, std::move(place), std::move(message)});
  }

  static Json::json_pointer at(const std::string& pointer) { return Json::json_pointer(pointer); }

  // Returns whether `body` throws an Error, and reports its message as a fault at that place.
  template <class Body>
  bool refused(const Json::json_pointer& place, Body&& body) {
    try {
      body();
      return false;
    } catch (const Error& error) {
      fault(place, error.what());
      return true;
    }
  }

  void check(const Json& definition) {
    JsonFault unacceptable;
    if (!canonical_json(definition, unacceptable)) return fault(at(""), unacceptable.message);
    switch (kind_) {
      case DefinitionKind::entity_type: return check_entity_type(definition);
      case DefinitionKind::role: return check_role(definition);
      case DefinitionKind::agent: return check_agent(definition);
      case DefinitionKind::trigger: return check_trigger(definition);
      case DefinitionKind::tool: return check_tool(definition);
    }
  }

  void require(DefinitionKind kind, const std::string& name, const Json::json_pointer& place) {
    if (!definitions_.find(kind, name))
      fault(place, fmt::format("there is no {} `{}`.{}", to_string(kind), name,
                               suggestion(name, names_of(definitions_.of(kind)))));
  }

  void require_tool(const std::string& name, const Json::json_pointer& place) {
    if (definitions_.find(DefinitionKind::tool, name) || is_built_in_tool(name)) return;
    auto known = names_of(definitions_.of(DefinitionKind::tool));
    known.insert(known.end(), built_in_tools.begin(), built_in_tools.end());
    fault(place,
          fmt::format("nobody registered the tool `{}`: add tools/{}.yaml.{}", name, name, suggestion(name, known)));
  }

  void require_field(const std::string& type, const std::string& field, const Json::json_pointer& place) {
    if (auto wrong = missing_field(definitions_, type, field)) fault(place, *std::move(wrong));
  }

  // A mask may name a field that only stored rows or events contain.
  void require_maskable(const std::string& type, const std::string& field, const Json::json_pointer& place) {
    auto wrong = missing_field(definitions_, type, field);
    if (wrong && !(held_ && held_(type, *FieldPath::parse(field)))) fault(place, *std::move(wrong));
  }

  void check_entity_type(const Json& definition) {
    refused(at(""), [&] { normal_ = definition_of(read_entity_type(definition, known_)); });
    if (definition.contains("boundToRole"))
      require(DefinitionKind::role, definition.at("boundToRole"), at("/boundToRole"));
    if (definition.contains("searchFields"))
      for (std::size_t i = 0; i < definition.at("searchFields").size(); ++i)
        require_field(name_, "data." + definition.at("searchFields")[i].get<std::string>(), at("/searchFields") / i);
    if (definition.contains("unique"))
      for (std::size_t i = 0; i < definition.at("unique").size(); ++i)
        for (std::size_t j = 0; j < definition.at("unique")[i].size(); ++j)
          require_field(name_, "data." + definition.at("unique")[i][j].get<std::string>(), at("/unique") / i / j);
  }

  // The fields of a scope rule that read_role() accepts, those in its groups included.
  void require_rule_fields(const std::string& type, const Json& rule, const Json::json_pointer& place) {
    if (rule.contains("field")) require_field(type, rule.at("field"), place / "field");
    for (const char* const group : {"any", "all"})
      if (rule.contains(group))
        for (std::size_t i = 0; i < rule.at(group).size(); ++i)
          require_rule_fields(type, rule.at(group)[i], place / group / i);
  }

  void check_role(const Json& definition) {
    // Checks part by part first, so that a fault has the place of its part.
    const std::size_t before = out_.faults.size();
    for (const char* const key : {"policies", "scopeRules", "fieldMasks", "visibleFields"}) {
      if (!definition.contains(key)) continue;
      for (std::size_t i = 0; i < definition.at(key).size(); ++i) {
        const Json& part = definition.at(key)[i];
        const Json::json_pointer place = at(std::string("/") + key) / i;
        const std::size_t before_part = out_.faults.size();
        if (part.contains("resource") && part.at("resource") != "*" &&
            !is_system_resource(part.at("resource").get_ref<const std::string&>()))
          require(DefinitionKind::entity_type, part.at("resource"), place / "resource");
        if (part.contains("entityType"))
          require(DefinitionKind::entity_type, part.at("entityType"), place / "entityType");
        if (out_.faults.size() != before_part) continue;
        if (refused(place, [&] { read_role({{"name", name_}, {key, Json::array({part})}}, known_); })) continue;
        if (key == std::string_view("scopeRules")) require_rule_fields(part.at("entityType"), part, place);
        if (part.contains("fieldPath"))
          require_maskable(part.at("entityType"), part.at("fieldPath"), place / "fieldPath");
        if (key == std::string_view("visibleFields"))
          for (std::size_t field = 0; field < part.at("fields").size(); ++field)
            require_maskable(part.at("entityType"), part.at("fields")[field], place / "fields" / field);
      }
    }
    if (out_.faults.size() == before) refused(at(""), [&] { normal_ = definition_of(read_role(definition, known_)); });
  }

  void check_agent(const Json& definition) {
    if (!is_slug(name_)) fault(at("/slug"), "a slug is 1 to 64 lower-case letters, digits, _ and -");
    normal_ = {{"slug", name_},      {"name", name_},          {"description", ""},
               {"status", "active"}, {"tools", Json::array()}, {"roles", Json::array()}};
    normal_.update(definition);
    for (const char* const key : {"name", "model"})
      if (const auto& text = normal_.at(key).get_ref<const std::string&>(); text.empty() || text.size() > longest_name)
        fault(at(std::string("/") + key), fmt::format("this is a text of 1 to {} bytes", longest_name));
    for (std::size_t i = 0; i < normal_.at("tools").size(); ++i) require_tool(normal_.at("tools")[i], at("/tools") / i);
    for (std::size_t i = 0; i < normal_.at("roles").size(); ++i)
      require(DefinitionKind::role, normal_.at("roles")[i], at("/roles") / i);
  }

  void check_trigger(const Json& definition) {
    normal_ = parse_canonical_json(canonical_json(definition));
    require(DefinitionKind::entity_type, definition.at("on").at("entityType"), at("/on/entityType"));
    for (std::size_t i = 0; i < definition.at("actions").size(); ++i)
      require_tool(definition.at("actions")[i].at("tool"), at("/actions") / i / "tool");
    if (refused(at(""), [&] { read_trigger(normal_); })) return;
    const std::string& type = definition.at("on").at("entityType").get_ref<const std::string&>();
    if (definition.at("on").contains("condition"))
      check_condition(type, definition.at("on").at("condition"), at("/on/condition"));
    if (definition.contains("schedule") && definition.at("schedule").contains("at"))
      check_at(type, definition.at("schedule").at("at"));
    for (std::size_t i = 0; i < definition.at("actions").size(); ++i)
      check_step(type, definition.at("actions")[i], at("/actions") / i);
  }

  // A field of the written entity: `data.x` or `previousData.x`.
  void require_written_field(const std::string& type, std::string_view path, const Json::json_pointer& place) {
    constexpr std::string_view now = "data.", before = "previousData.";
    for (const std::string_view prefix : {now, before})
      if (path.starts_with(prefix)) require_field(type, "data." + std::string(path.substr(prefix.size())), place);
  }

  // Accepts the same forms as read_condition: a list, one condition or group, or an object of fields and equal values.
  void check_condition(const std::string& type, const Json& condition, const Json::json_pointer& place) {
    if (condition.is_array()) {
      for (std::size_t i = 0; i < condition.size(); ++i) check_condition(type, condition[i], place / i);
    } else if (condition.contains("field")) {
      require_written_field(type, condition.at("field").get<std::string>(), place / "field");
    } else if (condition.contains("any") || condition.contains("all")) {
      const char* const group = condition.contains("any") ? "any" : "all";
      check_condition(type, condition.at(group), place / group);
    } else {
      for (const auto& [field, value] : condition.items()) require_written_field(type, field, place / field);
    }
  }

  // The schema of the field that a placeholder names; null if it is not known.
  const Json* schema_of(const std::string& type, std::string_view path) const {
    const Json* const definition = definitions_.find(DefinitionKind::entity_type, type);
    const auto field = FieldPath::parse(path);
    if (!field || !field->is_data() || !definition || !definition->contains("schema")) return nullptr;
    const Json* schema = &definition->at("schema");
    for (const std::string& segment : field->segments()) {
      if (!schema->is_object() || !schema->contains("properties") || !schema->at("properties").contains(segment))
        return nullptr;
      schema = &schema->at("properties").at(segment);
    }
    return schema;
  }

  void check_placeholders(const std::string& type, const Json& value, const Json::json_pointer& place) {
    constexpr std::string_view write = "trigger.";
    each_placeholder(value, [&](std::string_view path) {
      if (path.starts_with(write)) require_written_field(type, path.substr(write.size()), place);
    });
  }

  // Without this check, a value that is never a time would fail only at run time.
  void check_at(const std::string& type, const Json& value) {
    const Json::json_pointer place = at("/schedule/at");
    check_placeholders(type, value, place);
    each_placeholder(value, [&](std::string_view path) {
      constexpr std::string_view data = "trigger.data.";
      if (!path.starts_with(data)) return;
      const Json* const schema = schema_of(type, path.substr(std::string_view("trigger.").size()));
      if (!schema || !schema->is_object() || !schema->contains("type")) return;
      const Json& types = schema->at("type");
      const auto may_be = [&](const char* name) {
        return types == name || (types.is_array() && std::ranges::find(types, Json(name)) != types.end());
      };
      if (!may_be("string") && !may_be("integer") && !may_be("number"))
        fault(place, fmt::format("`{}` is not a time: its schema allows neither a text nor a number", path));
    });
  }

  void check_step(const std::string& type, const Json& action, const Json::json_pointer& place) {
    const Json arguments = action.value("args", Json::object());
    check_placeholders(type, arguments, place / "args");
    const std::string& tool = action.at("tool").get_ref<const std::string&>();
    if (!is_built_in_tool(tool)) return;
    if (refused(place / "args", [&] { check_built_in_arguments(tool, arguments); })) return;
    if (const auto target = type_written_in(tool, arguments))
      require(DefinitionKind::entity_type, *target, place / "args" / "type");
  }

  void check_tool(const Json& definition) {
    normal_ = {{"name", name_}, {"agents", Json::object()}};
    if (name_.empty() || name_.size() > longest_name)
      fault(at("/name"), fmt::format("this is a text of 1 to {} bytes", longest_name));
    if (!definition.contains("agents")) return;
    for (const auto& [agent, permission] : definition.at("agents").items()) {
      const Json::json_pointer place = at("/agents") / agent;
      require(DefinitionKind::agent, agent, place);
      Json whole{{"identity", "inherit"}, {"deniedFields", Json::array()}};
      whole.update(permission);
      if ((whole.at("identity") == "configured") != whole.contains("role"))
        fault(place, "`role` is required for the identity `configured`, and not allowed for others");
      if (whole.contains("role")) require(DefinitionKind::role, whole.at("role"), place / "role");
      for (std::size_t i = 0; i < whole.at("deniedFields").size(); ++i) {
        const auto path = FieldPath::parse(whole.at("deniedFields")[i].get<std::string>());
        if (!path || path->root() == FieldPath::Root::id)
          fault(place / "deniedFields" / i,
                "a denied field is a path such as data.card, or status, createdAt or updatedAt");
      }
      normal_["agents"][agent] = std::move(whole);
    }
  }

  const DefinitionSet& definitions_;
  const HeldFields& held_;
  std::vector<EntityType> known_;  // the readers use only their slugs
  DefinitionKind kind_ = DefinitionKind::entity_type;
  std::string name_;
  Json normal_;
  CheckedDefinitions out_;
};

}  // namespace

CheckedDefinitions check_definitions(const DefinitionSet& definitions, const HeldFields& held) {
  return DefinitionCheck(definitions, held).run();
}

std::optional<std::string> missing_field(const DefinitionSet& definitions, const std::string& type,
                                         const std::string& field) {
  const auto path = FieldPath::parse(field);
  const Json* const definition = definitions.find(DefinitionKind::entity_type, type);
  if (!path || !path->is_data() || !definition || !definition->contains("schema")) return std::nullopt;
  const Json* const properties = properties_without(definition->at("schema"), path->segments());
  if (!properties) return std::nullopt;
  const Json* at = &definition->at("schema").at("properties");
  std::size_t depth = 0;
  for (; at != properties; ++depth) at = &at->at(path->segments()[depth]).at("properties");
  return fmt::format("the schema of `{}` has no field `{}`.{}", type, field,
                     suggestion(path->segments()[depth], names_of(properties->get<std::map<std::string, Json>>())));
}

}  // namespace struere
