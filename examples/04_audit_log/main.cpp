// Every write leaves an event, in the same transaction. The events form a chain that shows where it was changed.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

namespace {

void define_shop(const Session& system) {
  system.entity_types().define(R"({"slug": "order"})"_json);  // without a schema any object is valid
  system.roles().define(R"({
    "name": "clerk",
    "policies":   [{"resource": "order", "actions": ["create", "read", "update", "list"], "effect": "allow"}],
    "scopeRules": [{"entityType": "order", "field": "data.shop", "operator": "eq", "value": "north"}],
    "fieldMasks": [{"entityType": "order", "fieldPath": "data.margin", "maskType": "hide"}]})"_json);
  // `events` is a resource like a type. `read` shows events that are about no row and allows `verify`; `create` allows
  // emitting events.
  system.roles().define(R"({
    "name": "auditor",
    "policies": [{"resource": "order", "actions": ["read"], "effect": "allow"},
                 {"resource": "events", "actions": ["read", "create"], "effect": "allow"}]})"_json);
}

Session actor_with(const Database& database, const Session& system, const std::string& role) {
  return database.authenticate(system.api_keys().create({.name = role, .roles = {role}}).secret);
}

void show_log(const char* whose, const EventRepository& events, const EventQuery& query = {}) {
  fmt::print("{}\n", whose);
  for (const Event& event : events.list(query).events)
    fmt::print("  {:<22}  {:<6}  {}\n", event.type(), event.actor_type(), event.json());
}

}  // namespace

int main() {
  const Database database = Database::in_memory();
  const TrustedHost host = database.trusted_host();
  const Session system = host.system_session(host.create_organization("Acme").id, Environment::production);
  define_shop(system);
  const Session clerk = actor_with(database, system, "clerk"), auditor = actor_with(database, system, "auditor");

  const EntityRepository all = system.entities("order"), orders = clerk.entities("order");
  const EntityId lamp = all.create({{"item", "lamp"}, {"shop", "north"}, {"price", 40}, {"margin", 12}}).id;
  all.create({{"item", "chair"}, {"shop", "south"}, {"price", 90}, {"margin", 35}});
  orders.update(lamp, {{"price", 35}});
  try {
    orders.remove(lamp);  // no policy lets a clerk do this; the attempt is recorded
  } catch (const Error& error) {
    fmt::print("clerk removes the lamp: {}\n", to_string(error.code()));
  }
  // The host can add its own events to the same chain. It chooses their types.
  auditor.audit().append("order.price.questioned", {{"reason", "below the list price"}}, lamp);

  // A query of the log is never denied, but it reveals nothing more: it shows the same of a row as the row itself
  // would show.
  show_log("the lamp, to the clerk:", clerk.events(), {.entity = lamp});
  show_log("the lamp, to the auditor:", auditor.events(), {.entity = lamp});
  show_log("orders created, to the clerk:", clerk.events(), {.type = "order.created"});
  for (const Event& event : auditor.events().list({.type = "access.denied"}).events)
    fmt::print("denied: {} of an {}\n", event.payload().at("action").get<std::string>(),
               event.payload().at("resource").get<std::string>());

  // Each event holds the SHA-256 of the one before it, so `verify` finds the first that was altered, removed, inserted
  // or moved. Keep `head` in a place that a person with write access to the file cannot reach: that person could write
  // a whole new chain, but not one with this end.
  // Only the host and org admins get the head and the number of events.
  const Verification verification = system.events().verify();
  fmt::print("verify: {}, {} events, head of {} digits\n", verification.ok ? "sound" : verification.problem,
             *verification.verified, verification.head->size());
  fmt::print("auditor verifies: {}\n", auditor.events().verify().ok ? "sound" : "broken");
  try {
    clerk.events().verify();
  } catch (const Error& error) {
    fmt::print("clerk verifies: {}\n", to_string(error.code()));
  }
}
