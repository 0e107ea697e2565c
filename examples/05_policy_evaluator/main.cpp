// Decisions without a database: the same policies, for objects that a host stores elsewhere.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

int main() {
  // Definitions are checked as in a database: a misspelt resource or action is refused here.
  const auto rules = read_rules(R"([{"slug": "invoice"}, {"slug": "report"}])"_json, R"([
    {"name": "clerk",
     "policies": [{"resource": "invoice", "actions": ["list", "read", "create"], "effect": "allow"}]},
    {"name": "trainee",
     "policies": [{"resource": "*", "actions": ["list", "read"], "effect": "allow"},
                  {"resource": "invoice", "actions": ["create"], "effect": "deny"}]}])"_json);

  const PolicyEvaluator clerk(rules, {.roles = {"clerk"}});
  const PolicyEvaluator trainee(rules, {.roles = {"clerk", "trainee"}});  // the roles of one person add up
  const PolicyEvaluator nobody(rules, {.roles = {"no-such-role"}});       // a name without a role grants nothing

  const auto show = [](const char* who, const Decision& decision) {
    fmt::print("{}: {}, {}\n", who, decision ? "yes" : "no", decision.reason());
  };
  show("clerk creates an invoice", clerk.can(Action::create, "invoice"));
  show("trainee creates an invoice", trainee.can(Action::create, "invoice"));  // one deny outweighs every allow
  show("trainee reads a report", trainee.can(Action::read, "report"));
  show("clerk reads a report", clerk.can(Action::read, "report"));  // nothing is allowed by default
  show("nobody lists invoices", nobody.can(Action::list, "invoice"));
}
