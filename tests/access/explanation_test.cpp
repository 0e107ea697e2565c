// SPEC 3, "explain": the answer to "why can't she see this?".
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("explain names policies, grants, rules with the values compared, and masks", "[explain]") {
  World world(any_storage());
  world.define_type({{"slug", "session"}});
  world.define_role(
      R"({"name": "teacher", "policies": [{"resource": "session", "actions": ["read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value": "actor.userId"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.pay.card", "maskType": "redact", "maskConfig": {"keepLast": 2}},
                   {"entityType": "session", "fieldPath": "data.secret", "maskType": "hide"}]})"_json);
  const EntityId hers = world.create("session", {{"teacherId", "ana"}, {"secret", 1}, {"pay", {{"card", "4242"}}}});
  const EntityId other = world.create("session", {{"teacherId", "bo"}});
  const Session ana = world.user("ana", {"teacher"}), system = world.system();
  const auto explain = [&](const EntityId& id) { return system.explain(ana, Action::read, "session", id); };

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

  const Explanation denied = system.explain(ana, Action::update, "session");
  CHECK_FALSE(denied.decision);
  CHECK(denied.policies.empty());
  CHECK(denied.text() == "Denied: no policy of the actor's roles allows `update` on `session`\n");
}

TEST_CASE("explain tells every kind of rule in words", "[explain]") {
  World world(any_storage());
  world.define_type({{"slug", "person"}, {"boundToRole", "teacher"}});
  world.define_type({{"slug", "session"}});
  const std::string eighty(78, 'x'), longer = std::string(78, 'x') + "é";
  world.define_role({{"name", "teacher"},
                     {"policies", R"([{"resource": "session", "actions": ["read", "list"], "effect": "allow"},
                                      {"resource": "*", "actions": ["read"], "effect": "allow"}])"_json},
                     {"scopeRules",
                      {{{"entityType", "session"},
                        {"any",
                         {{{"field", "data.a"}, {"operator", "eq"}, {"value", eighty}},
                          {{"field", "data.a"}, {"operator", "eq"}, {"value", longer}},
                          {{"field", "id"}, {"operator", "in"}, {"value", "actor.relatedIds:teaches"}},
                          {{"all",
                            {{{"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.entityId"}},
                             {{"field", "data.gone"}, {"operator", "neq"}, {"value", "actor.organizationId"}}}}},
                          {{"relationPath", "^teaches"}}}}}}},
                     {"fieldMasks",
                      R"([{"entityType": "session", "fieldPath": "status", "maskType": "redact"},
                          {"entityType": "session", "fieldPath": "createdAt", "maskType": "hide"},
                          {"entityType": "session", "fieldPath": "data.list", "maskType": "redact", "maskConfig": {"replacement": [1]}}])"_json}});
  const Session ana = world.user("ana", {"teacher"}), system = world.system();
  const EntityId session = world.create("session", {{"list", {1}}, {"empty", Json::object()}, {"a", longer}});
  const auto rule_of = [&] { return system.explain(ana, Action::read, "session", session).grants.at(0).rules.at(0); };
  CHECK(rule_of().compared ==
        "any of (data.a is \"" + std::string(78, 'x') + "…, eq \"" + eighty + "\": false; data.a is \"" +
            std::string(78, 'x') + "…, eq \"" + std::string(78, 'x') + "…: true; id is \"" + session.str() +
            "\", in actor.relatedIds:teaches, but this actor has no entity of its own: false; all of (data.owner is "
            "absent, eq "
            "actor.entityId, but this actor has no entity of its own: false; data.gone is absent, neq "
            "actor.organizationId = "
            "\"acme\": false): false; reached by that path: false): true");
  const EntityId own = world.create("person", {{"userId", "ana"}});
  system.relations().link(own, "teaches", session);
  const std::string compared = rule_of().compared;
  CHECK(compared.find("in actor.relatedIds:teaches = [\"" + session.str() + "\"]: true") != std::string::npos);
  CHECK(compared.find("eq actor.entityId = \"" + own.str() + "\": false") != std::string::npos);

  const Explanation admitted = system.explain(ana, Action::read, "session", session);
  CHECK(admitted.text() ==
        "Allowed: role `teacher` allows `read` on `session`\n"
        "  policy of role `teacher`: allow read on session\n"
        "  policy of role `teacher`: allow read on *\n"
        "The row is admitted.\n"
        "  grant of role `teacher` admits it\n"
        "    yes " +
            compared +
            "\n"
            "  status is redacted (redacted by role `teacher`: a mask of status)\n"
            "  createdAt is hidden (hidden by role `teacher`: a mask of createdAt)\n");
  const Json json = admitted.to_json();
  CHECK(json.at("policies").size() == 2);
  CHECK(json.at("policies")[1] ==
        Json{{"role", "teacher"}, {"resource", "*"}, {"action", "read"}, {"effect", "allow"}});
  CHECK(json.at("grants")[0].at("admits") == true);
  CHECK(json.at("grants")[0].at("broken") == false);
  CHECK(json.at("grants")[0].at("rules")[0].at("holds") == true);
  // A redaction that leaves a value as it was hides nothing of it.
  CHECK(json.at("fields") == R"([{"path": "data.a", "treatment": "clear", "by": ""},
    {"path": "data.empty", "treatment": "clear", "by": ""}, {"path": "data.list", "treatment": "clear", "by": ""},
    {"path": "status", "treatment": "redacted", "by": "redacted by role `teacher`: a mask of status"},
    {"path": "createdAt", "treatment": "hidden", "by": "hidden by role `teacher`: a mask of createdAt"},
    {"path": "updatedAt", "treatment": "clear", "by": ""}])"_json);
}

TEST_CASE("explain tells what two roles do to a row, and what becomes of one that is not there", "[explain]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const Json policies = R"([{"resource": "note", "actions": ["*"], "effect": "allow"}])"_json;
  world.define_role({{"name", "all"}, {"policies", policies}});
  world.define_role(
      {{"name", "few"},
       {"policies", policies},
       {"scopeRules", R"([{"entityType": "note", "field": "data.a.b", "operator": "eq", "value": 2}])"_json},
       {"visibleFields", R"([{"entityType": "note", "fields": ["data.a.b"]}])"_json},
       {"fieldMasks", R"([{"entityType": "note", "fieldPath": "data.a", "maskType": "hide"}])"_json}});
  world.define_role(
      {{"name", "none"}, {"policies", R"([{"resource": "*", "actions": ["list"], "effect": "allow"}])"_json}});
  const Session ana = world.user("ana", {"all", "few", "none"}), bo = world.user("bo", {"few", "none"}),
                system = world.system();
  const EntityId note = world.create("note", R"({"a": {"b": 2, "c": 3}, "d": [1]})"_json);
  const auto explain = [&](const Session& about, const EntityId& id) {
    return system.explain(about, Action::update, "note", id);
  };
  CHECK(explain(ana, note).text() ==
        "Allowed: role `all` allows `*` on `note`\n"
        "  policy of role `all`: allow * on note\n"
        "  policy of role `few`: allow * on note\n"
        "The row is admitted.\n"
        "  grant of role `all` admits it\n"
        "    it has no rule for this type\n"
        "  grant of role `few` admits it\n"
        "    yes data.a.b is 2, eq 2: true\n");
  CHECK(explain(bo, note).to_json().at("fields") == R"([
    {"path": "data.a.b", "treatment": "hidden", "by": "hidden by role `few`: hide data.a"},
    {"path": "data.a.c", "treatment": "hidden", "by": "hidden by role `few`: not in visibleFields, hide data.a"},
    {"path": "data.d", "treatment": "hidden", "by": "hidden by role `few`: not in visibleFields"},
    {"path": "status", "treatment": "clear", "by": ""}, {"path": "createdAt", "treatment": "clear", "by": ""},
    {"path": "updatedAt", "treatment": "clear", "by": ""}])"_json);
  const EntityId other = world.create("note", Json::object());
  CHECK(explain(bo, other).text() ==
        "Allowed: role `few` allows `*` on `note`\n"
        "  policy of role `few`: allow * on note\n"
        "The row is refused: no grant admits it.\n"
        "  grant of role `few` does not admit it\n"
        "    no  data.a.b is absent, eq 2: false\n");
  CHECK(explain(bo, other).to_json().at("row") == "refused");
  // A role that refuses it stands in the way of none after it.
  world.define_role({{"name", "late"}, {"policies", policies}});
  CHECK(explain(world.user("cy", {"few", "late"}), other).row_visible);
  const Explanation missing = explain(bo, EntityId("nothing"));
  CHECK(missing.text() ==
        "Allowed: role `few` allows `*` on `note`\n"
        "  policy of role `few`: allow * on note\n"
        "There is no such row: this scope has no row of this type with this id, or it is deleted.\n");
  CHECK(missing.to_json().at("row") == "not there");
  CHECK_FALSE(missing.to_json().at("grants")[0].at("admits"));
  CHECK_FALSE(missing.row_visible);
  // Without a row nothing is said of rows.
  CHECK_FALSE(system.explain(bo, Action::update, "note").to_json().contains("row"));

  const Explanation of_system = explain(system, note);
  CHECK(of_system.row_visible);
  CHECK(of_system.to_json().at("fields")[0] == Json{{"path", "data.a.b"}, {"treatment", "clear"}, {"by", ""}});
  CHECK_FALSE(explain(system, EntityId("nothing")).row_visible);
}

TEST_CASE("explain is for admins of the same scope", "[explain]") {
  World world(StorageKind::memory);
  world.define_type({{"slug", "session"}});
  const Session ana = world.user("ana");
  CHECK_ERROR(permission_denied, ana.explain(ana, Action::read, "session"));
  CHECK_ERROR(permission_denied, world.system(Environment::production).explain(ana, Action::read, "session"));
  const auto admin = world.user("root", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_FALSE(admin.explain(ana, Action::read, "session").decision);
  CHECK(admin.explain(admin, Action::read, "session").decision);
  // A row of another scope is not there, for explain as for everything else.
  world.define_type({{"slug", "session"}}, Environment::production);
  const EntityId foreign = world.create("session", Json::object(), Environment::production);
  CHECK_FALSE(admin.explain(admin, Action::read, "session", foreign).row_exists);
}
