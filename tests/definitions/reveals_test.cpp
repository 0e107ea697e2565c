// No change of definitions or packs shows what was masked before unless its plan names it and is told to.
#include <catch2/catch.hpp>

#include <algorithm>

#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/yaml/definition_folder.hpp"
#include "support/any_storage.hpp"
#include "support/environments.hpp"
#include "support/folder.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using enum DefinitionKind;

Json note(std::initializer_list<const char*> fields) {
  Json properties = Json::object();
  for (const char* const field : fields) properties[field] = Json::object();
  return {{"slug", "note"}, {"schema", {{"type", "object"}, {"properties", properties}}}};
}

Json author(const Json& more) {
  Json out{{"name", "author"},
           {"policies",
            Json::array({{{"resource", "note"}, {"actions", Json::array({"list", "read"})}, {"effect", "allow"}}})}};
  out.update(more);
  return out;
}

Json masks(std::initializer_list<const char*> paths) {
  Json out = Json::array();
  for (const char* const path : paths)
    out.push_back({{"entityType", "note"}, {"fieldPath", path}, {"maskType", "hide"}});
  return {{"fieldMasks", out}};
}

DefinitionSet set_of(const Json& type, const Json& author_role) {
  DefinitionSet out;
  out.add(entity_type, type);
  out.add(DefinitionKind::role, author_role);
  return out;
}

Definitions definitions_in(const World& world, Environment environment = development) {
  return Definitions(world.system(environment));
}

void sync(const World& world, const DefinitionSet& set, const PlanOptions& options = {}) {
  definitions_in(world).apply(definitions_in(world).plan(set, options));
}

// All that the actor is shown, rows and events, as one text.
std::string seen(const World&, const Session& actor, const char* type = "note") {
  std::string out;
  for (const Entity& row : actor.entities(type).list({.limit = 1000})) out += row.data().dump();
  for (const Event& event : actor.events().list({.limit = 1000}).events) out += event.payload().dump();
  return out;
}

bool tells(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a mask that follows a renamed field shows the old values only if the plan is told so", "[reveals]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    sync(world, set_of(note({"text", "secret"}), author(masks({"data.secret"}))));
    const EntityId first = world.create("note", {{"text", "t"}, {"secret", "value"}});
    world.create("note", {{"text", "t"}, {"secret", "value"}});
    world.create("note", {{"text", "other"}});
    world.system().entities("note").update(first, {{"text", "u"}});
    const Session ada = world.user("ada", {"author"});
    REQUIRE_FALSE(tells(seen(world, ada), "value"));

    const DefinitionSet renamed = set_of(note({"text", "token"}), author(masks({"data.token"})));
    ChangePlan plan = definitions_in(world).plan(renamed);
    REQUIRE(plan.reveals.size() == 1);
    CHECK(plan.reveals[0].role == "author");
    CHECK(plan.reveals[0].entity_type == "note");
    CHECK(plan.reveals[0].path == "data.secret");
    CHECK(plan.reveals[0].rows == 2);
    CHECK(plan.reveals[0].events == 3);
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(tells(plan.obstacles[0].message, "`data.secret` of `note`"));
    CHECK_ERROR(conflict, definitions_in(world).apply(plan));
    CHECK_FALSE(tells(seen(world, ada), "value"));

    // The mask on the old name is allowed, because rows hold it, and nothing is shown then.
    const DefinitionSet kept = set_of(note({"text", "token"}), author(masks({"data.token", "data.secret"})));
    plan = definitions_in(world).plan(kept);
    CHECK(plan.reveals.empty());
    definitions_in(world).apply(plan);
    CHECK_FALSE(tells(seen(world, ada), "value"));
  }
}

TEST_CASE("what is told to be revealed is named and shown", "[reveals]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    sync(world, set_of(note({"text", "secret"}), author(masks({"data.secret"}))));
    world.create("note", {{"secret", "value"}});
    const Session ada = world.user("ada", {"author"});
    const DefinitionSet shown = set_of(note({"text", "secret"}), author(Json::object()));
    const ChangePlan plan = definitions_in(world).plan(shown, {.reveal = true});
    CHECK(plan.obstacles.empty());
    REQUIRE(plan.reveals.size() == 1);
    CHECK(plan.to_json().at("reveals") ==
          Json::parse(R"([{"role": "author", "entityType": "note", "path": "data.secret", "rows": 1, "events": 1}])"));

    // What came after the plan is not named by it.
    ChangePlan stale = plan;
    stale.reveals.clear();
    CHECK_ERROR(conflict, definitions_in(world).apply(stale));

    definitions_in(world).apply(plan);
    CHECK(tells(seen(world, ada), "value"));
    CHECK(definitions_in(world).plan(shown).reveals.empty());
  }
}

TEST_CASE("every way in which a mask becomes weaker is told", "[reveals]") {
  const Json redact = Json::parse(R"({"fieldMasks": [{"entityType": "note", "fieldPath": "data.secret",
    "maskType": "redact"}]})");
  const Json keep = Json::parse(R"({"fieldMasks": [{"entityType": "note", "fieldPath": "data.secret",
    "maskType": "redact", "maskConfig": {"keepLast": 4}}]})");
  const Json inner = masks({"data.place.room"});
  const Json outer = masks({"data.place"});
  const Json status = masks({"status"});
  const Json few = Json::parse(R"({"visibleFields": [{"entityType": "note", "fields": ["data.text"]}]})");
  const Json more = Json::parse(R"({"visibleFields": [{"entityType": "note", "fields": ["data.text", "data.list"]}]})");
  struct Case {
    const char* what;
    Json before, after;
    std::vector<std::string> paths;
  };
  const Case cases[] = {
      {"a mask that goes", redact, Json::object(), {"data.secret"}},
      {"one that hides and only redacts now", masks({"data.secret"}), redact, {"data.secret"}},
      {"one that keeps more", redact, keep, {"data.secret"}},
      {"a deeper one", outer, inner, {"data.place.city"}},
      {"an attribute", status, Json::object(), {"status"}},
      {"a longer list", few, more, {"data.list"}},
      {"no list", few, Json::object(), {"data.list", "data.place.city", "data.place.room", "data.secret"}},
      {"an element of an array", masks({"data.list.x"}), Json::object(), {"data.list"}},
      {"a stronger one", keep, redact, {}},
      {"a shorter one", inner, outer, {}},
      {"another beside it", outer, masks({"data.place", "data.secret"}), {}},
      {"a field that no row has", masks({"data.none"}), Json::object(), {}},
      {"policies that let nothing be read", redact, Json{{"policies", Json::array()}}, {}},
  };
  for (const Case& each : cases) {
    World world;
    const Json type{{"slug", "note"}};
    sync(world, set_of(type, author(each.before)));
    world.create("note", Json::parse(R"({"text": "t", "secret": "12345678", "list": [{"x": 1}],
      "place": {"city": "c", "room": "r"}})"));
    INFO(each.what);
    std::vector<std::string> paths;
    for (const Reveal& reveal : definitions_in(world).plan(set_of(type, author(each.after))).reveals)
      paths.push_back(reveal.path);
    std::ranges::sort(paths);
    CHECK(paths == each.paths);
  }
}

TEST_CASE("the log is asked as well, and what a tool is denied is told like a role's mask", "[reveals]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    DefinitionSet before = set_of({{"slug", "note"}}, author(masks({"data.secret"})));
    before.add(agent, Json::parse(R"({"slug": "bot", "systemPrompt": "p", "model": "m", "tools": ["read-notes"]})"));
    before.add(tool, Json::parse(R"({"name": "read-notes", "agents": {"bot": {"deniedFields": ["data.secret"]}}})"));
    sync(world, before);
    const EntityId id = world.create("note", {{"secret", "value"}});
    world.system().entities("note").update(id, {{"secret", nullptr}});

    DefinitionSet after = set_of({{"slug", "note"}}, author(Json::object()));
    after.add(agent, *before.find(agent, "bot"));
    after.add(tool, Json::parse(R"({"name": "read-notes"})"));
    const auto reveals = definitions_in(world).plan(after).reveals;
    REQUIRE(reveals.size() == 2);
    for (const Reveal& reveal : reveals) {
      CHECK(reveal.path == "data.secret");
      CHECK(reveal.rows == 0);
      CHECK(reveal.events == 2);
    }
    CHECK(reveals[0].role == "author");
    CHECK(reveals[1].role == "tool read-notes of agent bot");
  }
}

TEST_CASE("what a tool would show of production is told by the plan for development, which changes it", "[reveals]") {
  World world(any_storage());
  DefinitionSet narrow = set_of({{"slug", "note"}}, author(Json::object()));
  for (const char* const slug : {"bot", "other"})
    narrow.add(
        agent,
        {{"slug", slug}, {"systemPrompt", "p"}, {"model", "m"}, {"tools", {"read-notes"}}, {"roles", {"author"}}});
  narrow.add(tool, Json::parse(R"({"name": "read-notes", "agents": {"bot": {"deniedFields": ["data.secret"]},
                                  "other": {"deniedFields": ["data.secret", "data.text"]}}})"));
  sync(world, narrow);
  const Definitions production = definitions_in(world, Environment::production);
  production.deploy(production.plan(definitions_in(world).current()), "first");
  const auto with_tool = [&](const char* tool_file) {
    DefinitionSet out = set_of({{"slug", "note"}}, author(Json::object()));
    out.add(agent, *narrow.find(agent, "bot"));
    if (tool_file) {
      out.add(tool, Json::parse(tool_file));
    } else {
      out.add(tool, Json::parse(R"({"name": "read-notes"})"));
    }
    return out;
  };
  const auto shown = [&](const char* slug) {
    const Session caller = world.user("ada", {}, Environment::production, "acme", MembershipRole::admin);
    return seen(world, caller.agents().tool_session(slug, "read-notes"));
  };
  world.create("note", {{"secret", "value"}, {"text", "words"}}, Environment::production);
  CHECK_FALSE(tells(shown("bot"), "value"));
  for (const char* const wider : {R"({"name": "read-notes", "agents": {"bot": {}}})",
                                  R"({"name": "read-notes", "agents": {"bot": {"deniedFields": ["data.text"]}}})",
                                  static_cast<const char*>(nullptr)}) {
    CAPTURE(wider ? wider : "no permission");
    const ChangePlan plan = definitions_in(world).plan(with_tool(wider));
    REQUIRE(plan.obstacles.size() == 1);
    CHECK(plan.obstacles[0].message.find(
              "`tool read-notes of agent bot in production` masks `data.secret` of `note`") == 0);
    REQUIRE(plan.reveals.size() == 1);
    CHECK(plan.reveals[0].rows == 1);
    CHECK(plan.reveals[0].events == 1);
    CHECK_ERROR(conflict, definitions_in(world).apply(plan));
    ChangePlan stripped = plan;
    stripped.obstacles.clear();
    CHECK_ERROR(conflict, definitions_in(world).apply(stripped));
    stripped.options.reveal = true;
    stripped.reveals.clear();
    CHECK_ERROR(conflict, definitions_in(world).apply(stripped));
    CHECK_ERROR(conflict, world.system().transaction([&](const Session& unit) {
      const Definitions within(unit);
      within.apply(within.plan(with_tool(wider), {.reveal = true}));
    }));
    CHECK_FALSE(tells(shown("bot"), "value"));
  }
  // The permission of an agent that the files do not name stays, also where another one's changes in the same tool.
  sync(world, with_tool(R"({"name": "read-notes", "agents": {"bot": {"deniedFields": ["data.secret", "status"]}}})"));
  CHECK_FALSE(tells(shown("other"), "value"));
  CHECK_FALSE(tells(shown("other"), "words"));
  sync(world, with_tool(R"({"name": "read-notes", "agents": {"bot": {}}})"), {.reveal = true});
  CHECK(tells(shown("bot"), "value"));
  CHECK_FALSE(tells(shown("other"), "value"));
}

TEST_CASE("a mask on a field that is stored nowhere is a mistake, and one that production holds is not", "[reveals]") {
  World world(any_shared_storage());
  const DefinitionSet mistyped = set_of(note({"text"}), author(masks({"data.tetx"})));
  CHECK_ERROR(invalid_definition, definitions_in(world).plan(mistyped));
  sync(world, set_of(note({"text"}), author(Json::object())));
  CHECK_ERROR(invalid_definition, definitions_in(world).plan(mistyped));
  world.create("note", {{"tetx", 1}});
  CHECK(definitions_in(world).plan(mistyped).changes.size() == 1);
  CHECK(definitions_in(world).held_fields()("note", *FieldPath::parse("data.tetx")));
  CHECK_FALSE(definitions_in(world).held_fields()("note", *FieldPath::parse("data.txet")));

  const Folder folder;
  folder.write("entity-types/note.json", note({"text"}).dump());
  folder.write("roles/author.json", author(masks({"data.tetx"})).dump());
  CHECK_ERROR(invalid_definition, read_definitions(folder.path()));
  CHECK(read_definitions(folder.path(), definitions_in(world).held_fields()).of(DefinitionKind::role).size() == 1);
}

namespace {

// One type `note` with the field that is called `field`, and a role that is not the pack's in the scope.
Pack notes(const std::string& version, const char* field, const Json& author_role,
           std::vector<Migration> migrations = {}) {
  Pack out{"notes", version, "", "", {}, std::move(migrations)};
  out.definitions.add(entity_type, note({"text", field}));
  out.definitions.add(DefinitionKind::role, author_role);
  return out;
}

Packs packs_with(const World& world) { return Packs(world.system()); }

}  // namespace

TEST_CASE("a field that a pack renames stays masked under both of its names", "[reveals][packs]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Packs packs = packs_with(world);
    packs.apply(packs.plan_install(notes("1.0.0", "secret", author(masks({"data.secret"})))));
    // Roles that are not the pack's speak of the old name, and nobody touches them.
    Json own = author(masks({"data.secret"}));
    own["name"] = "own";
    world.define_role(own);
    Json listed = author(Json::parse(R"({"visibleFields": [{"entityType": "note", "fields": ["data.text"]}]})"));
    listed["name"] = "listed";
    world.define_role(listed);
    world.create("note", {{"text", "t"}, {"secret", "value"}});
    world.system().entities("note").remove(world.create("note", {{"secret", "value"}}));

    const Pack next = notes("1.1.0", "token", author(masks({"data.token"})),
                            {{"1.0.0", "1.1.0", {{MigrationStep::Kind::rename_field, "note", "secret", "token"}}}});
    const PackPlan plan = packs.plan_upgrade(next);
    CHECK(plan.definitions.reveals.empty());
    packs.apply(plan);
    CHECK(world.system().entities("note").list().begin()->data().contains("token"));
    for (const char* const name : {"author", "own", "listed"}) {
      INFO(name);
      CHECK_FALSE(tells(seen(world, world.user(name, {name})), "value"));
    }
    // A role of later means the field by its new name, and so all that it was called.
    Json later = author(masks({"data.token"}));
    later["name"] = "later";
    world.define_role(later);
    CHECK_FALSE(tells(seen(world, world.user("later", {"later"})), "value"));
    // The scope can be synced as it is: the old name is known.
    CHECK(definitions_in(world).plan(definitions_in(world).current()).empty());
    CHECK(packs.plan_repair("notes").empty());
  }
}

TEST_CASE("a pack's version that masks less is told, for a field that it renames or removes too", "[reveals][packs]") {
  using Kind = MigrationStep::Kind;
  for (const Kind kind : {Kind::rename_field, Kind::remove_field}) {
    World world(any_shared_storage());
    const Packs packs = packs_with(world);
    packs.apply(packs.plan_install(notes("1.0.0", "secret", author(masks({"data.secret"})))));
    world.create("note", {{"text", "t"}, {"secret", "value"}});
    MigrationStep step{kind, "note", "secret"};
    if (kind == Kind::rename_field) step.to = "token";
    const std::vector<Migration> migrations{{"1.0.0", "1.1.0", {step}}};
    const PackPlan plan = packs.plan_upgrade(notes("1.1.0", "token", author(Json::object()), migrations));
    REQUIRE(plan.definitions.reveals.size() == 1);
    CHECK(plan.definitions.reveals[0].path == "data.secret");
    CHECK(plan.definitions.reveals[0].rows == (kind == Kind::rename_field ? 1 : 0));
    CHECK(plan.definitions.reveals[0].events == 1);
    CHECK_ERROR(conflict, packs.apply(plan));

    // The version may keep the mask of what is gone.
    const PackPlan kept = packs.plan_upgrade(notes("1.1.0", "token", author(masks({"data.secret"})), migrations));
    CHECK(kept.definitions.obstacles.empty());
    packs.apply(kept);
    CHECK_FALSE(tells(seen(world, world.user("ada", {"author"})), "value"));
  }
}

TEST_CASE("a field that is renamed into a listed object or out of a hidden one is told", "[reveals][packs]") {
  using Kind = MigrationStep::Kind;
  World world;
  const Packs packs = packs_with(world);
  const Json listing = author(Json::parse(R"({"visibleFields": [{"entityType": "note", "fields": ["data.text"]}]})"));
  packs.apply(packs.plan_install(notes("1.0.0", "secret", listing)));
  world.create("note", {{"secret", "value"}});
  const PackPlan plan = packs.plan_upgrade(
      notes("1.1.0", "text", listing, {{"1.0.0", "1.1.0", {{Kind::rename_field, "note", "secret", "text.secret"}}}}));
  REQUIRE(plan.definitions.reveals.size() == 1);
  CHECK(plan.definitions.reveals[0].rows == 1);
  CHECK(plan.definitions.reveals[0].events == 0);
}
