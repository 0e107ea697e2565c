// A first scoped query: one organization, one role, one API key.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

int main() {
  const auto database = Database::in_memory();  // or Database::open("acme.db")

  // The host creates an organization, and defines its types and roles as the system actor of one environment.
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme = host.create_organization("Acme").id;
  const Session system = host.system_session(acme, Environment::development);
  system.entity_types().define(R"({"slug": "session", "schema": {"type": "object", "required": ["subject"]}})"_json);
  system.roles().define(R"({
    "name": "planner",
    "policies":   [{"resource": "session", "actions": ["list", "read", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.team", "operator": "eq", "value": "north"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.paymentId", "maskType": "hide"}]})"_json);
  const auto everything = system.entities("session");
  everything.create({{"subject", "maths"}, {"team", "north"}, {"paymentId", "pay_1"}, {"state", "scheduled"}});
  everything.create({{"subject", "art"}, {"team", "south"}, {"paymentId", "pay_2"}, {"state", "scheduled"}});
  const std::string key = system.api_keys().create({.name = "planner", .roles = {"planner"}}).secret;

  // From here on, the holder of the key acts in one scope, with its role. No call below names a scope.
  const Session actor = database.authenticate(key);
  const EntityRepository sessions = actor.entities("session");
  const EntityPage page = sessions.list({.where = field("data.state") == "scheduled", .limit = 20});
  for (const Entity& session : page) fmt::print("{}\n", session.json());

  sessions.update(page.front().id(), {{"state", "completed"}});
  fmt::print("guesses of a hidden field that came true: {}\n",
             sessions.count({.where = field("data.paymentId") == "pay_1"}));
  if (const Decision decision = actor.can(Action::remove, "session"); !decision) fmt::print("{}\n", decision.reason());
}
