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
    "invalid_data: row 0 of 0: what the rules, references and triggers of this scope look at for one write or "
    "transaction takes more than 10000000 steps while all writers wait; write fewer rows at a time, or make the rules "
    "simpler";

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

TEST_CASE("the values that rules compare for all rows of a write are bounded", "[entities][bounds]") {
  World world;
  world.define_type({{"slug", "note"}});
  Json others = Json::array(), conditions = Json::array();
  for (int i = 0; i < 10'000; ++i) others.push_back(i);
  for (int i = 0; i < 5; ++i) conditions.push_back({{"field", "data.n"}, {"operator", "nin"}, {"value", others}});
  const Session ana = writer_under(world, Json::array({{{"entityType", "note"}, {"all", conditions}}}));
  const std::vector<EntityId> ids = notes_of(world, 100);
  const auto update = [&](std::size_t rows) {
    ana.entities("note").update_all({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(rows)}, {{"seen", true}});
  };
  CHECK_NOTHROW(update(5));
  CHECK(told([&] { update(100); }) == refusal);
  CHECK(ana.entities("note").count({.where = field("data.seen") == true}) == 5);
  // All operations of a unit of work hold the lock together.
  const std::string of_unit = error_of([&] {
    ana.transaction([&](Session& unit) {
      for (const EntityId& id : ids) unit.entities("note").update(id, {{"seen", true}});
    });
  });
  CHECK(of_unit.find("takes more than 10000000 steps") != std::string::npos);
  CHECK(ana.entities("note").count({.where = field("data.seen") == true}) == 5);
}

TEST_CASE("the relations that rules look at for all rows of a write are bounded",
          "[entities][relations][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "person"}, {"boundToRole", "writer"}});
  const Session ana = writer_under(
      world,
      R"([{"entityType": "note", "field": "data.by", "operator": "in", "value": "actor.relatedIds:knows"}])"_json);
  const EntityRepository people = world.system().entities("person");
  const EntityId self = people.create({{"userId", "ana"}}).id;
  const auto known = people.create_all(std::vector<Json>(2'000, Json::object()));
  world.system().transaction([&](Session& unit) {
    for (const EntityId& id : known) unit.relations().link(self, "knows", id);
  });
  const auto ids = world.system().entities("note").create_all(std::vector<Json>(400, Json{{"by", known[0].str()}}));
  const auto update = [&](std::size_t rows) {
    ana.entities("note").update_all({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(rows)}, {{"seen", true}});
  };
  CHECK_NOTHROW(update(20));
  CHECK(told([&] { update(400); }) == refusal);
  CHECK(ana.entities("note").count({.where = field("data.seen") == true}) == 20);
}

TEST_CASE("a large row that many refer to is read for as many as a bound allows", "[entities][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_type(R"({"slug": "visit", "schema": {"properties": {
    "note": {"type": "string", "references": "note"},
    "notes": {"items": {"type": "string", "references": "note"}}}}})"_json);
  const Session ana =
      writer_under(world, R"([{"entityType": "note", "field": "data.open", "operator": "eq", "value": true}])"_json);
  const std::string large = world.create("note", {{"open", true}, {"text", std::string(1'000'000, 'x')}}).str();
  const auto create = [&](std::size_t rows) {
    (void)ana.entities("visit").create_all(std::vector<Json>(rows, Json{{"note", large}}));
  };
  CHECK_NOTHROW(create(10));
  CHECK(told([&] { create(200); }) == refusal);
  // One row may name it as often as it has room for it.
  CHECK_NOTHROW(ana.entities("visit").create({{"notes", std::vector<std::string>(20'000, large)}}));
  CHECK(ana.entities("visit").count() == 11);
}

TEST_CASE("the triggers that all rows of a write set off are bounded", "[triggers][bounds][large]") {
  World world;
  world.define_type({{"slug", "note"}});
  for (int i = 0; i < 60; ++i)
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
  CHECK_ERROR(permission_denied, admin.triggers().remove("t"));
  CHECK(world.system().triggers().list().size() == 1);
}
