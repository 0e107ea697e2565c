// A ticket system in less than a hundred lines: three types, three roles, a unique key, a unit of work, a trigger.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

namespace {

struct Ticket {  // a row as a type of our own
  std::string title, customer, state;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Ticket, title, customer, state)
};

void define_ticket_system(const Session& system) {
  system.entity_types().define(R"({"slug": "customer", "unique": [["email"]], "boundToRole": "customer", "schema": {
    "type": "object", "required": ["email"],
    "properties": {"email": {"type": "string", "format": "email"}, "plan": {"type": "string"}}}})"_json);
  system.entity_types().define(R"({"slug": "ticket", "schema": {
    "type": "object", "required": ["title", "customer", "state"],
    "properties": {"title": {"type": "string"}, "customer": {"type": "string", "references": "customer"},
                   "state": {"enum": ["open", "solved"]}, "note": {"type": "string"}}}})"_json);
  system.entity_types().define(R"({"slug": "message", "schema": {
    "type": "object", "required": ["ticket", "text"],
    "properties": {"ticket": {"type": "string", "references": "ticket"}, "text": {"type": "string"}}}})"_json);

  system.roles().define(R"({"name": "customer",
    "policies":   [{"resource": "ticket", "actions": ["list", "read", "create"], "effect": "allow"},
                   {"resource": "customer", "actions": ["read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "ticket", "field": "data.customer", "operator": "eq", "value": "actor.entityId"},
                   {"entityType": "customer", "field": "id", "operator": "eq", "value": "actor.entityId"}],
    "fieldMasks": [{"entityType": "ticket", "fieldPath": "data.note", "maskType": "hide"}]})"_json);
  system.roles().define(R"({"name": "agent",
    "policies":   [{"resource": "ticket", "actions": ["list", "read", "update"], "effect": "allow"},
                   {"resource": "customer", "actions": ["list", "read"], "effect": "allow"},
                   {"resource": "message", "actions": ["*"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "customer", "fieldPath": "data.email", "maskType": "redact",
                    "maskConfig": {"keepLast": 11}}]})"_json);
  system.roles().define(R"({"name": "manager",
    "policies":   [{"resource": "*", "actions": ["list", "read"], "effect": "allow"}]})"_json);

  system.triggers().define(R"({"slug": "confirm", "on": {"entityType": "ticket", "action": "created"},
    "actions": [{"tool": "entity.create", "args": {"type": "message", "data": {
      "ticket": "{{trigger.entityId}}", "text": "We have received: {{trigger.data.title}}"}}}]})"_json);
}

}  // namespace

int main() {
  const Database database = Database::in_memory();  // or Database::open("tickets.db")
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme = host.create_organization("Acme").id;
  const Session system = host.system_session(acme, Environment::production);
  define_ticket_system(system);
  const auto log_in = [&](const char* name, const char* role) {  // after your own check of who the user is
    const UserId user = host.create_user(name, UserId(name)).id;
    host.put_member(acme, user);
    system.roles().assign(user, role);
    return host.user_session(user, acme, Environment::production);
  };

  // The unique key identifies the customer: the first call creates it, later calls update it.
  const EntityRepository customers = system.entities("customer");
  const std::string kim =
      customers.upsert({"email"}, {{"email", "kim@example.org"}, {"userId", "kim"}}).written.id.str();
  fmt::print("kim is made twice: {}\n",
             customers.upsert({"email"}, {{"email", "kim@example.org"}, {"plan", "gold"}}).created);
  customers.create({{"email", "lee@example.org"}, {"userId", "lee"}});

  // The customer writes a ticket; this starts the trigger.
  const EntityRepository of_kim = log_in("kim", "customer").entities("ticket");
  const EntityId ticket = of_kim.create(Ticket{"No light", kim, "open"}).id;
  TriggerWorker(database).run_due();

  // The agent solves it: the ticket and the message are written together or not at all.
  const Session ada = log_in("ada", "agent");
  ada.transaction([&](Session& unit) {
    unit.entities("ticket").update(ticket, {{"state", "solved"}, {"note", "a bulb, as always"}});
    unit.entities("message").create({{"ticket", ticket.str()}, {"text", "It is the bulb."}});
  });

  // Each actor sees the rows that its role admits.
  const Entity shown = of_kim.get(ticket);
  fmt::print("kim: {}, with a note: {}\n", shown.as<Ticket>().state, shown.data().contains("note"));
  fmt::print("lee: {} tickets\n", log_in("lee", "customer").entities("ticket").count());
  fmt::print("ada: {}, of {}\n", ada.entities("ticket").get(ticket).data().at("note").get<std::string>(),
             ada.entities("customer").get(EntityId(kim)).data().at("email").get<std::string>());
  const Session max = log_in("max", "manager");
  for (const Entity& message : max.entities("message").all({.order = {{"data.text"}}}))
    fmt::print("max: {}\n", message.data().at("text").get<std::string>());
  fmt::print("max may update tickets: {}\n", max.can(Action::update, "ticket").allowed());
}
