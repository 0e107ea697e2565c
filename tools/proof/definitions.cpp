// Random entity types and roles.
#include <algorithm>
#include <set>
#include <string_view>

#include "conditions.hpp"
#include "generator.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere::proof {
namespace {

Json random_mask(Random& random, const std::string& type) {
  static const std::vector<std::string> attributes{"status", "createdAt", "updatedAt"};
  Json mask{{"entityType", type},
            {"fieldPath", random.chance(15) ? random.pick(attributes) : random_data_path(random)},
            {"maskType", random.chance(50) ? "hide" : "redact"}};
  if (mask["maskType"] == "hide" || random.chance(40)) return mask;
  Json config = Json::object();
  if (random.chance(60)) config["keepLast"] = random.between(1, 4);
  if (config.empty() || random.chance(30)) config["replacement"] = random_value(random, 2);
  mask["maskConfig"] = config;
  return mask;
}

// Masks with the same key may conflict: SPEC does not say which of two redactions of one length applies to an array.
std::string tied_on(const Json& mask) {
  const std::string path = mask.at("fieldPath").get<std::string>();
  if (mask.at("maskType") == "hide") return "hide " + path;
  return "redact " + std::to_string(std::count(path.begin(), path.end(), '.'));
}

Json random_policies(Random& random) {
  static const std::vector<Json> actions{
      {"*"},    {"list", "read"}, {"list", "read", "update"},    {"list", "read", "create", "update", "delete"},
      {"read"}, {"list"},         {"create", "update", "delete"}};
  Json policies = Json::array();
  const auto allow = [&](const std::string& resource) {
    policies.push_back(
        {{"resource", resource}, {"actions", random.pick(actions)}, {"effect", random.chance(5) ? "deny" : "allow"}});
  };
  for (const std::string& type : random.some(type_names, 85)) allow(type);
  if (random.chance(12)) allow("*");
  if (random.chance(20)) allow("events");
  if (random.chance(5)) allow("users");
  return policies;
}

}  // namespace

OrderedJson random_entity_types(Random& random, const std::vector<std::string>& roles) {
  std::vector<std::string> unbound = roles;  // one role must not be bound to two types
  const auto bind = [&](OrderedJson& type, int percent) {
    if (unbound.empty() || !random.chance(percent)) return;
    const auto role = unbound.begin() + random.below(static_cast<int>(unbound.size()));
    type["boundToRole"] = *role;
    unbound.erase(role);
    if (type["slug"] != "person" || random.chance(20))
      type["userIdField"] = random.pick(std::vector<std::string>{"owner", "owner", "meta.a"});
  };
  OrderedJson person{{"slug", "person"}, {"name", "Person"}, {"searchFields", {"title"}}};
  bind(person, 90);
  OrderedJson note{{"slug", "note"}, {"name", "Note"}, {"schema", {{"type", "object"}}}};
  note["searchFields"] = random.some(std::vector<std::string>{"title", "tags", "secret", "meta.a"}, 60);
  bind(note, 55);
  OrderedJson task{{"slug", "task"}, {"name", "Task"}, {"searchFields", {"title", "tags"}}};
  task["schema"] = OrderedJson::parse(R"({"type": "object", "required": ["title"], "properties": {
    "title": {"type": "string"}, "n": {"type": "number"},
    "assignee": {"type": "string", "references": "person"},
    "watchers": {"type": "array", "items": {"type": "string", "references": "person"}}}})");
  bind(task, 40);
  return OrderedJson::array({person, note, task});
}

Json random_unique_key(Random& random) {
  const auto inner = [&] { return random_data_path(random).substr(std::string_view("data.").size()); };
  Json key = Json::array({inner()});
  if (random.chance(30))
    if (const std::string second = inner(); second != key[0]) key.push_back(second);
  return key;
}

void add_unique_keys(Random& random, OrderedJson& environment) {
  for (OrderedJson& type : environment["entityTypes"])
    for (int tries = random.chance(50) ? random.between(1, 3) : 0; tries > 0; --tries) {
      const Json key = random_unique_key(random);
      SharedValues shared(key.get<UniqueKey>());
      for (const OrderedJson& entity : environment["entities"])
        if (entity.at("type") == type.at("slug")) shared.add(Json(entity.at("data")));
      if (shared.count() == 0) type["unique"].push_back(OrderedJson(key));
    }
}

Json random_role(Random& random, const std::string& name, const std::vector<std::string>& refs, bool bound) {
  Json role{{"name", name}, {"policies", random_policies(random)}};
  Json rules = Json::array(), masks = Json::array(), visible = Json::array();
  for (const std::string& type : type_names) {
    for (int i = random.pick(std::vector<int>{0, 0, 1, 1, 1, 2, 3}); i > 0; --i) {
      Json rule = random_condition(random, refs, bound ? ConditionOf::bound_rule : ConditionOf::rule);
      rule["entityType"] = type;
      rules.push_back(std::move(rule));
    }
    std::set<std::string> taken;
    for (int i = random.pick(std::vector<int>{0, 0, 1, 2, 3, 4}); i > 0; --i) {
      const Json mask = random_mask(random, type);
      if (taken.insert(tied_on(mask)).second) masks.push_back(mask);
    }
    if (random.chance(18)) {
      std::set<std::string> fields;
      for (int i = random.below(5); i > 0; --i) fields.insert(random_data_path(random));
      visible.push_back({{"entityType", type}, {"fields", fields}});
    }
  }
  if (!rules.empty()) role["scopeRules"] = rules;
  if (!masks.empty()) role["fieldMasks"] = masks;
  if (!visible.empty()) role["visibleFields"] = visible;
  return role;
}

}  // namespace struere::proof
