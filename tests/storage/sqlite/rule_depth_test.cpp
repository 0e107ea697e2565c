// The deepest rules that the contract allows must fit the parser of SQLite, whose stack is short.
#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Groups four deep around `inner`, each beside others.
Json deep(const Json& inner, const char* other) {
  Json rule = inner;
  for (int i = 0; i < 4; ++i)
    rule = Json{{i % 2 == 0 ? "any" : "all",
                 Json::array({rule,
                              {{"field", other}, {"operator", "exists"}, {"value", true}},
                              {{"field", "data.x"}, {"operator", "gt"}, {"value", "actor.entityId"}}})}};
  return rule;
}

}  // namespace

TEST_CASE("the deepest rules, many roles and a mixed view fit one statement", "[sqlite][rules][large]") {
  World world(StorageKind::sqlite);
  std::vector<std::string> roles;
  world.define_type({{"slug", "note"}, {"boundToRole", "role-0"}, {"searchFields", {"title"}}});
  world.define_type({{"slug", "task"}, {"boundToRole", "role-0"}});
  for (int i = 0; i < 80; ++i) {
    Json path = deep({{"relationPath", "a/^b/c/^d"}}, "data.a"),
         related = deep({{"field", "id"}, {"operator", "in"}, {"value", "actor.relatedIds:a"}}, "data.b");
    path["entityType"] = related["entityType"] = "note";
    roles.push_back("role-" + std::to_string(i));
    world.define_role(
        {{"name", roles.back()},
         {"policies", {{{"resource", "note"}, {"actions", {"*"}}, {"effect", "allow"}}}},
         {"scopeRules", {path, related}},
         {"fieldMasks",
          {{{"entityType", "note"}, {"fieldPath", "data.m" + std::to_string(i)}, {"maskType", "hide"}}}}});
  }
  world.create("note", {{"a", 1}, {"b", 1}, {"x", "zzz"}, {"userId", "ana"}, {"m1", 1}, {"title", "green"}});
  const Session ana = world.user("ana", roles);
  const auto notes = ana.entities("note");
  Json where = {{"field", "data.m1"}, {"operator", "exists"}, {"value", true}};
  for (int i = 0; i < 4; ++i)
    where = Json{{"any", Json::array({where, {{"field", "data.m2.x"}, {"operator", "contains"}, {"value", "a"}}})}};
  Query query{.where = Condition(where),
              .search = "gr",
              .order = {{"data.m1"}, {"data.m2", Direction::descending}, {"status"}, {"data.title"}},
              .limit = 1};
  CHECK(notes.count(query) == static_cast<std::int64_t>(notes.list(query).size()));
  CHECK(notes.list().size() <= 1);
  CHECK_FALSE(ana.events().list().next);
}
