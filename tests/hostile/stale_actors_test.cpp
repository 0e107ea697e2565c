// An actor that was built before things changed: what it holds is obeyed as it is now, and never turns into more.
#include <catch2/catch.hpp>

#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json reader(const Json& rules = Json::array(), const Json& masks = Json::array()) {
  return {{"name", "reader"},
          {"policies", {{{"resource", "note"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
          {"scopeRules", rules},
          {"fieldMasks", masks}};
}

}  // namespace

TEST_CASE("an actor that is held on to sees no more than its roles give now", "[hostile][stale]") {
  World world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  world.define_type({{"slug", "note"}});
  world.define_role(reader());
  const EntityId id = world.create("note", {{"secret", "s"}, {"open", 1}});
  const ActorContext ana = world.user("ana", {"reader"});
  const auto notes = world.database->entities(ana, "note");  // kept as well, and its plan is in the cache
  CHECK(notes.get(id).data() == Json{{"secret", "s"}, {"open", 1}});

  world.define_role(
      reader(Json::array(), {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}));
  CHECK(notes.get(id).data() == Json{{"open", 1}});
  CHECK(notes.count({.where = field("data.secret") == "s"}) == 0);
  const std::string next_page = [&] {
    world.create("note", {{"open", 2}});
    return *notes.list({.limit = 1}).next();
  }();

  world.define_role(reader({{{"entityType", "note"}, {"field", "data.open"}, {"operator", "eq"}, {"value", 7}}}));
  CHECK_ERROR(not_found, notes.get(id));
  CHECK(notes.list().empty());
  CHECK(notes.list({.limit = 1, .after = next_page}).empty());  // a page that was begun goes on under what holds now

  world.database->roles(world.system()).remove("reader");
  CHECK_ERROR(permission_denied, notes.list());
  // A role of that name, made anew with more in it, is another role.
  world.define_role(reader());
  CHECK_ERROR(permission_denied, notes.list());
  CHECK_ERROR(permission_denied, world.database->entities(ana, "note").get(id));
  CHECK_FALSE(world.database->can(ana, Action::read, "note"));
}

TEST_CASE("a type that is made anew under its name has nothing of the old one", "[hostile][stale]") {
  World world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  world.define_type({{"slug", "note"}});
  const EntityId id = world.create("note", {{"text", "old"}});
  const auto notes = world.database->entities(world.system(), "note");
  notes.remove(id);
  if (error_code_of([&] { world.database->entity_types(world.system()).remove("note"); }))
    return;  // it is still needed: as good
  CHECK_ERROR(not_found, notes.list());
  world.define_type({{"slug", "note"}});
  CHECK(notes.count() == 0);
  CHECK_ERROR(not_found, notes.get(id));
  CHECK_ERROR(not_found, notes.update(id, {{"text", "new"}}));
}

TEST_CASE("an actor of one scope is of no other, whatever is made there", "[hostile][stale]") {
  World world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  for (const Environment environment : {Environment::development, Environment::production}) {
    world.define_type({{"slug", "note"}}, environment);
    world.define_role(reader(), environment);
  }
  const EntityId there = world.create("note", {{"text", "production"}}, Environment::production);
  const ActorContext ana = world.user("ana", {"reader"});
  CHECK(world.database->entities(ana, "note").list().empty());
  (void)world.user("ana", {"reader"}, Environment::production);  // now she has it there, too
  CHECK(world.database->entities(ana, "note").list().empty());
  CHECK_ERROR(not_found, world.database->entities(ana, "note").get(there));
}
