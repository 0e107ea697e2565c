// A scope is brought to what a set of definitions says, to production as releases, and back.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "struere/definitions/definitions.hpp"
#include "support/any_storage.hpp"
#include "support/environments.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

DefinitionSet school() {
  DefinitionSet out;
  out.add(DefinitionKind::entity_type, Json::parse(R"({"slug": "student", "schema": {"type": "object",
    "properties": {"name": {"type": "string"}, "card": {"type": "string"}}}})"));
  out.add(DefinitionKind::entity_type, Json::parse(R"({"slug": "session", "schema": {"type": "object", "properties":
    {"studentId": {"type": "string", "references": "student"}, "teacherId": {"type": "string"}}}})"));
  out.add(DefinitionKind::role, Json::parse(R"({"name": "teacher",
    "policies": [{"resource": "session", "actions": ["list", "read"], "effect": "allow"},
                 {"resource": "student", "actions": ["read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value": "actor.userId"}],
    "fieldMasks": [{"entityType": "student", "fieldPath": "data.card", "maskType": "hide"}]})"));
  out.add(DefinitionKind::agent, Json::parse(R"({"slug": "tutor", "name": "Tutor", "systemPrompt": "You teach.",
    "model": "small", "tools": ["send-mail"], "roles": ["teacher"]})"));
  out.add(DefinitionKind::trigger, Json::parse(R"({"slug": "welcome", "on": {"entityType": "student",
    "action": "created"}, "actions": [{"tool": "send-mail", "args": {"to": "{{trigger.data.name}}"}}]})"));
  out.add(DefinitionKind::tool, Json::parse(R"({"name": "send-mail", "agents": {"tutor": {"deniedFields":
    ["data.card"]}}})"));
  return out;
}

// `school` with one definition in place of another, or without it where there is none.
DefinitionSet changed(const DefinitionSet& set, DefinitionKind kind, const std::string& name,
                      const std::optional<Json>& definition) {
  DefinitionSet out;
  for (const DefinitionKind each : definition_kinds)
    for (const auto& [known, value] : set.of(each))
      if (each != kind || known != name) out.add(each, value);
  if (definition) out.add(kind, *definition);
  return out;
}

Json patched(const DefinitionSet& set, DefinitionKind kind, const std::string& name, const char* patch) {
  Json out = *set.find(kind, name);
  out.merge_patch(Json::parse(patch));
  return out;
}

std::vector<std::string> event_types(const World& world, Environment environment) {
  std::vector<std::string> out;
  for (const Event& event : world.system(environment).events().list({.limit = 1000}).events)
    out.push_back(event.type());
  return out;
}

Definitions of(const World& world, Environment environment) { return Definitions(world.system(environment)); }

}  // namespace

TEST_CASE("a plan says what changes, and applied it leaves nothing to change", "[definitions]") {
  for (const StorageKind kind : storage_kinds()) {
    const World world(kind);
    const Definitions definitions = of(world, development);
    ChangePlan plan = definitions.plan(school());
    CHECK(plan.changes.size() == 6);
    CHECK(plan.obstacles.empty());
    CHECK(event_types(world, development).empty());  // a plan changes nothing
    definitions.apply(plan);
    CHECK(definitions.plan(school()).empty());
    CHECK(definitions.current() == school().normal_form());
    CHECK(event_types(world, development).back() == "sync.completed");
    CHECK(world.system().agents().tool_permissions("tutor").front().denied_fields.front() == "data.card");

    const auto longer = changed(school(), DefinitionKind::agent, "tutor",
                                patched(school(), DefinitionKind::agent, "tutor", R"({"model": "large"})"));
    plan = definitions.plan(longer);
    REQUIRE(plan.changes.size() == 1);
    CHECK(plan.to_json().at("changes") == Json::parse(R"([{"change": "update", "kind": "agent", "name": "tutor",
      "fields": [{"path": "model", "before": "small", "after": "large"}]}])"));
    definitions.apply(plan);
    CHECK(world.system().agents().config("tutor").version == 2);
    CHECK(world.system().events().list({.type = "agent.updated"}).events.empty());

    definitions.apply(definitions.plan({}));
    CHECK(definitions.current() == DefinitionSet());
    CHECK(definitions.plan({}).empty());
  }
}

TEST_CASE("development follows, and production stays until it is deployed", "[definitions]") {
  const World world(any_shared_storage());
  const Definitions from = of(world, development), to = of(world, production);
  from.apply(from.plan(school()));
  CHECK(to.current() == DefinitionSet());
  CHECK(event_types(world, production).empty());

  const Release first = to.deploy(to.plan(from.current()), "the school opens");
  CHECK(first.number == 1);
  CHECK(to.current().of(DefinitionKind::role) == from.current().of(DefinitionKind::role));
  CHECK(event_types(world, production).back() == "deploy.completed");

  from.apply(from.plan(changed(school(), DefinitionKind::trigger, "welcome", {})));
  const Release second = to.deploy(to.plan(from.current()), "no mail");
  CHECK(second.number == 2);
  CHECK(world.system(production).triggers().list().empty());

  const Release third = to.deploy(to.plan_rollback(1), "mail again");
  CHECK(third.number == 3);
  CHECK(third.restores == 1);
  CHECK(world.system(production).triggers().list().size() == 1);
  CHECK(to.releases().front().number == 3);
  CHECK(to.releases().back().note == "the school opens");
  CHECK_ERROR(not_found, to.plan_rollback(4));
  CHECK_ERROR(conflict, to.deploy(to.plan_rollback(3)));  // nothing to do
  CHECK_ERROR(invalid_definition, from.deploy(from.plan({})));
  CHECK(world.system(production).events().verify().ok);
}

TEST_CASE("what both environments share is development's to change", "[definitions]") {
  const World world;
  const Definitions from = of(world, development), to = of(world, production);
  from.apply(from.plan(school()));
  to.deploy(to.plan(from.current()));
  const auto renamed = changed(school(), DefinitionKind::agent, "tutor",
                               patched(school(), DefinitionKind::agent, "tutor", R"({"name": "Teacher"})"));
  from.apply(from.plan(renamed));
  CHECK(world.system(production).agents().get("tutor").name == "Teacher");
  CHECK(to.plan_rollback(1).empty());  // the name is no longer what it was, and production does not set it back

  // An agent that development no longer has may be at work in production: what narrows its tools stays.
  from.apply(from.plan({}));
  CHECK(world.system(production).agents().can_use_tool("tutor", "send-mail"));
  CHECK_FALSE(world.system(development).agents().can_use_tool("tutor", "send-mail"));
  CHECK(world.system(production).agents().tool_permissions("tutor").size() == 1);
}

TEST_CASE("a plan is carried out only on what it was made for", "[definitions]") {
  const World world;
  const Definitions definitions = of(world, development);
  const ChangePlan plan = definitions.plan(school());
  world.define_role({{"name", "somebody-elses"}});
  CHECK_ERROR(conflict, definitions.apply(plan));
  CHECK(definitions.current().of(DefinitionKind::entity_type).empty());
  CHECK_ERROR(conflict, of(world, production).apply(definitions.plan(school())));
}

TEST_CASE("of deploys at once one wins", "[definitions]") {
  const World world(any_shared_storage());
  const Definitions from = of(world, development), to = of(world, production);
  from.apply(from.plan(school()));
  const ChangePlan plan = to.plan(from.current());
  std::atomic<int> won = 0, lost = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        try {
          to.deploy(plan);
          ++won;
        } catch (const Error& error) {
          if (error.code() == ErrorCode::conflict) ++lost;
        }
      });
  }
  CHECK(won == 1);
  CHECK(lost == 3);
  CHECK(to.releases().size() == 1);
}

TEST_CASE("data that would be lost or broken stops a plan", "[definitions]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Definitions definitions = of(world, development);
    definitions.apply(definitions.plan(school()));
    const EntityId ada = world.create("student", {{"name", "Ada"}});
    world.create("student", {{"name", "Grace"}, {"card", "1"}});

    const auto stricter =
        changed(school(), DefinitionKind::entity_type, "student",
                patched(school(), DefinitionKind::entity_type, "student", R"({"schema": {"required": ["card"]}})"));
    ChangePlan plan = definitions.plan(stricter);
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(plan.obstacles.front().count == 1);
    CHECK(plan.obstacles.front().examples.front().starts_with(ada.str()));
    CHECK_ERROR(conflict, definitions.apply(plan));
    CHECK(definitions.current() == school().normal_form());
    plan = definitions.plan(stricter, {.accept_invalid_data = true});
    CHECK(plan.obstacles.empty());
    definitions.apply(plan);
    CHECK(world.system().entities("student").count() == 2);
    CHECK_ERROR(invalid_data, world.system().entities("student").update(ada, {{"name", "A"}}));

    plan = definitions.plan({}, {.accept_invalid_data = true, .drop_assignments = true});
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(plan.obstacles.front().kind == Obstacle::Kind::entities_of_removed_type);
    CHECK_ERROR(conflict, definitions.apply(plan));

    // Deleted ones keep their type as well, and the plan says so before it is tried.
    const auto students = world.system().entities("student");
    for (const Entity& student : students.list()) students.remove(student.id());
    plan = definitions.plan({}, {.accept_invalid_data = true, .drop_assignments = true});
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(plan.obstacles.front().count == 0);
    CHECK(plan.obstacles.front().message.find("deleted entities") != std::string::npos);
    CHECK_ERROR(conflict, definitions.apply(plan));
  }
}

TEST_CASE("a plan says how many pending runs go with a trigger", "[definitions][triggers]") {
  World world;
  const Definitions definitions = of(world, development);
  definitions.apply(definitions.plan(school()));
  world.create("student", {{"name", "Ada"}});
  const ChangePlan plan = definitions.plan(changed(school(), DefinitionKind::trigger, "welcome", {}));
  REQUIRE(plan.changes.size() == 1);
  CHECK(plan.changes.front().pending_runs == 1);
  CHECK(plan.to_json().at("changes").at(0).at("pendingRuns") == 1);
  definitions.apply(plan);
  CHECK(definitions.plan(school()).changes.front().pending_runs == 0);
}

TEST_CASE("data that comes between a plan and its application is checked as well", "[definitions]") {
  World world;
  const Definitions definitions = of(world, development);
  definitions.apply(definitions.plan(school()));
  const ChangePlan plan = definitions.plan(
      changed(school(), DefinitionKind::entity_type, "student",
              patched(school(), DefinitionKind::entity_type, "student", R"({"schema": {"required": ["card"]}})")));
  CHECK(plan.obstacles.empty());
  world.create("student", {{"name", "Ada"}});
  CHECK_ERROR(conflict, definitions.apply(plan));
}

TEST_CASE("assignments and keys are left alone, and a role that somebody has does not go unasked", "[definitions]") {
  for (const StorageKind kind : storage_kinds()) {
    const World world(kind);
    const Definitions definitions = of(world, development);
    definitions.apply(definitions.plan(school()));
    world.user("ada", {"teacher"});
    const CreatedApiKey key = world.system().api_keys().create({.name = "k", .roles = {"teacher"}});
    auto narrower = changed(school(), DefinitionKind::role, "teacher", Json{{"name", "teacher"}});
    definitions.apply(definitions.plan(narrower));
    CHECK(world.system().roles().assignments(UserId("ada")).size() == 1);
    CHECK_NOTHROW(world.database->authenticate(key.secret));
    CHECK_FALSE(world.user("ada").can(Action::read, "student"));

    const auto without = changed(changed(narrower, DefinitionKind::role, "teacher", {}), DefinitionKind::agent, "tutor",
                                 patched(narrower, DefinitionKind::agent, "tutor", R"({"roles": []})"));
    const ChangePlan plan = definitions.plan(without);
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(plan.obstacles.front().examples == std::vector<std::string>{"ada"});
    CHECK_ERROR(conflict, definitions.apply(plan));
    definitions.apply(definitions.plan(without, {.drop_assignments = true}));
    CHECK(world.system().roles().assignments(UserId("ada")).empty());
  }
}

TEST_CASE("types that reference one another go together", "[definitions]") {
  const World world(any_shared_storage());
  const Definitions definitions = of(world, development);
  DefinitionSet pair;
  const auto referring = [](const std::string& slug, const std::string& other) {
    return Json{
        {"slug", slug},
        {"schema", {{"type", "object"}, {"properties", {{"other", {{"type", "string"}, {"references", other}}}}}}}};
  };
  pair.add(DefinitionKind::entity_type, referring("a", "b"));
  pair.add(DefinitionKind::entity_type, referring("b", "a"));
  definitions.apply(definitions.plan(pair));
  definitions.apply(definitions.plan({}));
  CHECK(definitions.current() == DefinitionSet());
}

TEST_CASE("definitions are for system actors and org admins", "[definitions]") {
  const World world;
  const Definitions member(world.user("ada"));
  const ChangePlan plan = of(world, development).plan(school());
  CHECK_ERROR(permission_denied, member.current());
  CHECK_ERROR(permission_denied, member.plan({}));
  CHECK_ERROR(permission_denied, member.plan_rollback(1));
  CHECK_ERROR(permission_denied, member.apply(plan));
  CHECK_ERROR(permission_denied, member.releases());
  CHECK_ERROR(permission_denied, Definitions(world.user("ada", {}, production)).deploy(plan));
  const Definitions admin(world.user("grace", {}, development, "acme", MembershipRole::admin));
  CHECK_NOTHROW(admin.apply(admin.plan(school())));
}
