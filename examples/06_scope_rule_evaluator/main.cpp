// Row rules without a database: which of a host's own JSON objects an actor may see and change.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

int main() {
  const auto rules = read_rules(R"([{"slug": "ticket"}])"_json, R"([
    {"name": "agent",
     "policies":   [{"resource": "ticket", "actions": ["list", "read"], "effect": "allow"}],
     "scopeRules": [{"entityType": "ticket", "field": "data.assignee", "operator": "eq", "value": "actor.userId"}]},
    {"name": "north",
     "policies":   [{"resource": "ticket", "actions": ["list"], "effect": "allow"}],
     "scopeRules": [{"entityType": "ticket", "field": "data.team", "operator": "eq", "value": "north"}]}])"_json);

  // These come from a queue, another database or an API. struere never stored them.
  const std::vector<RowFields> tickets{
      {.id = "t1", .data = {{"title", "screen flickers"}, {"team", "north"}, {"assignee", "ada"}}},
      {.id = "t2", .data = {{"title", "wet keyboard"}, {"team", "north"}, {"assignee", "bo"}}},
      {.id = "t3", .data = {{"title", "wrong invoice"}, {"team", "south"}, {"assignee", "ada"}}},
      {.id = "t4", .data = {{"title", "no light"}, {"team", "south"}}}};  // without the field, the rules are false

  const Subject ada{.roles = {"agent"}, .user_id = "ada"};
  const Subject cleo{.roles = {"agent", "north"}, .user_id = "cleo"};
  const auto show = [&](const char* what, const ScopeRuleEvaluator& rows) {
    fmt::print("{}:", what);
    for (const RowFields& ticket : tickets)
      if (rows.admits(ticket)) fmt::print(" {}", ticket.id.get<std::string>());
    fmt::print("\n");
  };
  show("ada lists", ScopeRuleEvaluator(rules, ada, Action::list, "ticket"));
  show("cleo lists", ScopeRuleEvaluator(rules, cleo, Action::list, "ticket"));  // a further role adds rows
  show("cleo reads", ScopeRuleEvaluator(rules, cleo, Action::read, "ticket"));  // `north` has no grant for it
  show("ada removes", ScopeRuleEvaluator(rules, ada, Action::remove, "ticket"));
}
