// Names that look alike and are not: nothing is folded, normalised or trimmed where it decides over access.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a slug of other letters than a to z is none", "[hostile][look_alikes]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(
      R"({"name": "reader", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}]})"_json);
  const Session ana = world.user("ana", {"reader"});
  for (const char* const slug :
       {"n\u043ete", "\uff4e\uff4f\uff54\uff45", "not\u0435", "note\u200b", "note ", " note", "Note", "NOTE", "note\n",
        "no\u0301te", "n\u00f6te", "\u202enote", "", "-note", "_note", "note.x", "note/x"}) {
    INFO(slug);
    CHECK_ERROR(invalid_definition, world.system().entity_types().define({{"slug", slug}}));
    CHECK_ERROR(permission_denied, ana.entities(slug).list());
    CHECK_ERROR(not_found, world.system().entities(slug).list());
    CHECK_ERROR(invalid_definition,
                world.system().roles().define(
                    {{"name", "x"}, {"policies", {{{"resource", slug}, {"actions", {"read"}}, {"effect", "allow"}}}}}));
  }
  for (const char* const resource : {"events", "users", "api_keys", "packs", "threads", "agents", "executions"})
    CHECK_ERROR(invalid_definition, world.system().entity_types().define({{"slug", resource}}));
}

TEST_CASE("users, roles and values that look alike are different ones", "[hostile][look_alikes]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(R"({"name": "own", "policies": [{"resource": "note", "actions": ["list"], "effect": "allow"}],
    "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}]})"_json);
  const std::string composed = "ren\u00e9", decomposed = "rene\u0301";
  for (const std::string& owner : {composed, decomposed, std::string("RENE"), std::string("rene"), std::string("rene "),
                                   std::string("ren\u0435")}) {
    world.create("note", {{"owner", owner}});
    CHECK(world.user(owner, {"own"}).entities("note").count() == 1);
  }
  for (const char* const role : {"Own", "own ", "\u043ewn", "own\u200b"})
    CHECK_ERROR(not_found, world.system().roles().assign(UserId(composed), role));
}

TEST_CASE("an environment is one of two words, to the letter", "[hostile][look_alikes]") {
  CHECK(parse_environment("production") == Environment::production);
  for (const char* const text : {"Production", "PRODUCTION", "production ", " production", "pr\u043eduction", "prod",
                                 "production\n", "", "0", "staging"})
    CHECK_FALSE(parse_environment(text));
}
