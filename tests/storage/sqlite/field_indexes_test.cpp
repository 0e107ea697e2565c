// Indexes by fields come and go with the rules and schemas that ask for them.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using Fields = std::vector<std::string>;

Fields indexed(const World& world) { return *world.host().check_storage().indexed_fields; }

Json role(const std::string& name, const Json& rules) {
  return {{"name", name},
          {"policies", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "allow"}}}},
          {"scopeRules", rules}};
}

Json rule(const char* field, const char* compared_by, const Json& value) {
  return {{"entityType", "note"}, {"field", field}, {"operator", compared_by}, {"value", value}};
}

}  // namespace

TEST_CASE("an index is there for as long as somebody asks for it", "[sqlite][indexes]") {
  World world(StorageKind::sqlite);
  world.add_organization("other");
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "note"}}, Environment::production, "other");
  CHECK(indexed(world).empty());
  world.define_role(role("a", {rule("data.team", "eq", "x"), rule("data.price", "gt", 1)}));
  CHECK(indexed(world) == Fields{"data.team"});
  world.define_role(role("b", {rule("data.team", "in", {"x", "y"}), rule("data.kind", "in", {"x"})}),
                    Environment::production, "other");
  CHECK(indexed(world) == Fields{"data.kind", "data.team"});
  world.define_role(role("a", Json::array({rule("data.price", "gt", 1)})));  // the other organization still needs it
  CHECK(indexed(world) == Fields{"data.kind", "data.team"});
  world.system(Environment::production, "other").roles().remove("b");
  CHECK(indexed(world).empty());
  // An alternative is found by none, as the other may hold of any row.
  const Json team{{"field", "data.team"}, {"operator", "eq"}, {"value", "x"}};
  const Json n{{"field", "data.n"}, {"operator", "eq"}, {"value", 1}};
  world.define_role(role("a", Json::array({Json{{"entityType", "note"}, {"any", {team, n}}}})));
  CHECK(indexed(world).empty());
  world.define_role(role("a", Json::array({Json{{"entityType", "note"}, {"all", {team, n}}}})));
  CHECK(indexed(world) == Fields{"data.n", "data.team"});
}

TEST_CASE("a schema asks for an index of its own, and a filter is served by it", "[sqlite][indexes]") {
  World world(StorageKind::sqlite);
  const auto define = [&](bool with_index) {
    world.define_type({{"slug", "note"},
                       {"schema",
                        {{"properties",
                          {{"state", {{"type", "string"}, {"x-index", with_index}}},
                           {"inner", {{"properties", {{"n", {{"type", "integer"}, {"x-index", true}}}}}}}}}}}});
  };
  define(true);
  CHECK(indexed(world) == Fields{"data.inner.n", "data.state"});
  for (int i = 0; i < 10; ++i) world.create("note", {{"state", i == 3 ? "open" : "done"}});
  const Query query{.where = field("data.state") == "open"};
  const auto system = world.system();
  CHECK(system.entities("note").list(query).size() == 1);
  const QueryProfile profile = system.profile(system, "note", query);
  REQUIRE(profile.steps.size() == 1);
  CHECK(profile.steps[0].find("entities_by_data.state") != std::string::npos);
  define(false);
  CHECK(indexed(world) == Fields{"data.inner.n"});
  CHECK(system.entities("note").list(query).size() == 1);
}
