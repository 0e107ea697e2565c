// SPEC 3, "explain": the answer to "why can't she see this?".
#include <catch2/catch.hpp>

#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("explain names policies, grants, rules with the values compared, and masks", "[explain]") {
  World world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  world.define_type({{"slug", "session"}});
  world.define_role(
      R"({"name": "teacher", "policies": [{"resource": "session", "actions": ["read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value": "actor.userId"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.pay.card", "maskType": "redact", "maskConfig": {"keepLast": 2}},
                   {"entityType": "session", "fieldPath": "data.secret", "maskType": "hide"}]})"_json);
  const EntityId hers = world.create("session", {{"teacherId", "ana"}, {"secret", 1}, {"pay", {{"card", "4242"}}}});
  const EntityId other = world.create("session", {{"teacherId", "bo"}});
  const ActorContext ana = world.user("ana", {"teacher"}), system = world.system();
  const auto explain = [&](const EntityId& id) {
    return world.database->explain(system, ana, Action::read, "session", id);
  };

  const Explanation refused = explain(other);
  CHECK(refused.decision.allowed());
  CHECK(refused.row_exists);
  CHECK_FALSE(refused.row_visible);
  REQUIRE(refused.grants.size() == 1);
  CHECK(refused.grants[0].rules[0].compared == R"(data.teacherId is "bo", eq actor.userId = "ana": false)");

  const Explanation admitted = explain(hers);
  CHECK(admitted.row_visible);
  const auto field_of = [&](const std::string& path) {
    for (const ExplainedField& field : admitted.fields)
      if (field.path == path) return field.treatment + " " + field.by;
    return std::string("missing");
  };
  CHECK(field_of("data.teacherId") == "clear ");
  CHECK(field_of("data.secret") == "hidden hidden by role `teacher`: hide data.secret");
  CHECK(field_of("data.pay.card") == "redacted redacted by role `teacher`: redact data.pay.card");
  CHECK(admitted.to_json().at("row") == "admitted");

  const Explanation denied = world.database->explain(system, ana, Action::update, "session");
  CHECK_FALSE(denied.decision);
  CHECK(denied.policies.empty());
  CHECK(denied.text() == "Denied: no policy of the actor's roles allows `update` on `session`\n");
}

TEST_CASE("explain is for admins of the same scope", "[explain]") {
  World world(StorageKind::memory);
  world.define_type({{"slug", "session"}});
  const ActorContext ana = world.user("ana");
  CHECK_ERROR(permission_denied, world.database->explain(ana, ana, Action::read, "session"));
  CHECK_ERROR(permission_denied,
              world.database->explain(world.system(Environment::production), ana, Action::read, "session"));
  const auto admin = world.user("root", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_FALSE(world.database->explain(admin, ana, Action::read, "session").decision);
  CHECK(world.database->explain(admin, admin, Action::read, "session").decision);
  // A row of another scope is not there, for explain as for everything else.
  world.define_type({{"slug", "session"}}, Environment::production);
  const EntityId foreign = world.create("session", Json::object(), Environment::production);
  CHECK_FALSE(world.database->explain(admin, admin, Action::read, "session", foreign).row_exists);
}
