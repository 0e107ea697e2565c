// Packs: installed, upgraded with the data, customized, set right, and taken away without a trace in the definitions.
#include "struere/definitions/packs.hpp"
#include "struere/yaml/pack_folder.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "struere/definitions/definitions.hpp"
#include "support/any_storage.hpp"
#include "support/environments.hpp"
#include "support/folder.hpp"
#include "support/places.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using enum DefinitionKind;

Pack tutoring(const std::string& version) {
  return read_pack(std::filesystem::path(source_dir()) / "examples/packs/tutoring" / version);
}

Packs packs_of(const World& world, Environment environment = development) { return Packs(world.system(environment)); }

Definitions definitions_of(const World& world, Environment environment = development) {
  return Definitions(world.system(environment));
}

// A set with one definition changed by a merge patch, or without it where there is none.
DefinitionSet edited(const DefinitionSet& set, DefinitionKind kind, const std::string& name, const char* patch) {
  DefinitionSet out;
  for (const DefinitionKind each : definition_kinds)
    for (const auto& [known, value] : set.of(each)) {
      Json definition = value;
      if (each == kind && known == name) {
        if (!patch) continue;
        definition.merge_patch(Json::parse(patch));
      }
      out.add(each, definition);
    }
  return out;
}

// One type `box`, whose data is as `properties` say.
Pack boxes(const std::string& version, const char* properties, std::vector<Migration> migrations = {},
           const std::vector<std::string>& required = {}) {
  Pack out{"boxes", version, "", "", {}, std::move(migrations)};
  out.definitions.add(entity_type, {{"slug", "box"},
                                    {"schema",
                                     {{"type", "object"},
                                      {"additionalProperties", false},
                                      {"required", required},
                                      {"properties", Json::parse(properties)}}}});
  return out;
}

std::int64_t count_events(const World& world, const std::string& type, Environment environment = development) {
  return static_cast<std::int64_t>(
      world.system(environment).events().list({.type = type, .limit = 1000}).events.size());
}

void install(const World& world, const Pack& pack) {
  const Packs packs = packs_of(world);
  packs.apply(packs.plan_install(pack));
}

// What a person who edits roles and types by hand would do.
void bring_in(const World& world, const DefinitionSet& definitions) {
  const Definitions all = definitions_of(world);
  all.apply(all.plan(definitions));
}

EntityId book_session(World& world, const Json& more = Json::object()) {
  const EntityId student = world.create("student", {{"name", "Ada"}});
  const EntityId teacher = world.create("teacher", {{"name", "Grace"}});
  Json session{
      {"studentId", student.str()}, {"teacherId", teacher.str()}, {"startsAt", "2026-04-17T17:00:00Z"}, {"fee", 40}};
  session.update(more);
  return world.create("session", session);
}

}  // namespace

TEST_CASE("a pack's folder is read, and all its mistakes are told at once", "[packs]") {
  const Pack pack = tutoring("1.1.0");
  CHECK(pack.id == "tutoring");
  CHECK(pack.definitions.of(entity_type).size() == 5);
  REQUIRE(pack.migrations.size() == 1);
  CHECK(pack.migrations.front().steps.size() == 5);
  CHECK(pack.migrations.front().steps.front().to == "price");

  const Folder folder;
  CHECK_ERROR(not_found, read_pack(folder.path()));
  const auto message_of = [&](const std::string& manifest) {
    folder.write("pack.yaml", manifest);
    return error_of([&] { read_pack(folder.path()); });
  };
  folder.write("entity-types/box.yaml", "slug: box\nschema: {type: object, properties: {width: {type: integer}}}\n");
  CHECK(message_of("id: boxes\nversion: 1.0.0\n") == "no error");

  std::string message = message_of("id: boxes\nversoin: 1.0.0\nmigrations:\n  - {from: 1, to: 2.0.0, stpes: []}\n");
  INFO(message);
  const auto tells = [&](const char* part) { return message.find(part) != std::string::npos; };
  CHECK(tells("pack.yaml:2:1: unknown key `versoin`. Did you mean `version`?"));
  CHECK(tells("the key `version` is missing"));
  CHECK(tells("pack.yaml:4:6: this must be of type string"));
  CHECK(tells("pack.yaml:4:26: unknown key `stpes`. Did you mean `steps`?"));

  message = message_of(R"(id: Boxes
version: 1.x
migrations:
  - from: 1.0.0
    to: 0.9.0
    steps:
      - addField: {entityType: boxs, field: width, value: 1}
      - addField: {entityType: box, field: widht, value: 1}
      - addField: {entityType: box, field: width, value: null}
      - renameField: {entityType: box, field: "a b", to: width}
      - renameField: {entityType: box, field: width, to: width.inner}
      - modifySchema: boxx
)");
  INFO(message);
  CHECK(tells("pack.yaml:1:1: an id is"));
  CHECK(tells("pack.yaml:2:1: \"1.x\" is not a semantic version"));
  CHECK(tells("pack.yaml:5:5: a migration leads from a version to a later one"));
  CHECK(tells("pack.yaml:7:20: the pack has no entity type `boxs`. Did you mean `box`?"));
  CHECK(tells("pack.yaml:8:37: the schema of `box` has no field `data.widht`. Did you mean `width`?"));
  CHECK(tells("pack.yaml:9:51: null cannot be added"));
  CHECK(tells("pack.yaml:10:40: \"a b\" is not a path"));
  CHECK(tells("pack.yaml:11:54: a field cannot be renamed into itself"));
  CHECK(tells("pack.yaml:12:9: the pack has no entity type `boxx`. Did you mean `box`?"));

  message = message_of("id: boxes\nversion: 1.0.0\nmigrations: [{from: 0.1.0, to: 1.0.0, steps: [{}]}]\n");
  CHECK(tells("a step is one of"));
  folder.write("role/clerk.yaml", "name: clerk\n");
  folder.write("roles/clerk.yaml", "nmae: clerk\n");
  message = message_of("id: boxes\n");
  CHECK(tells("role:1:1: nothing reads this folder. Did you mean `roles`?"));
  CHECK(tells("roles/clerk.yaml:1:1: unknown key `nmae`"));
  CHECK(tells("pack.yaml:1:1: the key `version` is missing"));
}

TEST_CASE("what is not a file in the place of pack.yaml is refused, and does not make anybody wait", "[packs]") {
  const Folder folder;
  const auto file = folder.path() / "pack.yaml";
  std::filesystem::create_symlink("loop", folder.path() / "loop");  // is no folder of the pack
  for (const char* const what : {"pipe", "link", "folder"}) {
    INFO(what);
    if (std::string(what) == "pipe") REQUIRE(mkfifo(file.c_str(), 0600) == 0);
    if (std::string(what) == "link") std::filesystem::create_symlink("pack.yaml", file);
    if (std::string(what) == "folder") std::filesystem::create_directory(file);
    const std::string message = error_of([&] { read_pack(folder.path()); });
    CHECK(message.starts_with("invalid_definition: "));
    CHECK(message.find("pack.yaml:1:1: this is not a file") != std::string::npos);
    std::filesystem::remove(file);
  }
  folder.write("pack.yaml", "id: boxes\nversion: 1.0.0\n");
  CHECK_NOTHROW(read_pack(folder.path()));
}

TEST_CASE("a pack is installed and upgraded with its data, in its environment alone", "[packs]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Packs packs = packs_of(world);
    world.define_role({{"name", "ours"}});
    PackPlan plan = packs.plan_install(tutoring("1.0.0"));
    CHECK(plan.definitions.changes.size() == 7);
    CHECK(packs.list().empty());  // a plan changes nothing
    packs.apply(plan);
    REQUIRE(packs.list().size() == 1);
    CHECK(packs.definitions("tutoring") == tutoring("1.0.0").definitions.normal_form());
    CHECK(packs.plan_repair("tutoring").empty());
    CHECK_ERROR(conflict, packs.plan_install(tutoring("1.0.0")));
    CHECK_ERROR(conflict, packs.plan_upgrade(tutoring("1.0.0")));

    const EntityId session = book_session(world, {{"notes", "fractions"}});
    const auto runs = world.system().triggers().runs().runs.size();
    plan = packs.plan_upgrade(tutoring("1.1.0"));
    CHECK(plan.versions == std::vector<std::string>{"1.0.0", "1.1.0"});
    CHECK(plan.entities == std::map<std::string, std::int64_t>{{"session", 1}});
    CHECK(plan.definitions.obstacles.empty());
    packs.apply(plan);
    const Entity after = world.system().entities("session").get(session);
    CHECK(after.version() == 2);
    CHECK(after.data().at("price") == 40);
    CHECK(after.data().at("location") == "on site");
    CHECK_FALSE(after.data().contains("fee"));
    CHECK_FALSE(after.data().contains("notes"));
    const auto events = world.system().events().list({.type = "session.updated"}).events;
    REQUIRE(events.size() == 1);
    CHECK(events.front().payload().at("changes") ==
          Json::parse(R"({"fee": null, "notes": null, "price": 40, "location": "on site"})"));
    CHECK(events.front().payload().at("previousData").at("fee") == 40);
    CHECK(count_events(world, "pack.upgraded") == 1);
    CHECK(world.system().triggers().runs().runs.size() == runs);  // a migration sets nothing off

    const InstalledPack installed = packs.list().front();
    CHECK(installed.version == "1.1.0");
    REQUIRE(installed.history.size() == 2);
    CHECK(installed.history[1].at("entities").at("session") == 1);
    CHECK(definitions_of(world).current().find(role, "ours"));
    CHECK(packs_of(world, production).list().empty());
    CHECK(definitions_of(world, production).current() == DefinitionSet());
    CHECK(world.system(production).events().list().events.empty());
    CHECK(world.system().events().verify().ok);
  }
}

TEST_CASE("the migrations of a pack are bounded, and fields that they take away may be masked", "[packs][bounds]") {
  const World world;
  Migration many{"1.0.0", "2.0.0", {}};
  for (int i = 0; i < 1'001; ++i)
    many.steps.push_back({MigrationStep::Kind::remove_field, "box", "f" + std::to_string(i), {}, {}});
  const auto plan = [&](const Migration& migration, const std::string& mask) {
    Pack pack = boxes("2.0.0", R"({"a":{"type":"object","properties":{"b":{}}}})", {migration});
    pack.definitions.add(
        role, {{"name", "r"}, {"fieldMasks", {{{"entityType", "box"}, {"fieldPath", mask}, {"maskType", "hide"}}}}});
    return error_of([&] { (void)packs_of(world).plan_install(pack); });
  };
  CHECK(plan(many, "data.a").find("a pack has at most 1000 migrations, with at most 1000 steps together") !=
        std::string::npos);
  Migration few{"1.0.0",
                "2.0.0",
                {{MigrationStep::Kind::remove_field, "box", "old.place", {}, {}},
                 {MigrationStep::Kind::rename_field, "box", "former", "a", {}}}};
  for (const char* const held : {"data.a", "data.old", "data.old.place", "data.old.place.x", "data.former"}) {
    INFO(held);
    CHECK(plan(few, held) == "no error");
  }
  for (const char* const mistaken : {"data.old.plac", "data.ol", "data.older", "data.old.place2", "data.formers"}) {
    INFO(mistaken);
    CHECK(plan(few, mistaken) != "no error");
  }
}

TEST_CASE("an upgrade that data would not survive is refused, with counts and examples", "[packs]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Packs packs = packs_of(world);
    install(world, boxes("1.0.0", R"({"width": {"type": "integer"}, "size": {"type": "string"}})"));
    world.create("box", {{"width", 1}});
    const EntityId wrong = world.create("box", {{"width", 2}, {"size", "huge"}});
    const EntityId gone = world.create("box", {{"size", "huge"}});
    world.system().entities("box").remove(gone);  // a deleted entity is migrated, and its schema is not checked
    const auto upgrade = [&](std::vector<MigrationStep> steps) {
      return packs.plan_upgrade(boxes("2.0.0", R"({"width": {"type": "integer"}, "weight": {"type": "integer"}})",
                                      {{"1.0.0", "2.0.0", std::move(steps)}}, {"weight"}));
    };
    const MigrationStep add{MigrationStep::Kind::add_field, "box", "weight", "", 1};
    PackPlan plan = upgrade({add});
    REQUIRE(plan.definitions.obstacles.size() == 1);
    CHECK(plan.definitions.obstacles.front().count == 1);
    CHECK(plan.definitions.obstacles.front().examples.front().starts_with(wrong.str()));
    CHECK_ERROR(conflict, packs.apply(plan));
    CHECK(world.system().entities("box").get(wrong).version() == 1);
    CHECK(packs.list().front().version == "1.0.0");

    // A rename onto what is there would lose one of the two.
    plan = upgrade({{MigrationStep::Kind::rename_field, "box", "width", "weight"},
                    {MigrationStep::Kind::rename_field, "box", "size", "weight"}});
    REQUIRE(plan.definitions.obstacles.size() == 1);
    CHECK(plan.definitions.obstacles.front().message.find("both exist") != std::string::npos);

    plan = upgrade({add, {MigrationStep::Kind::remove_field, "box", "size"}});
    CHECK(plan.definitions.obstacles.empty());
    CHECK(plan.entities.at("box") == 3);
    // What comes between the plan and its application is migrated, or refused, as well.
    const EntityId late = world.create("box", {{"size", "small"}});
    packs.apply(plan);
    CHECK(world.system().entities("box").get(late).data() == Json{{"weight", 1}});
    CHECK(world.system().entities("box").count() == 3);
  }
}

namespace {

// A pack of one type, `person`, whose schema names the fields or, if it is open, may have others too.
Pack people(const std::string& version, const std::vector<const char*>& fields, bool is_open,
            std::vector<MigrationStep> steps = {}) {
  Pack out{"people", version, "", "", {}, {}};
  if (version != "1.0.0") out.migrations.push_back({"1.0.0", version, std::move(steps)});
  Json schema{{"type", "object"}, {"properties", Json::object()}};
  for (const char* const field : fields) schema["properties"][field] = Json::object();
  if (is_open) schema["patternProperties"]["^x"] = Json::object();
  out.definitions.add(entity_type, {{"slug", "person"}, {"schema", schema}});
  return out;
}

MigrationStep renaming(const char* from, const char* to) {
  return {MigrationStep::Kind::rename_field, "person", from, to};
}

Json clerk(const char* rule) {
  return {{"name", "clerk"},
          {"policies", Json::parse(R"([{"resource": "person", "actions": ["list", "read"], "effect": "allow"}])")},
          {"scopeRules", Json::array({Json::parse(rule)})}};
}

constexpr const char* not_archived = R"({"entityType": "person", "any": [
    {"field": "data.archived", "operator": "exists", "value": false},
    {"field": "data.archived", "operator": "eq", "value": false}]})";

// The messages of the obstacles of this kind.
std::vector<std::string> readers_in(const PackPlan& plan) {
  std::vector<std::string> out;
  for (const Obstacle& obstacle : plan.definitions.obstacles)
    if (obstacle.kind == Obstacle::Kind::definition_reads_changed_field) out.push_back(obstacle.message);
  return out;
}

}  // namespace

TEST_CASE("an upgrade is refused while a role of the organization has a rule on a field that a step changes",
          "[packs][leak]") {
  struct Case {
    std::vector<MigrationStep> steps;
    std::vector<const char*> fields;
    const char* change;
  };
  const std::vector<Case> cases{
      {{renaming("archived", "done")}, {"name", "done"}, "renames `archived` to `done`"},
      {{{MigrationStep::Kind::remove_field, "person", "archived"}}, {"name"}, "removes `archived`"},
      // The schema still has the name, for something else.
      {{renaming("archived", "done")}, {"name", "archived", "done"}, "renames `archived` to `done`"},
      {{{MigrationStep::Kind::remove_field, "person", "archived"}}, {"name", "archived"}, "removes `archived`"}};
  for (const StorageKind kind : storage_kinds())
    for (const bool is_open : {false, true})
      for (const Case& each : cases) {
        World world(kind);
        const Packs packs = packs_of(world);
        install(world, people("1.0.0", {"name", "archived"}, is_open));
        world.define_role(clerk(not_archived));
        const Session ana = world.user("ana", {"clerk"});
        world.create("person", {{"name", "open"}});
        world.create("person", {{"name", "HIDDEN"}, {"archived", true}});
        REQUIRE(ana.entities("person").count() == 1);

        const Pack next = people("2.0.0", each.fields, is_open, each.steps);
        const PackPlan plan = packs.plan_upgrade(next);
        const auto messages = readers_in(plan);
        REQUIRE(messages.size() == 1);
        for (const char* const part : {"scopeRules/0", "role `clerk`", "data.archived", "person", each.change})
          CHECK(messages.front().find(part) != std::string::npos);
        CHECK_ERROR(conflict, packs.apply(plan));
        CHECK(packs.list().front().version == "1.0.0");
        CHECK(ana.entities("person").count() == 1);

        // As the message says: the rule goes with what it narrows.
        world.define_role({{"name", "clerk"}});
        packs.apply(packs.plan_upgrade(next));
        CHECK(packs.list().front().version == "2.0.0");
        CHECK_ERROR(permission_denied, ana.entities("person").count());
      }
}

TEST_CASE("an upgrade migrates deleted entities too, as rules decide by them who sees their events", "[packs][leak]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Packs packs = packs_of(world);
    const auto with_clerk = [](Pack pack, const char* field) {
      pack.definitions.add(role, clerk(fmt::format(R"({{"entityType": "person", "any": [
          {{"field": "data.{0}", "operator": "exists", "value": false}},
          {{"field": "data.{0}", "operator": "eq", "value": false}}]}})",
                                                   field)
                                           .c_str()));
      return pack;
    };
    install(world, with_clerk(people("1.0.0", {"name", "archived"}, false), "archived"));
    const Session ana = world.user("ana", {"clerk"});
    const auto remove_hidden = [&] {
      const EntityId id = world.create("person", {{"name", "HIDDEN"}, {"archived", true}});
      world.system().entities("person").remove(id);
      return id;
    };
    const EntityId gone = remove_hidden();
    const EntityId living = world.create("person", {{"name", "HIDDEN"}, {"archived", true}});
    world.create("person", {{"name", "open"}});
    REQUIRE(ana.events().list().events.size() == 1);

    const PackPlan plan = packs.plan_upgrade(
        with_clerk(people("2.0.0", {"name", "done"}, false, {renaming("archived", "done")}), "done"));
    CHECK(plan.entities.at("person") == 2);
    const EntityId late = remove_hidden();
    world.system().entities("person").remove(living);
    packs.apply(plan);
    CHECK(packs.list().front().history.back().at("entities").at("person") == 3);
    CHECK(ana.events().list().events.size() == 1);
    for (const EntityId& id : {gone, living, late}) {
      CHECK_ERROR(not_found, world.system().entities("person").get(id));
      world.system().entities("person").restore(id);
      CHECK(world.system().entities("person").get(id).data().at("done") == true);
    }
    CHECK(ana.entities("person").count() == 1);
    CHECK(world.system().events().verify().ok);
  }
}

TEST_CASE("an upgrade is refused for a role that comes between the plan and its application", "[packs][leak]") {
  World world;
  const Packs packs = packs_of(world);
  install(world, people("1.0.0", {"archived"}, true));
  const PackPlan plan = packs.plan_upgrade(people("2.0.0", {"done"}, true, {renaming("archived", "done")}));
  world.define_role(clerk(not_archived));
  CHECK_ERROR(conflict, packs.apply(plan));
}

TEST_CASE("every definition that reads a changed field stops an upgrade, and one of the pack does not",
          "[packs][leak]") {
  World world;
  const Packs packs = packs_of(world);
  Pack first = people("1.0.0", {"name", "archived", "owner", "userId", "address"}, true);
  first.definitions.add(role, clerk(not_archived));
  install(world, first);
  const DefinitionSet installed = definitions_of(world).current();
  const auto upgrade = [&](std::vector<MigrationStep> steps) {
    Pack next = people("2.0.0", {"name", "done", "owner", "userId", "address"}, true, std::move(steps));
    next.definitions.add(role, clerk(R"({"entityType": "person", "any": [
        {"field": "data.done", "operator": "exists", "value": false}]})"));
    return readers_in(packs.plan_upgrade(next));
  };
  CHECK(upgrade({renaming("archived", "done")}).empty());

  const auto with = [&](DefinitionKind kind, const Json& definition, std::vector<MigrationStep> steps) {
    INFO(definition.dump());
    DefinitionSet all = installed;
    all.add(kind, definition);
    bring_in(world, all);
    auto out = upgrade(std::move(steps));
    bring_in(world, installed);
    return out.size();
  };
  const auto role_with = [](const char* rule) {
    Json out = clerk(rule);
    out["name"] = "ours";
    return out;
  };
  const auto trigger_with = [](const char* more) {
    Json out{{"slug", "ours"}, {"on", {{"entityType", "person"}, {"action", "created"}}}};
    out["actions"] = Json::parse(R"([{"tool": "event.emit", "args": {"type": "ours.done"}}])");
    out.merge_patch(Json::parse(more));
    return out;
  };
  const std::vector<MigrationStep> renames{renaming("archived", "done")};
  const char* const field_rule =
      R"({"entityType": "person", "field": "data.archived.at", "operator": "exists", "value": false})";
  CHECK(with(role, role_with(field_rule), renames) == 1);
  CHECK(with(role, role_with(not_archived), renames) == 1);  // of another role than the pack's
  CHECK(with(role, role_with(R"({"entityType": "person", "all": [{"any": [
      {"field": "data.done", "operator": "neq", "value": 1}]}]})"),
             renames) == 1);
  CHECK(with(role, role_with(R"({"entityType": "person", "field": "data.address", "operator": "eq", "value": {}})"),
             {renaming("address.street", "street")}) == 1);
  CHECK(with(role, role_with(R"({"entityType": "person", "field": "data.name", "operator": "eq", "value": 1})"),
             renames) == 0);
  CHECK(with(role, role_with(R"({"entityType": "person", "relationPath": "archived"})"), renames) == 0);
  // A field that is added can open a rule, except one that is true of rows without it.
  const std::vector<MigrationStep> adds{{MigrationStep::Kind::add_field, "person", "owner", "", "ana"}};
  CHECK(with(role, role_with(R"({"entityType": "person", "field": "data.owner", "operator": "eq",
      "value": "actor.userId"})"),
             adds) == 1);
  CHECK(with(role, role_with(R"({"entityType": "person", "field": "data.owner", "operator": "exists",
      "value": false})"),
             adds) == 0);

  CHECK(with(trigger, trigger_with(R"({"on": {"condition": {"data.archived": true}}})"), renames) == 1);
  CHECK(with(trigger, trigger_with(R"({"on": {"condition": [{"any": [
      {"field": "data.archived", "operator": "eq", "value": true}]}]}})"),
             renames) == 1);
  CHECK(with(trigger, trigger_with(R"({"schedule": {"at": "{{trigger.data.archived}}"}})"), renames) == 1);
  CHECK(with(trigger, trigger_with(R"({"actions": [{"tool": "event.emit", "args":
      {"type": "ours.done", "payload": {"was": "{{trigger.data.archived}}"}}}]})"),
             renames) == 1);
  CHECK(with(trigger, trigger_with(R"({"actions": [{"tool": "entity.query", "args":
      {"type": "person", "where": {"field": "data.archived", "operator": "eq", "value": true}}}]})"),
             renames) == 1);
  CHECK(with(trigger, trigger_with(R"({"actions": [{"tool": "entity.create", "args":
      {"type": "person", "data": {"archived": true}}}]})"),
             renames) == 1);
  CHECK(with(trigger, trigger_with("{}"), renames) == 0);

  // What the organization made of the pack's own type and role is its own as well.
  const auto customized = [&](DefinitionKind kind, const char* name, const char* patch,
                              std::vector<MigrationStep> steps) {
    INFO(patch);
    bring_in(world, edited(installed, kind, name, patch));
    packs.apply(packs.plan_customize("people", definitions_of(world).current()));
    auto out = upgrade(std::move(steps));
    bring_in(world, installed);
    packs.apply(packs.plan_customize("people", definitions_of(world).current()));
    return out.size();
  };
  CHECK(customized(entity_type, "person", R"({"unique": [["archived"]]})", renames) == 1);
  CHECK(customized(entity_type, "person", R"({"searchFields": ["archived"]})", renames) == 1);
  CHECK(customized(entity_type, "person", R"({"boundToRole": "clerk"})", {renaming("userId", "accountId")}) == 1);
  CHECK(customized(entity_type, "person", R"({"boundToRole": "clerk", "userIdField": "owner"})",
                   {renaming("owner", "ownedBy")}) == 1);
  CHECK(customized(role, "clerk", R"({"scopeRules": [
      {"entityType": "person", "any": [{"field": "data.archived", "operator": "exists", "value": false}]},
      {"entityType": "person", "field": "data.owner", "operator": "eq", "value": "ana"}]})",
                   renames) <= 1);
}

namespace {

// Does something once, when it is looked at next.
class OneTimeClock final : public Clock {
 public:
  Timestamp now() const override {
    if (then) std::exchange(then, nullptr)();
    return ++time_;
  }
  mutable std::function<void()> then;

 private:
  mutable Timestamp time_ = 1'700'000'000'000;
};

}  // namespace

TEST_CASE("what is written while an upgrade takes its first look is migrated under the lock, once", "[packs]") {
  const TemporaryFolder folder;
  OneTimeClock clock;
  DatabaseOptions options;
  options.clock = &clock;
  const Database database = Database::open(folder.file(), options);
  const Session system =
      database.trusted_host().system_session(database.trusted_host().create_organization("Acme").id, development);
  const Packs packs(system);
  packs.apply(packs.plan_install(boxes("1.0.0", R"({"width": {"type": "integer"}})")));
  const auto boxes_now = system.entities("box");
  const EntityId first = boxes_now.create({{"width", 1}}).id;
  // A second time, these steps would find both names.
  const PackPlan plan =
      packs.plan_upgrade(boxes("2.0.0", R"({"width": {"type": "integer"}, "depth": {"type": "integer"}})",
                               {{"1.0.0",
                                 "2.0.0",
                                 {{MigrationStep::Kind::rename_field, "box", "width", "depth"},
                                  {MigrationStep::Kind::add_field, "box", "width", "", 9}}}}));
  EntityId late;
  clock.then = [&] {  // the read transaction of the first look has begun
    late = boxes_now.create({{"width", 2}}).id;
    (void)boxes_now.update(first, {{"width", 3}});
  };
  packs.apply(plan);
  REQUIRE_FALSE(late.str().empty());
  CHECK(system.entities("box").get(late).data() == Json{{"width", 9}, {"depth", 2}});
  CHECK(system.entities("box").get(first).data() == Json{{"width", 9}, {"depth", 3}});
  CHECK(packs.list().front().history[1].at("entities").at("box") == 2);
}

TEST_CASE("an upgrade goes through all entities before it takes the write lock, and rewrites few under it",
          "[packs][bounds][large]") {
  World world(any_shared_storage());
  install(world, boxes("1.0.0", R"({"width": {"type": "integer"}, "old": {}, "all": {}})"));
  const std::vector<Json> rows(10'000, Json{{"width", 1}, {"all", 1}});
  for (int i = 0; i < 5; ++i) (void)world.system().entities("box").create_all(rows);
  world.create("box", {{"old", 1}, {"all", 1}});
  const Packs packs(world.user("boss", {}, development, "acme", MembershipRole::admin));
  const auto without = [&](const char* version, const char* before, const char* properties, const char* field) {
    return boxes(version, properties, {{before, version, {{MigrationStep::Kind::remove_field, "box", field}}}});
  };
  const PackPlan few =
      packs.plan_upgrade(without("2.0.0", "1.0.0", R"({"width": {"type": "integer"}, "all": {}})", "old"));
  CHECK(few.entities.at("box") == 1);
  packs.apply(few);
  const Pack third = without("3.0.0", "2.0.0", R"({"width": {"type": "integer"}})", "all");
  const PackPlan many = packs.plan_upgrade(third);
  CHECK(many.entities.at("box") == 50'001);
  REQUIRE(many.definitions.obstacles.size() == 1);
  CHECK(many.definitions.obstacles[0].kind == Obstacle::Kind::holds_writers);
  CHECK_ERROR(conflict, packs.apply(many));
  CHECK_ERROR(permission_denied, packs.apply(packs.plan_upgrade(third, {.plan = {.hold_writers = true}})));
  const Packs host = packs_of(world);
  CHECK_ERROR(conflict, host.apply(host.plan_upgrade(third)));
  CHECK(world.system().entities("box").count({.where = field("data.all").exists()}) == 50'001);
  host.apply(host.plan_upgrade(third, {.plan = {.hold_writers = true}}));
  CHECK(world.system().entities("box").count({.where = field("data.all").exists()}) == 0);
}

TEST_CASE("the shortest way through the versions is taken, and there must be one", "[packs]") {
  const char* const any = R"({"n": {"type": "integer"}, "via": {"type": "string"}})";
  const auto step = [](const char* from, const char* to) {
    return Migration{from, to, {{MigrationStep::Kind::add_field, "box", "via", "", std::string(from) + ">" + to}}};
  };
  World world;
  const Packs packs = packs_of(world);
  install(world, boxes("1.9.0", any));
  const EntityId box = world.create("box", {{"n", 1}});
  CHECK_ERROR(invalid_definition, packs.plan_upgrade(boxes("2.0.0", any)));
  CHECK_ERROR(invalid_definition, packs.plan_upgrade(boxes("2.0.0", any, {step("1.8.0", "2.0.0")})));
  CHECK_ERROR(conflict, packs.plan_upgrade(boxes("1.9.0-rc.2", any)));
  CHECK_ERROR(conflict, packs.plan_upgrade(boxes("1.8.10", any)));
  CHECK_ERROR(not_found, packs.plan_upgrade(tutoring("1.1.0")));
  const PackPlan plan =
      packs.plan_upgrade(boxes("2.0.0", any,
                               {step("1.9.0", "1.10.0"), step("1.10.0", "1.11.0"), step("1.11.0", "2.0.0"),
                                step("1.9.0", "1.11.0"), step("1.10.0", "1.10.1")}));
  CHECK(plan.versions == std::vector<std::string>{"1.9.0", "1.11.0", "2.0.0"});
  packs.apply(plan);
  CHECK(world.system().entities("box").get(box).data().at("via") == "1.9.0>1.11.0");

  // A schema that changes and no step that says so: somebody forgot the data.
  const char* const longer = R"({"n": {"type": "integer"}, "via": {"type": "string"}, "m": {"type": "integer"}})";
  CHECK_ERROR(invalid_definition, packs.plan_upgrade(boxes("2.0.1", longer, {{"2.0.0", "2.0.1", {}}})));
  const MigrationStep said{MigrationStep::Kind::modify_schema, "box"};
  CHECK_NOTHROW(packs.apply(packs.plan_upgrade(boxes("2.0.1", longer, {{"2.0.0", "2.0.1", {said}}}))));
}

TEST_CASE("fields are reached inside of objects", "[packs]") {
  World world;
  const Packs packs = packs_of(world);
  install(world, boxes("1.0.0", R"({"size": {"type": "object"}})"));
  const EntityId box = world.create("box", Json::parse(R"({"size": {"x": 1, "y": null, "z": {"k": null}}})"));
  const EntityId empty = world.create("box", Json::object());
  packs.apply(packs.plan_upgrade(boxes("1.0.1", R"({"size": {"type": "object"}, "x": {}, "z": {}})",
                                       {{"1.0.0",
                                         "1.0.1",
                                         {{MigrationStep::Kind::rename_field, "box", "size.x", "x"},
                                          {MigrationStep::Kind::rename_field, "box", "size.z", "z"},
                                          {MigrationStep::Kind::add_field, "box", "size.w", "", 5}}}})));
  const auto entities = world.system().entities("box");
  CHECK(entities.get(box).data() == Json::parse(R"({"size": {"y": null, "w": 5}, "x": 1, "z": {"k": null}})"));
  CHECK(entities.get(empty).data() == Json::parse(R"({"size": {"w": 5}})"));
}

TEST_CASE("a customization survives an upgrade; where both changed the same, nothing is guessed", "[packs]") {
  for (const StorageKind kind : storage_kinds()) {
    const World world(kind);
    const Packs packs = packs_of(world);
    install(world, tutoring("1.0.0"));
    DefinitionSet ours = packs.definitions("tutoring");
    ours = edited(ours, entity_type, "student",
                  R"({"name": "Pupil", "schema": {"properties": {"school": {"type": "string"}}}})");
    ours = edited(ours, trigger, "session-booked", nullptr);
    Json teacher = *ours.find(role, "teacher");
    teacher["policies"].push_back({{"resource", "payment"}, {"actions", {"list"}}, {"effect", "allow"}});
    ours = edited(edited(ours, role, "teacher", nullptr), role, "front-desk", nullptr);
    ours.add(role, teacher);
    packs.apply(packs.plan_customize("tutoring", ours));
    CHECK(packs.definitions("tutoring") == ours.normal_form());
    CHECK_FALSE(definitions_of(world).current().find(trigger, "session-booked"));
    CHECK(count_events(world, "pack.customized") == 1);
    CHECK(packs.plan_customize("tutoring", ours).empty());

    // The pack has changed what the organization took out.
    PackPlan plan = packs.plan_upgrade(tutoring("1.1.0"));
    REQUIRE(plan.conflicts.size() == 1);
    CHECK(plan.conflicts.front().place == "role/front-desk");
    CHECK_FALSE(plan.conflicts.front().ours);
    CHECK(plan.conflicts.front().theirs);
    CHECK_ERROR(conflict, packs.apply(plan));
    CHECK(error_of([&] { packs.apply(plan); }).find("role/front-desk") != std::string::npos);

    for (const char* const place : {"role/front-desk/policies", "role/front-dest", "", "entity-type/student"}) {
      const std::string refused = error_of([&] {
        packs.plan_upgrade(tutoring("1.1.0"), {.prefer = MergeSide::theirs, .choices = {{place, MergeSide::ours}}});
      });
      CHECK(refused.starts_with("invalid_definition: "));
      CHECK(refused.find("both have changed `role/front-desk`") != std::string::npos);
    }
    plan = packs.plan_upgrade(tutoring("1.1.0"), {.choices = {{"role/front-desk", MergeSide::ours}}});
    CHECK(plan.conflicts.empty());
    packs.apply(plan);
    const DefinitionSet after = definitions_of(world).current();
    CHECK(after.find(entity_type, "student")->at("name") == "Pupil");
    CHECK(after.find(entity_type, "student")->at("schema").at("properties").size() == 5);  // school, and guardian
    CHECK_FALSE(after.find(trigger, "session-booked"));
    CHECK_FALSE(after.find(role, "front-desk"));
    const std::string policies = after.find(role, "teacher")->at("policies").dump();
    CHECK(policies.find("payment") != std::string::npos);
    CHECK(policies.find("absence") != std::string::npos);
    CHECK(packs.plan_repair("tutoring").empty());
  }
}

TEST_CASE("of one text that both changed, either is taken when it is said which", "[packs]") {
  const auto pack = [](const std::string& version, const std::string& title) {
    Pack out = boxes(version, R"({"n": {"type": "integer"}})", {{"1.0.0", "1.1.0", {}}});
    if (version == "1.0.0") out.migrations.clear();
    DefinitionSet set;
    Json type = *out.definitions.find(entity_type, "box");
    type["name"] = title;
    set.add(entity_type, type);
    out.definitions = set;
    return out;
  };
  for (const MergeSide side : {MergeSide::ours, MergeSide::theirs}) {
    const World world;
    const Packs packs = packs_of(world);
    install(world, pack("1.0.0", "Box"));
    packs.apply(
        packs.plan_customize("boxes", edited(packs.definitions("boxes"), entity_type, "box", R"({"name": "Crate"})")));
    const PackPlan plan = packs.plan_upgrade(pack("1.1.0", "Carton"));
    REQUIRE(plan.conflicts.size() == 1);
    CHECK(plan.conflicts.front().place == "entity-type/box/name");
    CHECK(plan.conflicts.front().base == Json("Box"));
    CHECK(plan.to_json().at("conflicts").at(0).at("ours") == "Crate");
    packs.apply(packs.plan_upgrade(pack("1.1.0", "Carton"), {.prefer = side}));
    const bool is_ours = side == MergeSide::ours;
    CHECK(packs.definitions("boxes").find(entity_type, "box")->at("name") == (is_ours ? "Crate" : "Carton"));
    CHECK(packs.list().front().overrides.empty() == !is_ours);
  }
}

TEST_CASE("drift is found, stops an upgrade, and is set back or kept", "[packs]") {
  for (const StorageKind kind : storage_kinds()) {
    const World world(kind);
    const Packs packs = packs_of(world);
    install(world, tutoring("1.0.0"));
    const DefinitionSet installed = definitions_of(world).current();
    const auto drift = [&] {
      DefinitionSet changed = edited(installed, role, "teacher", R"({"fieldMasks": []})");
      changed = edited(changed, role, "front-desk", nullptr);
      const Packs before = packs;
      // front-desk is taken away by hand: a sync would keep it.
      bring_in(world, changed);
      world.system().roles().remove("front-desk");
    };
    drift();
    PackPlan plan = packs.plan_repair("tutoring");
    REQUIRE(plan.definitions.changes.size() == 2);
    CHECK(plan.definitions.changes[0].change == ChangeKind::create);
    CHECK(plan.definitions.changes[1].name == "teacher");
    CHECK_ERROR(conflict, packs.plan_upgrade(tutoring("1.1.0")));
    packs.apply(plan);
    CHECK(definitions_of(world).current() == installed);
    CHECK(packs.plan_repair("tutoring").empty());
    CHECK(count_events(world, "pack.repaired") == 1);
    packs.apply(packs.plan_repair("tutoring"));  // nothing to do is nothing done
    CHECK(count_events(world, "pack.repaired") == 1);

    drift();
    packs.apply(packs.plan_customize("tutoring", definitions_of(world).current()));
    CHECK(packs.plan_repair("tutoring").empty());
    CHECK(packs.list().front().overrides.at("role").at("front-desk").is_null());
    plan = packs.plan_upgrade(tutoring("1.1.0"), {.prefer = MergeSide::ours});
    packs.apply(plan);
    CHECK(definitions_of(world).current().find(role, "teacher")->at("fieldMasks").size() <= 2);
    CHECK_FALSE(definitions_of(world).current().find(role, "front-desk"));
  }
}

TEST_CASE("a pack leaves as it came, but for types that have had rows", "[packs]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Packs packs = packs_of(world);
    world.define_role({{"name", "ours"}});
    const DefinitionSet before = definitions_of(world).current();
    install(world, tutoring("1.0.0"));
    packs.apply(packs.plan_uninstall("tutoring"));
    CHECK(definitions_of(world).current() == before);
    CHECK(packs.list().empty());
    CHECK_ERROR(not_found, packs.plan_uninstall("tutoring"));

    install(world, tutoring("1.0.0"));
    const EntityId session = book_session(world);
    PackPlan plan = packs.plan_uninstall("tutoring");
    CHECK(plan.definitions.obstacles.size() == 3);
    CHECK_ERROR(conflict, packs.apply(plan));
    CHECK(world.system().entities("session").count() == 1);
    plan = packs.plan_uninstall("tutoring", {.remove_entities = true});
    CHECK(plan.kept_types == std::vector<std::string>{"session", "student", "teacher"});
    CHECK(plan.entities.at("session") == 1);
    packs.apply(plan);
    CHECK(world.system().entities("session").count() == 0);
    CHECK_ERROR(not_found, world.system().entities("session").get(session));
    CHECK(count_events(world, "session.deleted") == 1);
    const DefinitionSet after = definitions_of(world).current();
    CHECK(after.of(entity_type).size() == 3);
    CHECK(after.of(role).size() == 1);
    CHECK(after.of(trigger).empty());
    CHECK(packs.list().empty());
    CHECK(world.system().events().verify().ok);
    // The teacher's type was bound to a role that went; the pack may have its types back.
    CHECK_ERROR(conflict, packs.plan_install(tutoring("1.1.0")));
    packs.apply(packs.plan_install(tutoring("1.1.0"), {.take_over = true}));
    CHECK(packs.plan_repair("tutoring").empty());
  }
}

TEST_CASE("what others need of a pack stops its going", "[packs]") {
  const World world;
  const Packs packs = packs_of(world);
  install(world, boxes("1.0.0", R"({"n": {"type": "integer"}})"));
  world.define_role(
      Json::parse(R"({"name": "packer", "policies": [{"resource": "box", "actions": ["read"], "effect": "allow"}]})"));
  CHECK_ERROR(conflict, packs.plan_uninstall("boxes"));
  CHECK(error_of([&] { (void)packs.plan_uninstall("boxes"); }).find("packer") != std::string::npos);
}

TEST_CASE("a name is one pack's, and what is nobody's is taken over only when that is said", "[packs]") {
  const World world;
  const Packs packs = packs_of(world);
  install(world, boxes("1.0.0", R"({"n": {"type": "integer"}})"));
  Pack other = boxes("1.0.0", R"({"n": {"type": "integer"}})");
  other.id = "other";
  CHECK(error_of([&] { (void)packs.plan_install(other); }).find("pack `boxes`") != std::string::npos);
  CHECK_ERROR(conflict, packs.plan_install(other, {.take_over = true}));

  world.define_role({{"name", "teacher"}});
  CHECK_ERROR(conflict, packs.plan_install(tutoring("1.0.0")));
  packs.apply(packs.plan_install(tutoring("1.0.0"), {.take_over = true}));
  CHECK_FALSE(definitions_of(world).current().find(role, "teacher")->at("policies").empty());
  // As an upgrade brings new names in, too.
  world.define_type({{"slug", "absence"}});
  CHECK_ERROR(conflict, packs.plan_upgrade(tutoring("1.1.0")));

  Pack broken = other;
  broken.definitions.add(
      role,
      Json::parse(R"({"name": "x", "policies": [{"resource": "nothing", "actions": ["read"], "effect": "allow"}]})"));
  CHECK_ERROR(invalid_definition, packs.plan_install(broken));
  broken = other;
  broken.version = "1";
  CHECK_ERROR(invalid_definition, packs.plan_install(broken));
}

TEST_CASE("a pack's plan is carried out only on what it was made for", "[packs]") {
  const World world;
  const Packs packs = packs_of(world);
  const PackPlan plan = packs.plan_install(tutoring("1.0.0"));
  CHECK_ERROR(conflict, packs_of(world, production).apply(plan));
  world.define_role({{"name", "somebody-elses"}});
  CHECK_ERROR(conflict, packs.apply(plan));
  CHECK(definitions_of(world).current().of(entity_type).empty());
  const PackPlan again = packs.plan_install(tutoring("1.0.0"));
  packs.apply(again);
  CHECK_ERROR(conflict, packs.apply(again));
  const PackPlan upgrade = packs.plan_upgrade(tutoring("1.1.0"));
  packs.apply(upgrade);
  CHECK_ERROR(conflict, packs.apply(upgrade));
}

TEST_CASE("packs are for system actors and org admins, and their records are changed with them alone", "[packs]") {
  const World world;
  const Packs member(world.user("ada"));
  const PackPlan plan = packs_of(world).plan_install(tutoring("1.0.0"));
  CHECK_ERROR(permission_denied, member.list());
  CHECK_ERROR(permission_denied, member.definitions("tutoring"));
  CHECK_ERROR(permission_denied, member.plan_install(tutoring("1.0.0")));
  CHECK_ERROR(permission_denied, member.plan_repair("tutoring"));
  CHECK_ERROR(permission_denied, member.apply(plan));
  const Packs admin(world.user("grace", {}, development, "acme", MembershipRole::admin));
  admin.apply(admin.plan_install(tutoring("1.0.0")));
  const PackRepository records = world.system().packs();
  CHECK(records.get("tutoring").version == "1.0.0");
  CHECK_ERROR(conflict, records.upgrade("tutoring", "1.1.0"));
  CHECK_ERROR(conflict, records.customize("tutoring", Json::object()));
  CHECK_ERROR(conflict, records.uninstall("tutoring"));

  records.install("recorded", "1.0.0");
  CHECK_ERROR(not_found, admin.definitions("recorded"));
  CHECK_ERROR(conflict, admin.plan_repair("recorded"));
  admin.apply(admin.plan_uninstall("recorded"));
  CHECK(admin.list().size() == 1);
}

TEST_CASE("files and releases that do not know a pack leave it alone", "[packs]") {
  World world(any_shared_storage());
  const Definitions from = definitions_of(world), to = definitions_of(world, production);
  DefinitionSet files;
  files.add(role, {{"name", "clerk"}});
  bring_in(world, files);
  to.deploy(to.plan(from.current()));
  const Packs there = packs_of(world, production);
  there.apply(there.plan_install(tutoring("1.0.0")));
  install(world, tutoring("1.0.0"));
  CHECK(from.plan(files).empty());
  const DefinitionSet installed = from.current();

  DefinitionSet more = files;
  more.add(role, {{"name", "second"}});
  bring_in(world, more);
  to.deploy(to.plan(from.current()));  // a release with the pack as it is now
  there.apply(there.plan_upgrade(tutoring("1.1.0")));
  for (const std::int64_t release : {1, 2}) {
    CHECK(to.plan_rollback(release).changes.size() == (release == 1 ? 1 : 0));  // the role alone
    CHECK(there.plan_repair("tutoring").empty());
  }
  CHECK(packs_of(world).plan_repair("tutoring").empty());
  bring_in(world, files);
  CHECK(from.current() == installed);
}

TEST_CASE("a rollback undoes the drift of a pack that the release has as it is installed", "[packs]") {
  World world(any_shared_storage());
  const Definitions from = definitions_of(world), to = definitions_of(world, production);
  const Packs here = packs_of(world), there = packs_of(world, production);
  const Pack first = people("1.0.0", {"name", "archived"}, false);
  install(world, first);
  to.deploy(to.plan(from.current()));  // release 1
  there.apply(there.plan_install(first));
  const DefinitionSet installed = to.current();
  to.deploy(to.plan(edited(installed, entity_type, "person", R"({"name": "Drift"})")));  // release 2
  CHECK_FALSE(there.plan_repair("people").empty());

  ChangePlan plan = to.plan_rollback(1);
  CHECK(plan.kept.empty());
  to.deploy(plan);
  CHECK(to.current() == installed);
  CHECK(there.plan_repair("people").empty());
  // Release 2 is neither what is installed nor what is there now.
  plan = to.plan_rollback(2);
  CHECK(plan.empty());
  REQUIRE(plan.kept.size() == 1);
  CHECK(plan.kept.front().name == "person");
  CHECK(plan.kept.front().pack == "people");
  CHECK(plan.to_json().at("kept").at(0) == Json{{"kind", "entity-type"}, {"name", "person"}, {"pack", "people"}});

  here.apply(here.plan_uninstall("people"));
  plan = to.plan(from.current());
  CHECK(plan.empty());
  CHECK(plan.kept.size() == 1);
}

TEST_CASE("a deploy does not bring a pack of another version, to which production's data was not migrated",
          "[packs][leak]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const Definitions from = definitions_of(world), to = definitions_of(world, production);
    const Packs here = packs_of(world), there = packs_of(world, production);
    Pack first = people("1.0.0", {"name", "archived"}, false);
    first.definitions.add(role, clerk(not_archived));
    Pack next = people("2.0.0", {"name", "done"}, false, {renaming("archived", "done")});
    next.definitions.add(role, clerk(R"({"entityType": "person", "any": [
        {"field": "data.done", "operator": "exists", "value": false}]})"));
    install(world, first);
    there.apply(there.plan_install(first));
    world.create("person", {{"name", "HIDDEN"}, {"archived", true}}, production);
    const Session ana = world.user("ana", {"clerk"}, production);
    REQUIRE(ana.entities("person").count() == 0);

    here.apply(here.plan_upgrade(next));
    world.define_role({{"name", "other"}});
    const ChangePlan plan = to.plan(from.current());
    CHECK(plan.changes.size() == 1);
    CHECK(plan.kept.size() == 2);
    to.deploy(plan);
    CHECK(to.current().find(role, "other"));
    CHECK(there.plan_repair("people").empty());
    CHECK(ana.entities("person").count() == 0);
    // A role of the organization that reads a field of the new version cannot come before the pack.
    world.define_role({{"name", "other"}, {"scopeRules", Json::parse(R"([
        {"entityType": "person", "field": "data.done", "operator": "exists", "value": false}])")}});
    CHECK_ERROR(invalid_definition, to.plan(from.current()));

    there.apply(there.plan_upgrade(next));
    to.deploy(to.plan(from.current()));
    CHECK(to.current() == from.current());
    CHECK(ana.entities("person").count() == 0);
  }
}

TEST_CASE("what tools may do is brought to development first, as it is shared", "[packs]") {
  Pack pack{"mail", "1.0.0", "", "", {}, {}};
  pack.definitions.add(agent, {{"slug", "postman"}, {"systemPrompt", "x"}, {"model", "m"}, {"tools", {"send-mail"}}});
  pack.definitions.add(tool,
                       Json::parse(R"({"name": "send-mail", "agents": {"postman": {"deniedFields": ["data.card"]}}})"));
  for (const StorageKind kind : storage_kinds()) {
    const World world(kind);
    const Packs here = packs_of(world), there = packs_of(world, production);
    CHECK_ERROR(conflict, there.plan_install(pack));
    here.apply(here.plan_install(pack));
    CHECK(here.plan_repair("mail").empty());
    there.apply(there.plan_install(pack));
    CHECK(there.plan_repair("mail").empty());
    world.system().agents().permit_tool("postman", "send-mail", {});
    CHECK(here.plan_repair("mail").definitions.changes.size() == 1);
    here.apply(here.plan_repair("mail"));
    CHECK(world.system().agents().tool_permissions("postman").front().denied_fields.size() == 1);
    here.apply(here.plan_uninstall("mail"));
    CHECK(definitions_of(world).current() == DefinitionSet());
    CHECK(there.plan_repair("mail").empty());  // production still has it, narrowed as before
  }
}

namespace {

Json random_policies() {
  Json out = Json::array();
  for (const char* const type : {"a", "b"})
    for (const char* const action : {"read", "list", "create"})
      if (*rc::gen::arbitrary<bool>())
        out.push_back({{"resource", type}, {"actions", {action}}, {"effect", *rc::gen::element("allow", "deny")}});
  return out;
}

// Some version of a pack, or what somebody made of one: everything in it may differ, but that there are the two types.
DefinitionSet random_version() {
  DefinitionSet out;
  const auto word = [] { return *rc::gen::element<std::string>("x", "y", "z"); };
  for (const char* const slug : {"a", "b"}) {
    Json properties = Json::object();
    for (const char* const field : {"one", "two", "three"})
      if (*rc::gen::arbitrary<bool>()) properties[field] = {{"title", word()}, {"type", "string"}};
    out.add(entity_type,
            {{"slug", slug}, {"name", word()}, {"schema", {{"type", "object"}, {"properties", properties}}}});
  }
  for (const char* const name : {"clerk", "guest"})
    if (*rc::gen::inRange(0, 4) > 0) out.add(role, {{"name", name}, {"policies", random_policies()}});
  if (*rc::gen::arbitrary<bool>())
    out.add(trigger, {{"slug", "t"},
                      {"on", {{"entityType", "a"}, {"action", *rc::gen::element("created", "updated")}}},
                      {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "t." + word()}}}}}}});
  if (*rc::gen::arbitrary<bool>())
    out.add(agent, {{"slug", "helper"}, {"systemPrompt", word()}, {"model", word()}, {"tools", {"entity.get"}}});
  return out;
}

// A version, with some of it in place of what is there.
DefinitionSet randomly_edited(const DefinitionSet& set) {
  const DefinitionSet other = random_version();
  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds)
    for (const auto& [name, definition] : set.of(kind)) {
      const Json* const instead = other.find(kind, name);
      if (*rc::gen::inRange(0, 3) > 0)
        out.add(kind, definition);
      else if (instead)
        out.add(kind, *instead);
      else if (kind == entity_type)
        out.add(kind, definition);
    }
  return out;
}

using Part = std::optional<Json>;

Part member_of(const Part& object, const std::string& key) {
  return object && object->is_object() && object->contains(key) ? Part(object->at(key)) : std::nullopt;
}

// What the organization changed is as it says, what it did not is as the pack says: told without merging anything.
void check_merged(const Part& base, const Part& ours, const Part& theirs, const Part& merged) {
  if (ours == base) return RC_ASSERT(merged == theirs);
  const bool are_objects = ours && ours->is_object() && theirs && theirs->is_object();
  if (are_objects && merged && merged->is_object()) {
    std::set<std::string> keys;
    for (const Part* const side : {&base, &ours, &theirs, &merged})
      if (*side && (*side)->is_object())
        for (const auto& [key, value] : (*side)->items()) keys.insert(key);
    for (const std::string& key : keys)
      check_merged(member_of(base, key), member_of(ours, key), member_of(theirs, key), member_of(merged, key));
    return;
  }
  if (base && ours && merged && base->is_array() && ours->is_array() && merged->is_array()) {
    const auto has = [](const Part& list, const Json& element) {
      return std::find(list->begin(), list->end(), element) != list->end();
    };
    for (const Json& element : *ours)
      if (!has(base, element)) RC_ASSERT(has(merged, element));
    for (const Json& element : *base)
      if (!has(ours, element)) RC_ASSERT(!has(merged, element));
    return;
  }
  RC_ASSERT(merged == ours);
}

Part part_of(const DefinitionSet& set, DefinitionKind kind, const std::string& name) {
  const Json* const found = set.find(kind, name);
  return found ? Part(*found) : std::nullopt;
}

}  // namespace

TEST_CASE("random customizations survive random upgrades", "[packs][property]") {
  CHECK(rc::check("base, ours, theirs", [] {
    World world(*rc::gen::elementOf(storage_kinds()));
    const Packs packs = packs_of(world);
    const Pack first{"p", "1.0.0", "", "", random_version(), {}};
    const Pack second{"p",
                      "2.0.0",
                      "",
                      "",
                      random_version(),
                      {{"1.0.0",
                        "2.0.0",
                        {{MigrationStep::Kind::modify_schema, "a"},
                         {MigrationStep::Kind::modify_schema, "b"},
                         {MigrationStep::Kind::add_field, "a", "one", "", "1"}}}}};
    RC_PRE(second.definitions.find(entity_type, "a")->at("schema").at("properties").contains("one"));
    install(world, first);
    world.create("a", Json::object());
    const DefinitionSet ours = randomly_edited(packs.definitions("p")).normal_form();
    packs.apply(packs.plan_customize("p", ours));
    RC_ASSERT(packs.definitions("p") == ours);

    const DefinitionSet before = definitions_of(world).current();
    PackPlan plan = packs.plan_upgrade(second);
    RC_TAG(plan.conflicts.empty() ? "no conflict" : "conflicts");
    if (!plan.conflicts.empty()) {
      RC_ASSERT(error_code_of([&] { packs.apply(plan); }) == ErrorCode::conflict);
      RC_ASSERT(definitions_of(world).current() == before);
      for (const MergeConflict& conflict : plan.conflicts) {  // each is one
        RC_ASSERT(conflict.ours != conflict.base);
        RC_ASSERT(conflict.theirs != conflict.base);
        RC_ASSERT(conflict.ours != conflict.theirs);
      }
      plan = packs.plan_upgrade(second, {.prefer = MergeSide::ours});
    }
    packs.apply(plan);
    const DefinitionSet base = first.definitions.normal_form(), theirs = second.definitions.normal_form(),
                        merged = packs.definitions("p");
    for (const DefinitionKind kind : definition_kinds) {
      std::set<std::string> names;
      for (const DefinitionSet* const side : {&base, &ours, &theirs, &merged})
        for (const auto& [name, definition] : side->of(kind)) names.insert(name);
      for (const std::string& name : names)
        check_merged(part_of(base, kind, name), part_of(ours, kind, name), part_of(theirs, kind, name),
                     part_of(merged, kind, name));
    }
    RC_ASSERT(packs.plan_repair("p").empty());
    const Json migrated = world.system().entities("a").list().front().data();
    RC_ASSERT(migrated == Json::parse(R"({"one": "1"})"));
    RC_ASSERT(world.system().events().verify().ok);
  }));
}

TEST_CASE("what comes with a pack goes with it, whatever else is there", "[packs][property]") {
  CHECK(rc::check("install, customize, uninstall", [] {
    const World world(*rc::gen::elementOf(storage_kinds()));
    const Packs packs = packs_of(world);
    DefinitionSet others;
    for (const char* const name : {"others", "cook"})
      if (*rc::gen::arbitrary<bool>()) others.add(role, {{"name", name}});
    if (*rc::gen::arbitrary<bool>()) others.add(entity_type, {{"slug", "meal"}});
    bring_in(world, others);
    const DefinitionSet before = definitions_of(world).current();
    install(world, {"p", "1.0.0", "", "", random_version(), {}});
    if (*rc::gen::arbitrary<bool>()) packs.apply(packs.plan_customize("p", randomly_edited(packs.definitions("p"))));
    RC_ASSERT(definitions_of(world).plan(others).empty());  // files that know nothing of it
    packs.apply(packs.plan_uninstall("p"));
    RC_ASSERT(definitions_of(world).current() == before);
    RC_ASSERT(packs.list().empty());
  }));
}
