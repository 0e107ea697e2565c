// Policies say what a role may do with a type; rules say on which rows. Three people of a support team, three answers.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

namespace {

void define_team(const Database& database, const ActorContext& system) {
  database.entity_types(system).define(R"({
    "slug": "ticket",
    "schema": {
      "type": "object", "required": ["title", "team"],
      "properties": {"title": {"type": "string"}, "team": {"type": "string"}, "assignee": {"type": "string"}}}})"_json);

  // An agent works on what is theirs, and may take what is nobody's in hardware. `actor.userId` is filled in for each
  // request, so that one role serves everybody.
  database.roles(system).define(R"({
    "name": "agent",
    "policies":   [{"resource": "ticket", "actions": ["list", "read", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "ticket", "any": [
      {"field": "data.assignee", "operator": "eq", "value": "actor.userId"},
      {"all": [{"field": "data.assignee", "operator": "exists", "value": false},
               {"field": "data.team", "operator": "eq", "value": "hardware"}]}]}]})"_json);

  // An auditor reads everything and changes nothing. A deny outweighs every allow, also that of another role.
  database.roles(system).define(R"({
    "name": "auditor",
    "policies": [{"resource": "ticket", "actions": ["list", "read"], "effect": "allow"},
                 {"resource": "*", "actions": ["create", "update", "delete"], "effect": "deny"}]})"_json);

  const EntityRepository tickets = database.entities(system, "ticket");
  tickets.create({{"title", "screen flickers"}, {"team", "hardware"}, {"assignee", "ada"}});
  tickets.create({{"title", "keyboard is wet"}, {"team", "hardware"}});
  tickets.create({{"title", "cannot log in"}, {"team", "accounts"}});
  tickets.create({{"title", "wrong invoice"}, {"team", "accounts"}, {"assignee", "bo"}});
}

void show_tickets(const Database& database, const ActorContext& actor) {
  fmt::print("{} sees", actor.id());
  for (const Entity& ticket : database.entities(actor, "ticket").list({.order = {{"data.title"}}}))
    fmt::print(" | {}", ticket.data().at("title").get<std::string>());
  // `can` answers before anything is tried, and says why; it never throws.
  const Decision update = database.can(actor, Action::update, "ticket");
  fmt::print("\n  may update tickets: {}, {}\n", update ? "yes" : "no", update.reason());
}

}  // namespace

int main() {
  const Database database = Database::in_memory();
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme = host.create_organization("Acme").id;
  const ActorContext system = host.system_actor(acme, Environment::production);
  define_team(database, system);
  for (const char* const name : {"ada", "bo", "cleo"}) {
    const UserId user(name);
    host.create_user(name, user);
    host.put_member(acme, user);
    if (user.str() != "cleo") database.roles(system).assign(user, "agent");
    if (user.str() != "ada") database.roles(system).assign(user, "auditor");
  }

  // Ada is an agent, Cleo an auditor, Bo both: the second role shows him more rows and takes none away, but its deny
  // counts.
  const ActorContext ada = host.user_actor(UserId("ada"), acme, Environment::production);
  const ActorContext bo = host.user_actor(UserId("bo"), acme, Environment::production);
  const ActorContext cleo = host.user_actor(UserId("cleo"), acme, Environment::production);
  for (const ActorContext& actor : {ada, bo, cleo}) show_tickets(database, actor);

  // A write needs the row to be hers before and after: she may take the wet keyboard, and not give hers away.
  const EntityRepository tickets = database.entities(ada, "ticket");
  const EntityId free = tickets.list({.where = field("data.assignee").exists(false)}).front().id();
  tickets.update(free, {{"assignee", "ada"}});
  try {
    tickets.update(free, {{"assignee", "bo"}});
  } catch (const Error& error) {
    fmt::print("ada gives it to bo: {}\n", to_string(error.code()));
  }

  // What a rule keeps from her does not exist for her. Why, an admin or the system can ask.
  const EntityRepository all = database.entities(system, "ticket");
  const EntityId of_bo = all.list({.where = field("data.assignee") == "bo"}).front().id();
  fmt::print("ada looks for bo's ticket: {}\n", tickets.find(of_bo) ? "there it is" : "there is none");
  fmt::print("{}", database.explain(system, ada, Action::read, "ticket", of_bo).text());
}
