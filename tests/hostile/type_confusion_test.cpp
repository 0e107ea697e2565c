// 1, 1.0, true, "1" and [1] are five things, wherever one is compared: in rules, filters, references and bindings.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// 1 and 1.0 are one value; no other two are.
const std::vector<Json> values{1,
                               true,
                               "1",
                               "true",
                               nullptr,
                               "null",
                               false,
                               0,
                               "",
                               "0",
                               Json::array({1}),
                               Json::array(),
                               Json::object(),
                               Json{{"1", 1}},
                               "[1]",
                               9007199254740993,
                               9007199254740992};

}  // namespace

TEST_CASE("a rule admits the row whose value is of its own type, and no other", "[hostile][types]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  std::vector<EntityId> ids;
  for (const Json& value : values) ids.push_back(world.create("note", {{"v", value}}));
  const EntityId absent = world.create("note", Json::object());
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO(values[i].dump());
    const std::string role = "r" + std::to_string(i);
    world.define_role(
        {{"name", role},
         {"policies", {{{"resource", "note"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
         {"scopeRules", {{{"entityType", "note"}, {"field", "data.v"}, {"operator", "eq"}, {"value", values[i]}}}}});
    const auto notes = world.user("u" + std::to_string(i), {role}).entities("note");
    for (std::size_t k = 0; k < values.size(); ++k) CHECK(notes.find(ids[k]).has_value() == (i == k));
    CHECK_FALSE(notes.find(absent));
    CHECK(notes.list().size() == 1);
    CHECK(world.system().entities("note").count({.where = field("data.v") == values[i]}) == 1);
  }
}

TEST_CASE("an actor is not bound to a row by a value that only looks like its id", "[hostile][types]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role({{"name", "bound"}});
  world.define_type({{"slug", "person"}, {"boundToRole", "bound"}});
  world.define_role(R"({"name": "bound", "policies": [{"resource": "note", "actions": ["list"], "effect": "allow"}],
    "scopeRules": [{"entityType": "note", "any": [{"field": "data.owner", "operator": "eq", "value": "actor.userId"},
                                                  {"field": "data.person", "operator": "eq", "value": "actor.entityId"}]}]})"_json);
  for (const Json& value : values) {
    const EntityId person = world.create("person", {{"userId", value}});
    world.create("note", {{"owner", value}});
    world.create("note", {{"person", person.str()}});
  }
  // Of each kind the one whose value is that text.
  for (const char* const id : {"1", "true", "null", "0", "[1]"}) {
    INFO(id);
    CHECK(world.user(id, {"bound"}).entities("note").count() == 2);
  }
  CHECK(world.user("false", {"bound"}).entities("note").count() == 0);
}

TEST_CASE("what should be a list, a number or a flag is taken for none", "[hostile][types]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.create("note", {{"v", 1}, {"s", "10"}, {"n", 9}});
  const auto notes = world.system().entities("note");
  const auto with = [](const char* op, Json value) {
    return Query{.where = Condition(Json{{"field", "data.v"}, {"operator", op}, {"value", std::move(value)}})};
  };
  for (const Json& value : {Json("1"), Json(1), Json(true), Json(nullptr), Json{{"0", 1}}}) {
    CHECK_ERROR(invalid_query, notes.list(with("in", value)));
    CHECK_ERROR(invalid_query, notes.list(with("nin", value)));
    if (!value.is_boolean()) CHECK_ERROR(invalid_query, notes.list(with("exists", value)));
  }
  for (const Json& value : {Json(true), Json(nullptr), Json::array({1}), Json::object()})
    CHECK_ERROR(invalid_query, notes.list(with("gt", value)));
  CHECK(notes.count({.where = field("data.s") > 9}) == 0);  // a text is no number, however it reads
  CHECK(notes.count({.where = field("data.n") < "95"}) == 0);
  CHECK(notes.count({.where = field("data.s") < "9"}) == 1);  // by code points
  CHECK(notes.count({.where = field("data.v").in({"1", true, Json::array({1})})}) == 0);
  CHECK(notes.count({.where = field("data.v").not_in({"1", true, Json::array({1})})}) == 1);
}
