#include "conditions.hpp"

namespace struere::proof {
namespace {

Json dynamic_value(Random& random, const std::string& op, ConditionOf of) {
  static const std::vector<std::string> own{"actor.entityId", "actor.entityId", "actor.entityId", "actor.userId"};
  static const std::vector<std::string> anybody{"actor.userId", "actor.userId", "actor.userId", "actor.organizationId",
                                                "actor.entityId"};
  if (op == "in" || op == "nin") return "actor.relatedIds:" + random.pick(relation_names);
  return random.pick(of == ConditionOf::bound_rule ? own : anybody);
}

Json value_for(Random& random, const std::string& field, const std::string& op, const std::vector<std::string>& refs,
               ConditionOf of) {
  if (op == "exists") return random.chance(50);
  const bool in_rule = of != ConditionOf::query;
  const bool names_somebody = field == "data.owner" || field == "data.userId" || field == "id";
  if (in_rule && random.chance(names_somebody ? 65 : 6)) return dynamic_value(random, op, of);
  if (op == "in" || op == "nin") {
    Json values = Json::array();
    for (int i = random.between(0, 4); i > 0; --i) values.push_back(random_value_of(random, field, refs));
    return values;
  }
  Json value = random_value_of(random, field, refs);
  if (op == "contains" && value.is_array() && !value.empty()) value = Json(value.front());
  const bool orders = op == "gt" || op == "gte" || op == "lt" || op == "lte";
  if (orders && !value.is_number() && !value.is_string()) value = random.chance(50) ? random_number(random) : Json("b");
  // In a rule, a text that begins with `actor.` would be a dynamic value.
  if (in_rule && value.is_string() && value.get_ref<const std::string&>().starts_with("actor."))
    value = "literal:" + value.get<std::string>();
  return value;
}

// Returns a condition that the library must refuse.
Json spoilt(Random& random, Json condition) {
  switch (random.below(6)) {
    case 0: return {{"any", Json::array()}};
    case 1: condition["also"] = 1; return condition;
    case 2: condition["operator"] = "like"; return condition;
    case 3:
      condition["field"] =
          random.pick(std::vector<std::string>{"data", "data..a", "data.a b", "type", "", "data.a.b.c.d.e.f.g.h.i"});
      return condition;
    case 4:
      condition["value"] = random.pick(std::vector<std::string>{"actor.mail", "actor.userId", "literal:x"});
      return condition;
    default: condition.erase("value"); return condition;
  }
}

}  // namespace

Json random_condition(Random& random, const std::vector<std::string>& refs, ConditionOf of, int depth) {
  if (depth < 3 && random.chance(20)) {
    Json parts = Json::array();
    for (int i = random.between(1, 3); i > 0; --i) parts.push_back(random_condition(random, refs, of, depth + 1));
    return {{random.chance(60) ? "any" : "all", parts}};
  }
  if (of != ConditionOf::query && random.chance(of == ConditionOf::bound_rule ? 18 : 2)) {
    static const std::vector<std::string> paths{"knows",
                                                "^knows",
                                                "teaches",
                                                "teaches/^knows",
                                                "knows/teaches",
                                                "^member-of/knows",
                                                "^teaches/knows/^knows/teaches"};
    return {{"relationPath", random.pick(paths)}};
  }
  const std::string field = random_field(random);
  std::string op = random.pick(operator_names);
  // Fields that name a user or an entity often get the operators that rules about the actor use.
  const bool names_somebody = field == "data.owner" || field == "data.userId" || field == "id";
  if (of != ConditionOf::query && names_somebody && random.chance(50)) op = field == "id" ? "in" : "eq";
  Json condition{{"field", field}, {"operator", op}, {"value", value_for(random, field, op, refs, of)}};
  // A bad rule makes a whole world unusable, a bad query only one step, so bad rules are rarer.
  const bool spoil = of != ConditionOf::query ? random.below(1500) == 0 : random.chance(2);
  return spoil ? spoilt(random, std::move(condition)) : condition;
}

}  // namespace struere::proof
