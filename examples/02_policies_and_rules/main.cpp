// Policies say what a role may do with a type; rules say on which rows. Three people of a support team get three
// answers.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

namespace {

void define_team(const Session& system) {
  system.entity_types().define(R"({
    "slug": "ticket",
    "schema": {
      "type": "object", "required": ["title", "team"],
      "properties": {"title": {"type": "string"}, "team": {"type": "string"}, "assignee": {"type": "string"}}}})"_json);

  // An agent works on its own tickets, and may take hardware tickets without an assignee. `actor.userId` is filled in
  // for each request, so one role serves all agents.
  system.roles().define(R"({
    "name": "agent",
    "policies":   [{"resource": "ticket", "actions": ["list", "read", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "ticket", "any": [
      {"field": "data.assignee", "operator": "eq", "value": "actor.userId"},
      {"all": [{"field": "data.assignee", "operator": "exists", "value": false},
               {"field": "data.team", "operator": "eq", "value": "hardware"}]}]}]})"_json);

  // An auditor reads everything and changes nothing. A deny wins over every allow, also over that of another role.
  system.roles().define(R"({
    "name": "auditor",
    "policies": [{"resource": "ticket", "actions": ["list", "read"], "effect": "allow"},
                 {"resource": "*", "actions": ["create", "update", "delete"], "effect": "deny"}]})"_json);

  const EntityRepository tickets = system.entities("ticket");
  tickets.create({{"title", "screen flickers"}, {"team", "hardware"}, {"assignee", "ada"}});
  tickets.create({{"title", "keyboard is wet"}, {"team", "hardware"}});
  tickets.create({{"title", "cannot log in"}, {"team", "accounts"}});
  tickets.create({{"title", "wrong invoice"}, {"team", "accounts"}, {"assignee", "bo"}});
}

void show_tickets(const Session& actor) {
  fmt::print("{} sees", actor.actor().id());
  for (const Entity& ticket : actor.entities("ticket").list({.order = {{"data.title"}}}))
    fmt::print(" | {}", ticket.data().at("title").get<std::string>());
  // `can` answers without trying the operation, and gives the reason; it never throws.
  const Decision update = actor.can(Action::update, "ticket");
  fmt::print("\n  may update tickets: {}, {}\n", update ? "yes" : "no", update.reason());
}

}  // namespace

int main() {
  const Database database = Database::in_memory();
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme = host.create_organization("Acme").id;
  const Session system = host.system_session(acme, Environment::production);
  define_team(system);
  for (const char* const name : {"ada", "bo", "cleo"}) {
    const UserId user(name);
    host.create_user(name, user);
    host.put_member(acme, user);
    if (user.str() != "cleo") system.roles().assign(user, "agent");
    if (user.str() != "ada") system.roles().assign(user, "auditor");
  }

  // Ada is an agent, Cleo an auditor, Bo both. The second role shows him more rows and hides none, but its deny
  // applies.
  const Session ada = host.user_session(UserId("ada"), acme, Environment::production);
  const Session bo = host.user_session(UserId("bo"), acme, Environment::production);
  const Session cleo = host.user_session(UserId("cleo"), acme, Environment::production);
  for (const Session& actor : {ada, bo, cleo}) show_tickets(actor);

  // A write needs a grant for the row before and after: Ada may take the wet keyboard, but not give hers away.
  const EntityRepository tickets = ada.entities("ticket");
  const EntityId free = tickets.list({.where = field("data.assignee").exists(false)}).front().id();
  tickets.update(free, {{"assignee", "ada"}});
  try {
    tickets.update(free, {{"assignee", "bo"}});
  } catch (const Error& error) {
    fmt::print("ada gives it to bo: {}\n", to_string(error.code()));
  }

  // A row that no rule admits does not exist for her. An admin or the system can ask why.
  const EntityRepository all = system.entities("ticket");
  const EntityId of_bo = all.list({.where = field("data.assignee") == "bo"}).front().id();
  fmt::print("ada looks for bo's ticket: {}\n", tickets.find(of_bo) ? "there it is" : "there is none");
  fmt::print("{}", system.explain(ada, Action::read, "ticket", of_bo).text());
}
