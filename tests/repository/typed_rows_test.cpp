// A host's own types as rows, by nlohmann's to_json and from_json.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct Visit {
  std::string guest;
  int nights = 0;

  friend bool operator==(const Visit&, const Visit&) = default;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Visit, guest, nights)
};

}  // namespace

TEST_CASE("a type of the host's own is written and read as a row", "[typed-rows]") {
  World world(any_storage());
  world.define_type({{"slug", "visit"}, {"unique", {{"guest"}}}});
  const auto visits = world.system().entities("visit");
  const Visit ana{"ana", 2};
  const EntityId id = visits.create(ana).id;
  CHECK(visits.get(id).as<Visit>() == ana);
  CHECK(visits.list()[0].as<Visit>() == ana);
  CHECK(visits.create_all(std::vector<Visit>{{"bo", 1}, {"cy", 3}}, {.status = "draft"}).size() == 2);
  CHECK(visits.count({.status = "draft"}) == 2);
  CHECK(visits.update(id, Visit{"ana", 5}).row->as<Visit>().nights == 5);
  CHECK_FALSE(visits.upsert({"guest"}, Visit{"ana", 6}).created);
  CHECK(visits.get(id).as<Visit>().nights == 6);
}

TEST_CASE("a row that lacks a field of the type says so, by its name and nothing hidden", "[typed-rows]") {
  World world;
  world.define_type({{"slug", "visit"}});
  world.define_role({{"name", "desk"},
                     {"policies", {{{"resource", "visit"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
                     {"fieldMasks", {{{"entityType", "visit"}, {"fieldPath", "data.nights"}, {"maskType", "hide"}}}}});
  const EntityId id = world.create("visit", Visit{"ana", 41});
  const std::string told = error_of([&] { (void)world.user("kim", {"desk"}).entities("visit").get(id).as<Visit>(); });
  CHECK(told.starts_with("invalid_data: an entity of `visit` is not of the type that it was read as"));
  CHECK(told.find("nights") != std::string::npos);
  CHECK(told.find("41") == std::string::npos);
}

TEST_CASE("update_all and remove_all change all rows or none, and name the row that is refused", "[typed-rows]") {
  World world(any_storage());
  world.define_type({{"slug", "visit"}});
  world.define_role(
      {{"name", "desk"},
       {"policies", {{{"resource", "visit"}, {"actions", {"list", "update", "delete"}}, {"effect", "allow"}}}},
       {"scopeRules",
        {{{"entityType", "visit"}, {"field", "data.desk"}, {"operator", "eq"}, {"value", "actor.userId"}}}}});
  std::vector<EntityId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(world.create("visit", {{"desk", "kim"}, {"n", i}}));
  const EntityId foreign = world.create("visit", {{"desk", "lee"}});
  const auto visits = world.user("kim", {"desk"}).entities("visit");

  visits.update_all(ids, {{"done", true}}, {.status = "closed"});
  CHECK(visits.count({.where = field("data.done") == true, .status = "closed"}) == 3);
  CHECK(world.system().events().list({.type = "visit.updated"}).events.size() == 3);

  const auto refused_at_2 = [&](const auto& call) {
    try {
      call(std::vector{ids[0], ids[1], foreign});
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::not_found && error.index() == 2 &&
             std::string(error.what()).starts_with("row 3 of 3: ");
    }
  };
  CHECK(refused_at_2([&](const auto& some) { visits.update_all(some, {{"done", false}}); }));
  CHECK(refused_at_2([&](const auto& some) { visits.remove_all(some); }));
  CHECK(visits.count({.where = field("data.done") == true}) == 3);
  CHECK_ERROR(not_found, visits.remove_all({ids[0], ids[0]}));
  CHECK_ERROR(invalid_data, visits.update_all(ids, Json::array()));
  CHECK_ERROR(invalid_data, visits.update_all({}, Json(3)));
  CHECK_ERROR(conflict, visits.update_all(ids, Json::object(), {.version = 1}));
  CHECK_ERROR(permission_denied, world.user("bo").entities("visit").remove_all({ids[0]}));
  CHECK_ERROR(invalid_data, visits.remove_all(std::vector<EntityId>(most_rows_written + 1, ids[0])));

  visits.remove_all(ids);
  CHECK(visits.count() == 0);
  CHECK(world.system().entities("visit").count() == 1);
  CHECK(world.system().events().verify().ok);
}
