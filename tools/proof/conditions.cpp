#include "conditions.hpp"

namespace struere::proof {
namespace {

Json dynamic_value(Random& random) {
  static const std::vector<std::string> values{"actor.userId",   "actor.userId",           "actor.organizationId",
                                               "actor.entityId", "actor.relatedIds:knows", "actor.relatedIds:teaches"};
  return random.pick(values);
}

Json value_for(Random& random, const std::string& field, const std::string& op, const std::vector<std::string>& refs,
               ConditionOf of) {
  if (op == "exists") return random.chance(50);
  const bool in_rule = of == ConditionOf::rule;
  if (in_rule && (field == "data.owner" || field == "data.userId" || field == "id") && random.chance(65))
    return field == "id" && random.chance(60) ? Json("actor.relatedIds:" + random.pick(relation_names))
                                              : dynamic_value(random);
  if (in_rule && random.chance(6)) return dynamic_value(random);
  if (op == "in" || op == "nin") {
    Json values = Json::array();
    for (int i = random.between(0, 4); i > 0; --i) values.push_back(random_value_of(random, field, refs));
    return values;
  }
  Json value = random_value_of(random, field, refs);
  if (op == "contains" && value.is_array() && !value.empty()) value = Json(value.front());
  const bool orders = op == "gt" || op == "gte" || op == "lt" || op == "lte";
  if (orders && !value.is_number() && !value.is_string()) value = random.chance(50) ? random_number(random) : Json("b");
  // In a rule a text that starts so would mean something else.
  if (in_rule && value.is_string() && value.get_ref<const std::string&>().starts_with("actor."))
    value = "literal:" + value.get<std::string>();
  return value;
}

// What must be refused.
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
  if (of == ConditionOf::rule && random.chance(10)) {
    static const std::vector<std::string> paths{"knows",
                                                "^knows",
                                                "teaches",
                                                "teaches/^knows",
                                                "knows/teaches",
                                                "^member-of/knows",
                                                "^teaches/knows/^knows/teaches"};
    return {{"relationPath", random.pick(paths)}};
  }
  const std::string op = random.pick(operator_names);
  const std::string field = random_field(random);
  Json condition{{"field", field}, {"operator", op}, {"value", value_for(random, field, op, refs, of)}};
  // A world with a bad rule is no world at all, a bad query is one step.
  const bool spoil = of == ConditionOf::rule ? random.below(1500) == 0 : random.chance(2);
  return spoil ? spoilt(random, std::move(condition)) : condition;
}

}  // namespace struere::proof
