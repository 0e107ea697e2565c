// SPEC 4: `actor.relatedIds:T` is in the order in which those entities were created, whatever their ids are.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("related ids are in the order in which the entities were created", "[entities][relations]") {
  World world(any_storage());
  world.define_type({{"slug", "person"}, {"boundToRole", "reader"}});
  world.define_type({{"slug", "note"}});
  world.define_role(R"({"name": "reader",
    "policies": [{"resource": "note", "actions": ["list", "read", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "note", "any": [
      {"field": "data.friends", "operator": "eq", "value": "actor.relatedIds:knows"},
      {"field": "data.groups", "operator": "contains", "value": "actor.relatedIds:knows"}]}]})"_json);
  const Session reader = world.user("ana", {"reader"});
  const EntityRepository people = world.system().entities("person");
  const EntityId me = people.create({{"userId", "ana"}}).id;
  // Of two that were created at one time, the lower id comes first.
  for (const auto& [id, at] : {std::pair("c", 1000), std::pair("b", 2000), std::pair("a", 2000)}) {
    people.create(Json::object(), {.id = EntityId(id), .created_at = at});
    world.system().relations().link(me, "knows", EntityId(id));
  }
  const EntityId right = world.create("note", {{"friends", {"c", "a", "b"}}}),
                 wrong = world.create("note", {{"friends", {"a", "b", "c"}}}),
                 inner = world.create("note", {{"groups", {{"x"}, {"c", "a", "b"}}}});

  const EntityRepository notes = reader.entities("note");
  CHECK(notes.count() == 2);
  CHECK(notes.exists(right));
  CHECK(notes.exists(inner));
  CHECK_FALSE(notes.exists(wrong));
  // A write decides row by row.
  CHECK_NOTHROW(notes.update(right, {{"text", "t"}}));
  CHECK_ERROR(not_found, notes.update(wrong, {{"text", "t"}}));
  CHECK_ERROR(permission_denied, notes.update(right, {{"friends", {"a", "b", "c"}}}));
}
