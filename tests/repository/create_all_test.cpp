// Many entities in one call: each is checked as if it came alone, and all of them are there or none.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("all rows are created, each with its event", "[create-all]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const auto notes = world.system().entities("note");
  CHECK(notes.create_all({}).empty());
  const std::vector<Json> rows{{{"n", 1}}, {{"n", 2}}, {{"n", 3}}};
  const std::vector<EntityId> ids = notes.create_all(rows, {.status = "draft"});
  REQUIRE(ids.size() == 3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Entity row = notes.get(ids[i]);
    CHECK(row.data() == rows[i]);
    CHECK(row.status() == "draft");
    CHECK(row.version() == 1);
  }
  const auto events = world.system().events();
  CHECK(events.list({.type = "note.created"}).events.size() == 3);
  CHECK(events.verify().ok);
}

TEST_CASE("one row that is refused takes all with it, and is named by its place", "[create-all]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}, {"schema", {{"properties", {{"n", {{"type", "integer"}}}}}}}});
  world.define_role(
      {{"name", "writer"},
       {"policies", {{{"resource", "note"}, {"actions", {"create", "list"}}, {"effect", "allow"}}}},
       {"scopeRules",
        {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}}});
  const auto notes = world.user("ana", {"writer"}).entities("note");
  const Json good{{"n", 1}, {"owner", "ana"}}, foreign{{"n", 1}, {"owner", "bo"}}, wrong{{"n", "1"}, {"owner", "ana"}};
  const auto refused = [&](const std::vector<Json>& rows) { return error_of([&] { (void)notes.create_all(rows); }); };
  CHECK(refused({good, good, wrong}).starts_with("invalid_data: row 3 of 3: "));
  try {
    (void)notes.create_all(std::vector{good, good, wrong});
  } catch (const Error& error) {
    CHECK(error.index() == 2);
    CHECK(error.path() == "data.n");
    CHECK_FALSE(error.is_transient());
  }
  CHECK(refused({good, foreign}).starts_with("permission_denied: row 2 of 2: "));
  CHECK(refused({good, Json::array()}).starts_with("invalid_data: row 2 of 2: "));
  CHECK(notes.count() == 0);
  CHECK(world.system().events().list({.type = "note.created"}).events.empty());
  CHECK(notes.create_all(std::vector{good, good}).size() == 2);
  CHECK_ERROR(permission_denied, world.user("bo").entities("note").create_all(std::vector{good}));
}
