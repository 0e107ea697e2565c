// SPEC 2, "view as": an admin acts as another actor of its own scope, with that actor's powers and nothing more.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class ViewWorld : public World {
 public:
  explicit ViewWorld(StorageKind kind) : World(kind) {
    for (const Environment environment : {Environment::development, Environment::production}) {
      define_type({{"slug", "note"}}, environment);
      define_role(R"({"name": "reader", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
        "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
        "fieldMasks": [{"entityType": "note", "fieldPath": "data.secret", "maskType": "hide"}]})"_json,
                  environment);
      user("ana", {"reader"}, environment);
    }
    hers = create("note", {{"owner", "ana"}, {"secret", 1}});
    create("note", {{"owner", "ben"}, {"secret", 1}});
  }
  Session admin() const { return user("root", {}, Environment::development, "acme", MembershipRole::admin); }

  EntityId hers{""};
};

}  // namespace

TEST_CASE("who acts as a user sees what the user sees", "[impersonation]") {
  ViewWorld world(any_storage());
  for (const Session& who : {world.admin(), world.system()}) {
    const Session view = who.impersonate({.user = UserId("ana")});
    CHECK(view.actor().id() == "ana");
    CHECK(view.actor().type() == ActorType::user);
    CHECK(view.actor().environment() == Environment::development);
    CHECK_FALSE(view.actor().passes_policies());
    REQUIRE(view.actor().impersonated_by());
    CHECK(view.actor().impersonated_by()->id == who.actor().id());
    const auto page = view.entities("note").list();
    REQUIRE(page.size() == 1);
    CHECK(page.front().id() == world.hers);
    CHECK_FALSE(page.front().data().contains("secret"));
    CHECK(view.can(Action::update, "note").allowed());
    CHECK_ERROR(permission_denied, view.roles().list());
  }
}

TEST_CASE("who acts as another only reads unless writing was asked for", "[impersonation][events]") {
  ViewWorld world(any_storage());
  const Session admin = world.admin();
  const Session view = admin.impersonate({.user = UserId("ana")});
  CHECK_ERROR(permission_denied, view.entities("note").create({{"owner", "ana"}}));
  CHECK_ERROR(permission_denied, view.entities("note").update(world.hers, {{"n", 1}}));
  CHECK_ERROR(permission_denied, view.entities("note").remove(world.hers));
  CHECK_ERROR(permission_denied, view.threads().create({}));
  CHECK_ERROR(permission_denied, view.audit().append("note.seen.twice", Json::object()));
  CHECK_ERROR(permission_denied, view.transaction([&](Session& unit) {
    unit.entities("note").update(world.hers, {{"n", 1}});
  }));
  const Session writing = admin.impersonate({.user = UserId("ana"), .may_write = true});
  CHECK(writing.entities("note").update(world.hers, {{"n", 2}}).row);
  CHECK_ERROR(permission_denied, writing.entities("note").update(world.hers, {{"secret", 2}}));

  const auto events = world.system().events().list({.actor = "ana", .limit = 1000}).events;
  REQUIRE_FALSE(events.empty());
  int denied = 0, updated = 0;
  for (const Event& event : events) {
    CHECK(event.actor_type() == "user");
    REQUIRE(event.impersonated_by());
    CHECK(event.impersonated_by()->type == "user");
    CHECK(event.impersonated_by()->id == "root");
    denied += event.type() == "access.denied";
    updated += event.type() == "note.updated";
  }
  CHECK(denied > 0);
  CHECK(updated == 1);
  CHECK(world.system().events().verify().ok);
  for (const Event& event : world.system().events().list({.type = "note.created"}).events)
    CHECK_FALSE(event.impersonated_by());
}

TEST_CASE("one acts as an agent, as a key and as somebody with certain roles", "[impersonation]") {
  ViewWorld world(any_storage());
  const Session system = world.system();
  system.agents().define({.slug = "tutor", .name = "Tutor"});
  CHECK_ERROR(not_found, system.impersonate({.agent = "tutor"}));
  system.agents().configure("tutor", {.system_prompt = "", .model = "m", .roles = {"reader"}});
  const Session agent = system.impersonate({.agent = "tutor"});
  CHECK(agent.actor().type() == ActorType::agent);
  REQUIRE(agent.actor().roles().size() == 1);

  const CreatedApiKey key = system.api_keys().create({.name = "k", .roles = {"reader"}, .kind = ApiKeyKind::webhook});
  const Session hook = system.impersonate({.api_key = key.key.id});
  CHECK(hook.actor().type() == ActorType::webhook);
  CHECK(hook.actor().id() == key.key.id.str());
  REQUIRE(hook.actor().roles().size() == 1);
  system.api_keys().revoke(key.key.id);
  CHECK_ERROR(not_found, system.impersonate({.api_key = key.key.id}));

  const Session roles = world.admin().impersonate({.roles = std::vector<std::string>{"reader"}});
  CHECK(roles.actor().id() == "root");
  CHECK_FALSE(roles.actor().passes_policies());
  CHECK(roles.entities("note").count() == 0);
  CHECK_FALSE(system.impersonate({.roles = std::vector<std::string>{"reader"}}).actor().passes_policies());
  CHECK_ERROR(not_found, system.impersonate({.roles = std::vector<std::string>{"raeder"}}));
}

TEST_CASE("nobody else acts as another, nor on from there, nor beyond the scope", "[impersonation]") {
  ViewWorld world(any_storage());
  const ImpersonateOptions as_ana{.user = UserId("ana")};
  CHECK_ERROR(permission_denied, world.user("ben", {"reader"}).impersonate(as_ana));
  // An admin that is acted as passes policies, but goes no further.
  world.admin();
  const Session as_admin = world.system().impersonate({.user = UserId("root"), .may_write = true});
  CHECK(as_admin.actor().passes_policies());
  CHECK_ERROR(permission_denied, as_admin.impersonate(as_ana));
  // A tool that acts as the system is not the host.
  world.system().agents().define({.slug = "tutor", .name = "Tutor"});
  world.system().agents().configure("tutor", {.system_prompt = "", .model = "m", .tools = {"plan"}});
  world.system().agents().permit_tool("tutor", "plan", {.identity = ToolIdentity::system});
  const Session tool = world.system().agents().tool_session("tutor", "plan");
  CHECK_ERROR(permission_denied, tool.impersonate(as_ana));
  // What is acted as stays so through a tool.
  const Session tool_of_view = as_admin.agents().tool_session("tutor", "plan");
  CHECK(tool_of_view.actor().impersonated_by());
  const Session reading = world.system().impersonate({.user = UserId("root")});
  CHECK_ERROR(permission_denied, reading.agents().tool_session("tutor", "plan").entities("note").create({{"n", 1}}));

  world.add_organization("globex");
  world.user("gus", {}, Environment::development, "globex");
  CHECK_ERROR(not_found, world.system().impersonate({.user = UserId("gus")}));
  CHECK_ERROR(not_found, world.system().impersonate({.user = UserId("")}));
  const CreatedApiKey there = world.system(Environment::production).api_keys().create({.name = "k"});
  CHECK_ERROR(not_found, world.system().impersonate({.api_key = there.key.id}));
  CHECK_ERROR(invalid_data, world.system().impersonate({}));
  CHECK_ERROR(invalid_data, world.system().impersonate({.user = UserId("ana"), .agent = "tutor"}));
}
