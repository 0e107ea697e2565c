// Field masks without a database: which fields of a host's own JSON an actor sees, and which it may write.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

int main() {
  const auto rules = read_rules(R"([{"slug": "employee"}])"_json, R"([
    {"name": "payroll",
     "policies":   [{"resource": "employee", "actions": ["list", "update"], "effect": "allow"}],
     "fieldMasks": [{"entityType": "employee", "fieldPath": "data.home", "maskType": "hide"},
                    {"entityType": "employee", "fieldPath": "data.iban", "maskType": "redact",
                     "maskConfig": {"keepLast": 4}}]},
    {"name": "lead",
     "policies":   [{"resource": "employee", "actions": ["list"], "effect": "allow"}],
     "scopeRules": [{"entityType": "employee", "field": "data.team", "operator": "eq", "value": "north"}]}])"_json);

  const RowFields ada{.id = "e1", .data = R"({
    "name": "Ada", "team": "north", "iban": "DE02120300000000202051", "home": {"city": "Bergen"}})"_json};
  const RowFields bo{.id = "e2", .data = R"({
    "name": "Bo", "team": "south", "iban": "DE02500105170137075030", "home": {"city": "Porto"}})"_json};

  const auto show = [&](const char* who, const FieldMaskEvaluator& masks) {
    for (const RowFields& row : {ada, bo}) {
      const auto shown = masks.show(row);
      fmt::print("{}: {}\n", who, shown ? shown->data.dump() : "no such row");
    }
  };
  show("payroll", FieldMaskEvaluator(rules, {.roles = {"payroll"}}, Action::list, "employee"));
  show("lead", FieldMaskEvaluator(rules, {.roles = {"lead"}}, Action::list, "employee"));
  // Masks belong to the grants that admit the row: `lead` shows all of Ada, and hides nothing of Bo.
  show("both", FieldMaskEvaluator(rules, {.roles = {"lead", "payroll"}}, Action::list, "employee"));

  // A patch that names a masked field is refused, whatever the new value is.
  const FieldMaskEvaluator writing(rules, {.roles = {"payroll"}}, Action::update, "employee");
  fmt::print("payroll writes the team: {}\n", writing.may_update(ada, {{"team", "south"}}));
  fmt::print("payroll writes the iban: {}\n", writing.may_update(ada, {{"iban", "DE00"}}));
}
