// What the rules, references and triggers of a scope look at while a write holds the lock has one bound for the whole
// write, however small each part is (docs/limits.md).
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::string refusal =
    "invalid_data: row 0 of 0: deciding by the rules, references and triggers of this scope takes more than 50000000 "
    "steps for one write or transaction, while all writers wait; write fewer rows at a time, make the rules simpler, "
    "or "
    "let fewer triggers fire";

// Without the numbers of the row and of all rows.
std::string told(const std::function<void()>& write) {
  std::string out = error_of(write);
  if (out.starts_with("invalid_data: row "))
    out.replace(0, out.find(": ", out.find("row ")), "invalid_data: row 0 of 0");
  return out;
}

// A member who may do everything with notes that the rules let through.
Session writer_under(const World& world, const Json& rules) {
  world.define_role({{"name", "writer"},
                     {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}},
                     {"scopeRules", rules}});
  return world.user("ana", {"writer"});
}

std::vector<EntityId> notes_of(const World& world, std::size_t number) {
  return world.system().entities("note").create_all(std::vector<Json>(number, Json{{"n", -1}}));
}

}  // namespace

TEST_CASE("the values that rules compare for all rows of a write are bounded", "[entities][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  Json others = Json::array(), conditions = Json::array();
  for (int i = 0; i < 10'000; ++i) others.push_back(i);
  for (int i = 0; i < 15; ++i) conditions.push_back({{"field", "data.n"}, {"operator", "nin"}, {"value", others}});
  const Session ana = writer_under(world, Json::array({{{"entityType", "note"}, {"all", conditions}}}));
  const std::vector<EntityId> ids = notes_of(world, 200);
  const auto update = [&](std::size_t rows) {
    ana.entities("note").update_all({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(rows)}, {{"seen", true}});
  };
  CHECK_NOTHROW(update(5));
  CHECK(told([&] { update(200); }) == refusal);
  CHECK(ana.entities("note").count({.where = field("data.seen") == true}) == 5);
  // All operations of a unit of work hold the lock together.
  const std::string of_unit = error_of([&] {
    ana.transaction([&](Session& unit) {
      for (const EntityId& id : ids) unit.entities("note").update(id, {{"seen", true}});
    });
  });
  CHECK(of_unit.find("takes more than 50000000 steps") != std::string::npos);
  CHECK(ana.entities("note").count({.where = field("data.seen") == true}) == 5);
}

TEST_CASE("the relations that rules look at for all rows of a write are bounded",
          "[entities][relations][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "person"}, {"boundToRole", "writer"}});
  const Session ana =
      writer_under(world,
                   R"([{"entityType": "note", "field": "data.by", "operator": "in", "value": "actor.relatedIds:knows"},
          {"entityType": "note", "field": "data.by", "operator": "in", "value": "actor.relatedIds:knows"}])"_json);
  const EntityRepository people = world.system().entities("person");
  const EntityId self = people.create({{"userId", "ana"}}).id;
  const auto known = people.create_all(std::vector<Json>(4'000, Json::object()));
  world.system().transaction([&](Session& unit) {
    for (const EntityId& id : known) unit.relations().link(self, "knows", id);
  });
  const auto ids = world.system().entities("note").create_all(std::vector<Json>(2'000, Json{{"by", known[0].str()}}));
  const auto update = [&](std::size_t rows) {
    ana.entities("note").update_all({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(rows)}, {{"seen", true}});
  };
  CHECK_NOTHROW(update(20));
  CHECK(told([&] { update(2'000); }) == refusal);
  CHECK(world.system().entities("note").count({.where = field("data.seen") == true}) == 20);
}

TEST_CASE("the rows of a write that one path of relations reaches are told by walking it once",
          "[entities][relations][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "team"}});
  world.define_type({{"slug", "person"}, {"boundToRole", "writer"}});
  const Session ana = writer_under(world, R"([{"entityType": "note", "relationPath": "leads/has/wrote"}])"_json);
  const EntityRepository people = world.system().entities("person");
  const EntityId self = people.create({{"userId", "ana"}}).id, team = world.create("team", Json::object());
  const auto members = people.create_all(std::vector<Json>(1'200, Json::object()));
  const auto ids = notes_of(world, 1'000);
  world.system().transaction([&](Session& unit) {
    unit.relations().link(self, "leads", team);
    for (const EntityId& id : members) unit.relations().link(team, "has", id);
    for (const EntityId& id : ids) unit.relations().link(members[0], "wrote", id);
  });
  CHECK_NOTHROW(ana.entities("note").update_all(ids, {{"seen", true}}));
}

TEST_CASE("a row that a path leads through counts no more in the rows after it, once a write takes it away",
          "[entities][relations]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "person"}, {"boundToRole", "writer"}});
  const Session ana = writer_under(
      world,
      R"([{"entityType": "note", "any": [{"relationPath": "wrote"}, {"relationPath": "wrote/answered"}]}])"_json);
  const EntityId self = world.create("person", {{"userId", "ana"}});
  const auto ids = notes_of(world, 2);
  world.system().relations().link(self, "wrote", ids[0]);
  world.system().relations().link(ids[0], "answered", ids[1]);
  CHECK_ERROR(not_found, ana.entities("note").remove_all({ids[0], ids[1]}));
  CHECK_NOTHROW(ana.entities("note").remove_all({ids[1], ids[0]}));
}

TEST_CASE("a row that many rows of a write refer to is read once, until the write changes it", "[entities][bounds]") {
  World world;
  world.define_type(R"({"slug": "note", "schema": {"properties": {
    "next": {"type": "string", "references": "note"},
    "all": {"items": {"type": "string", "references": "note"}}}}})"_json);
  const Session ana =
      writer_under(world, R"([{"entityType": "note", "field": "data.open", "operator": "eq", "value": true}])"_json);
  const EntityRepository notes = ana.entities("note");
  const EntityId large = world.create("note", {{"open", true}, {"text", std::string(1'000'000, 'x')}});
  CHECK_NOTHROW(notes.create_all(std::vector<Json>(1'000, Json{{"open", true}, {"next", large.str()}})));
  CHECK_NOTHROW(notes.create({{"open", true}, {"all", std::vector<std::string>(20'000, large.str())}}));
  const EntityId other = world.create("note", {{"open", true}});
  // The first one refers to itself while it is active; the second one would refer to what is archived.
  CHECK_ERROR(invalid_reference,
              notes.update_all({other, large}, {{"next", other.str()}}, {.status = "archived", .version = {}}));
  CHECK_NOTHROW(notes.update_all({large, other}, {{"next", other.str()}}, {.status = "archived", .version = {}}));
}

TEST_CASE("an actor's own entity that a write takes away counts no more in the rows after it", "[entities][bounds]") {
  World world(any_storage());
  world.define_type({{"slug", "person"}, {"boundToRole", "writer"}});
  const Session ana = writer_under(
      world, R"([{"entityType": "person", "field": "data.lead", "operator": "eq", "value": "actor.entityId"}])"_json);
  const EntityId self = world.create("person", {{"userId", "ana"}}), other = world.create("person", {{"userId", "bo"}});
  for (const EntityId& id : {self, other}) world.system().entities("person").update(id, {{"lead", self.str()}});
  const auto archive = [&](const std::vector<EntityId>& ids) {
    ana.entities("person").update_all(ids, {{"n", 1}}, {.status = "archived", .version = {}});
  };
  CHECK_ERROR(not_found, archive({self, other}));
  CHECK_NOTHROW(archive({other, self}));
}

TEST_CASE("the triggers that all rows of a write set off are bounded", "[triggers][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  for (int i = 0; i < 150; ++i)
    world.system().triggers().define({{"slug", "t" + std::to_string(i)},
                                      {"on", {{"entityType", "note"}, {"action", "updated"}}},
                                      {"actions", {{{"tool", "mine"}}}}});
  const std::vector<EntityId> ids = notes_of(world, 1'000);
  const EntityRepository notes = world.system().entities("note");
  CHECK_NOTHROW(notes.update_all({ids.begin(), ids.begin() + 20}, {{"seen", true}}));
  CHECK(told([&] { notes.update_all(ids, {{"seen", true}}); }) == refusal);
  CHECK(notes.count({.where = field("data.seen") == true}) == 20);
}

TEST_CASE("an organization cancels no more runs at once than a write may go through", "[triggers][bounds][large]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "note"}});
  world.system().triggers().define({{"slug", "t"},
                                    {"on", {{"entityType", "note"}, {"action", "created"}}},
                                    {"schedule", {{"delay", "30d"}}},
                                    {"actions", {{{"tool", "mine"}}}}});
  for (int i = 0; i < 6; ++i) notes_of(world, 10'000);
  const Session admin = world.user("ada", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_ERROR(invalid_data, admin.triggers().remove("t"));
  CHECK(admin.triggers().list().size() == 1);
  world.system().triggers().remove("t");
  CHECK(admin.triggers().runs({.status = TriggerRunStatus::pending}).runs.empty());
}
