// SPEC 6, "masks no field that is written": paths alone decide, never what is stored.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("what is written may not meet a mask, at, under or above it", "[entities][masks]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(R"({"name": "writer", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "note", "fieldPath": "data.place.street", "maskType": "hide"},
                   {"entityType": "note", "fieldPath": "data.card", "maskType": "redact", "maskConfig": {"keepLast": 2}},
                   {"entityType": "note", "fieldPath": "status", "maskType": "hide"}]})"_json);
  const EntityId id =
      world.create("note", {{"place", {{"street", "x"}, {"city", "Rome"}}}, {"card", "4242"}, {"n", 1}});
  const auto notes = world.user("ana", {"writer"}).entities("note");
  for (const Json& patch :
       {Json{{"place", {{"street", "x"}}}}, Json{{"place", {{"street", {{"deep", 1}}}}}}, Json{{"place", 5}},
        Json{{"place", nullptr}}, Json{{"place", Json::object()}}, Json{{"place", Json::array()}},
        Json{{"place", {{"street", nullptr}}}}, Json{{"card", "4242"}}, Json{{"card", nullptr}},
        Json{{"card", {{"last", Json::object()}}}}, Json{{"n", 2}, {"card", 1}}}) {
    INFO(patch.dump());
    CHECK_ERROR(permission_denied, notes.update(id, patch));
    CHECK_ERROR(permission_denied, notes.create(patch));
  }
  CHECK_ERROR(permission_denied, notes.update(id, {{"n", 2}}, {.status = "active"}));
  CHECK_ERROR(permission_denied, notes.create({{"n", 2}}, {.status = "active"}));
  CHECK(error_of([&] {
          notes.update(id, {{"card", "4242"}});
        }) == error_of([&] {
          notes.update(id, {{"card", "0000"}});
        }));

  CHECK(notes.update(id, {{"place", {{"city", "Oslo"}}}, {"n", 2}}).row->json() ==
        R"({"card":"**42","n":2,"place":{"city":"Oslo"}})");
  CHECK(world.system().entities("note").get(id).json() ==
        R"({"card":"4242","n":2,"place":{"city":"Oslo","street":"x"}})");
}

TEST_CASE("outside the visible fields nothing can be written", "[entities][masks]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(R"({"name": "writer", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
    "visibleFields": [{"entityType": "note", "fields": ["data.title", "data.place.city"]}]})"_json);
  const EntityId id = world.create("note", {{"title", "a"}, {"place", {{"city", "Rome"}, {"street", "x"}}}});
  const auto notes = world.user("ana", {"writer"}).entities("note");
  CHECK_ERROR(permission_denied, notes.update(id, {{"fresh", 1}}));
  CHECK_ERROR(permission_denied, notes.update(id, {{"place", {{"street", "y"}}}}));
  CHECK_ERROR(permission_denied, notes.update(id, {{"place", Json::object()}}));
  CHECK(notes.update(id, {{"title", {{"long", "b"}}}, {"place", {{"city", "Oslo"}}}}).row->json() ==
        R"({"place":{"city":"Oslo"},"title":{"long":"b"}})");
}

TEST_CASE("one grant must do it alone: admit before, admit after, and mask nothing written", "[entities][masks]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(
      R"({"name": "a", "policies": [{"resource": "note", "actions": ["read", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "note", "field": "data.team", "operator": "eq", "value": "north"}]})"_json);
  world.define_role(
      R"({"name": "b", "policies": [{"resource": "note", "actions": ["read", "update"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "note", "fieldPath": "data.pay", "maskType": "hide"}]})"_json);
  const auto notes = world.user("ana", {"a", "b"}).entities("note");
  const EntityId north = world.create("note", {{"team", "north"}, {"pay", 1}}),
                 south = world.create("note", {{"team", "south"}, {"pay", 1}});
  CHECK(notes.update(north, {{"pay", 2}}).row);                       // by a
  CHECK_ERROR(permission_denied, notes.update(south, {{"pay", 2}}));  // b masks it, a does not admit it
  CHECK_ERROR(permission_denied, notes.update(north, {{"pay", 3}, {"team", "south"}}));  // a not after, b not the field
  CHECK(notes.update(north, {{"team", "south"}}).row->json() ==
        R"({"team":"south"})");  // by b, through which it is seen now
}

TEST_CASE("nobody but system actors and org admins writes who somebody is", "[entities][masks][bound]") {
  World world(any_storage());
  world.define_type({{"slug", "teacher"}, {"boundToRole", "teacher"}, {"userIdField", "login.id"}});
  world.define_role(
      R"({"name": "teacher", "policies": [{"resource": "teacher", "actions": ["*"], "effect": "allow"}]})"_json);
  world.define_role(R"({"name": "clerk", "policies": [{"resource": "*", "actions": ["*"], "effect": "allow"}]})"_json);
  const EntityId ana = world.create("teacher", {{"name", "Ana"}, {"login", {{"id", "ana"}}}});
  const EntityId ben = world.create("teacher", {{"name", "Ben"}, {"login", {{"id", "ben"}}}});

  for (const Session& actor : {world.user("ana", {"teacher"}), world.user("cleo", {"clerk"})}) {
    const auto teachers = actor.entities("teacher");
    for (const Json& written :
         {Json{{"login", {{"id", "ben"}}}}, Json{{"login", {{"id", "ana"}}}}, Json{{"login", nullptr}},
          Json{{"login", Json::object()}}, Json{{"login", {{"id", nullptr}}}}, Json{{"login", {{"id", {{"deep", 1}}}}}},
          Json{{"login", {"ben"}}}}) {
      INFO(written.dump());
      CHECK_ERROR(permission_denied, teachers.update(ana, written));
      CHECK_ERROR(permission_denied, teachers.create(written));
    }
    // Everything else is as before, and the field is shown.
    CHECK(teachers.update(ana, {{"name", "Anna"}, {"login", {{"hint", "x"}}}}).row->data().at("login").at("id") ==
          "ana");
    CHECK_NOTHROW(teachers.create({{"name", "Nobody yet"}}));
    const Explanation why = world.system().explain(actor, Action::update, "teacher", ana);
    const auto field = std::ranges::find(why.fields, "data.login.id", &ExplainedField::path);
    REQUIRE(field != why.fields.end());
    CHECK(field->treatment == "hidden");
    CHECK(world.system().explain(actor, Action::read, "teacher", ana).text().find("login.id") == std::string::npos);
  }
  const Session admin = world.user("root", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK(admin.entities("teacher").update(ben, {{"login", {{"id", "bea"}}}}).row);
  CHECK(world.system().entities("teacher").create({{"login", {{"id", "cleo"}}}}).row);
}

TEST_CASE("a type that is bound to no role has no such field", "[entities][masks][bound]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(
      R"({"name": "writer", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}]})"_json);
  CHECK(world.user("ana", {"writer"}).entities("note").create({{"userId", "ben"}}).row);
}
