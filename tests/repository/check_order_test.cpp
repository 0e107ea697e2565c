// SPEC 6: checks come in one order, and the first that fails answers. Each request here fails two neighbours of that
// order.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct OrderedWorld : World {
  explicit OrderedWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "person"}});
    define_type(R"({"slug": "note", "schema": {"type": "object", "properties": {
      "owner": {"type": "string"}, "n": {"type": "integer"}, "friend": {"type": "string", "references": "person"}}}})"_json);
    define_role(
        R"({"name": "reader", "policies": [{"resource": "note", "actions": ["list", "read"], "effect": "allow"}]})"_json);
    define_role(
        R"({"name": "owner", "policies": [{"resource": "note", "actions": ["create", "update", "delete", "read"], "effect": "allow"}],
      "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.secret", "maskType": "hide"}]})"_json);
    define_role(R"({"name": "everything", "policies": [{"resource": "*", "actions": ["*"], "effect": "allow"}]})"_json);
    mine = create("note", {{"owner", "ana"}, {"n", 1}});
    other = create("note", {{"owner", "bo"}, {"n", 2}});
    ana = user("ana", {"owner"}).entities("note");
    both = user("cy", {"owner", "reader"}).entities("note");
  }

  EntityId mine, other, none{"018bcfe5-6800-7000-8000-ffffffffffff"};
  std::optional<EntityRepository> ana, both;
};

}  // namespace

TEST_CASE("the policy is looked at before anything else", "[entities][order]") {
  const OrderedWorld stage(any_storage());
  const auto nobody = stage.user("bo").entities("note");
  const auto unknown = stage.user("bo").entities("nothing");
  for (const EntityId& id : {stage.mine, stage.none}) {
    CHECK_ERROR(permission_denied, nobody.get(id));
    CHECK_ERROR(permission_denied, nobody.update(id, Json(5)));
    CHECK_ERROR(permission_denied, nobody.remove(id));
    CHECK_ERROR(permission_denied, unknown.get(id));
  }
  CHECK_ERROR(permission_denied, nobody.create(JsonTextView{"not json"}));
  CHECK_ERROR(permission_denied, nobody.list({.limit = 0, .after = "x"}));
  CHECK_ERROR(permission_denied, nobody.count({.where = Condition(Json(5))}));
  // The message must not depend on what is there either.
  CHECK(error_of([&] { nobody.get(stage.mine); }) == error_of([&] { nobody.get(stage.none); }));
}

TEST_CASE("then the type, then the row", "[entities][order]") {
  const OrderedWorld stage(any_storage());
  const auto unknown = stage.user("dee", {"everything"}).entities("nothing");
  CHECK_ERROR(not_found, unknown.create(JsonTextView{"not json"}));
  CHECK_ERROR(not_found, unknown.list({.limit = 0}));
  CHECK_ERROR(not_found, unknown.update(stage.mine, Json(5)));
  // A row that no grant admits for the action: denied where it can be read, not there otherwise.
  CHECK_ERROR(not_found, stage.ana->update(stage.other, Json(5), {.version = 99}));
  CHECK_ERROR(not_found, stage.ana->remove(stage.other));
  CHECK_ERROR(permission_denied, stage.both->update(stage.other, Json(5), {.version = 99}));
  CHECK_ERROR(permission_denied, stage.both->remove(stage.other));
  CHECK_ERROR(permission_denied, stage.both->remove(stage.other, {.version = 99}));
  CHECK_ERROR(not_found, stage.ana->remove(stage.other, {.version = 99}));
  CHECK_ERROR(not_found, stage.both->update(stage.none, Json(5)));
  CHECK(error_of([&] { stage.ana->update(stage.other, Json::object()); }) ==
        error_of([&] { stage.ana->update(stage.none, Json::object()); }));
  // An id of another type is not there.
  const auto people = stage.user("dee", {"everything"}).entities("person");
  CHECK_ERROR(not_found, people.get(stage.mine));
  CHECK_ERROR(not_found, people.remove(stage.mine));
}

TEST_CASE("then the version, the shape, the grants, the schema, the references", "[entities][order]") {
  const OrderedWorld stage(any_storage());
  const EntityRepository& ana = *stage.ana;
  CHECK_ERROR(conflict, ana.update(stage.mine, Json(5), {.version = 99}));
  CHECK_ERROR(conflict, ana.remove(stage.mine, {.version = 99}));
  CHECK_ERROR(invalid_data, ana.update(stage.mine, {{"secret", 1}}, {.status = "deleted"}));
  CHECK_ERROR(invalid_data, ana.update(stage.mine, JsonTextView{R"({"secret":1,"secret":2})"}));
  CHECK_ERROR(invalid_data, ana.create(Json::array()));
  CHECK_ERROR(permission_denied, ana.update(stage.mine, {{"secret", 1}, {"n", "no integer"}}));
  CHECK_ERROR(permission_denied, ana.update(stage.mine, {{"owner", "bo"}, {"n", "no integer"}}));
  CHECK_ERROR(permission_denied, ana.create({{"owner", "bo"}, {"n", "no integer"}}));
  CHECK_ERROR(invalid_data, ana.update(stage.mine, {{"n", "no integer"}, {"friend", "nobody"}}));
  CHECK_ERROR(invalid_data, ana.create({{"owner", "ana"}, {"n", 1.5}, {"friend", "nobody"}}));
  CHECK_ERROR(invalid_reference, ana.update(stage.mine, {{"friend", "nobody"}}));
  CHECK_ERROR(invalid_reference, ana.create({{"owner", "ana"}, {"friend", stage.mine.str()}}));
  // Whatever failed, nothing was written.
  CHECK(ana.get(stage.mine).version() == 1);
  CHECK(ana.get(stage.mine).json() == R"({"n":1,"owner":"ana"})");
}

TEST_CASE("queries: policy, type, query, cursor", "[entities][order]") {
  const OrderedWorld stage(any_storage());
  const auto notes = stage.user("dee", {"everything"}).entities("note");
  CHECK_ERROR(invalid_query, notes.list({.limit = 1001, .after = "x"}));
  CHECK_ERROR(invalid_cursor, notes.list({.after = "x"}));
}

TEST_CASE("a write that changes nothing is a write", "[entities]") {
  const OrderedWorld stage(any_storage());
  const Written written = stage.ana->update(stage.mine, Json::object());
  CHECK(written.row->version() == 2);
  CHECK(stage.system().events().list({.type = "note.updated"}).events.size() == 1);
}

TEST_CASE("a write answers with the id alone where the row is not in the read view", "[entities]") {
  OrderedWorld stage(any_storage());
  stage.define_role(
      R"({"name": "dropbox", "policies": [{"resource": "note", "actions": ["create"], "effect": "allow"}]})"_json);
  const Written written = stage.user("eve", {"dropbox"}).entities("note").create({{"n", 1}});
  CHECK_FALSE(written.row);
  CHECK(stage.system().entities("note").find(written.id));
}

TEST_CASE("a removed row is in no view, and stays out of reach", "[entities]") {
  const OrderedWorld stage(any_storage());
  const auto notes = stage.system().entities("note");
  notes.remove(stage.mine);
  CHECK_ERROR(not_found, notes.get(stage.mine));
  CHECK_ERROR(not_found, notes.update(stage.mine, Json::object()));
  CHECK_ERROR(not_found, notes.remove(stage.mine));
  CHECK(notes.list({.status = "deleted"}).empty());
  CHECK(notes.count() == 1);
}

TEST_CASE("a version is compared also by an actor that may remove a row and not read it", "[entities][order]") {
  OrderedWorld stage(any_storage());
  stage.define_role(
      R"({"name": "sweeper", "policies": [{"resource": "note", "actions": ["delete"], "effect": "allow"}]})"_json);
  const auto notes = stage.user("eve", {"sweeper"}).entities("note");
  try {
    notes.remove(stage.mine, {.version = 2});
    FAIL("a stale version was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::conflict);
    CHECK(error.path() == "version");
  }
  notes.remove(stage.mine, {.version = 1});
  CHECK_FALSE(stage.system().entities("note").exists(stage.mine));
}
