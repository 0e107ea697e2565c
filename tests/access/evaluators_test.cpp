// The evaluators on a host's own JSON: the same meaning as in a database, and nothing that fails open.
#include "struere/access/evaluators.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "property/random_json.hpp"
#include "struere/query/interpreter.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const Json note_type{{"slug", "note"}};

Json evaluated_role(const std::string& name, const Json& rules, const Json& masks,
                    const Json& visible = Json::array()) {
  return {
      {"name", name},
      {"policies", {{{"resource", "note"}, {"actions", {"list", "read", "create", "update"}}, {"effect", "allow"}}}},
      {"scopeRules", rules},
      {"fieldMasks", masks},
      {"visibleFields", visible}};
}

// Definitions with a rule or a mask of random fields and values.
Json random_role_of(Random& random, const std::string& name) {
  static const std::vector<std::string> fields{"data.a", "data.b", "data.c.d", "status"};
  static const std::vector<std::string> operators{"eq", "neq", "gt", "lte", "contains"};
  static const std::vector<Json> values{1, "x", "actor.userId", 2, "y"};
  static const std::vector<std::string> masked{"data.a", "data.c", "data.c.d", "data.b", "status"};
  Json rules = Json::array(), masks = Json::array(), visible = Json::array();
  for (int i = random.below(3); i > 0; --i)
    rules.push_back({{"entityType", "note"},
                     {"field", random.pick(fields)},
                     {"operator", random.pick(operators)},
                     {"value", random.pick(values)}});
  if (random.chance(60))
    masks.push_back({{"entityType", "note"},
                     {"fieldPath", random.pick(masked)},
                     {"maskType", random.chance(50) ? "hide" : "redact"}});
  if (random.chance(20)) visible.push_back({{"entityType", "note"}, {"fields", {"data.a", "data.c.d"}}});
  return evaluated_role(name, rules, masks, visible);
}

Json random_note(Random& random) {
  static const std::vector<Json> values{1, 2, "x", "ana", "xy", Json::array({1, "x"}), nullptr, Json::object()};
  Json data = Json::object();
  for (const char* key : {"a", "b"})
    if (random.chance(70)) data[key] = random.pick(values);
  if (random.chance(60)) data["c"] = Json{{"d", random.pick(values)}};
  return data;
}

}  // namespace

TEST_CASE("the evaluators answer as a database with the same definitions and rows does", "[evaluators][property]") {
  Random random(18);
  for (int round = 0; round < 60; ++round) {
    World world;
    const Json roles = Json::array({random_role_of(random, "one"), random_role_of(random, "two")});
    world.define_type(note_type);
    for (const Json& definition : roles) world.define_role(definition);
    const auto rules = read_rules(Json::array({note_type}), roles);
    const std::vector<std::string> held =
        random.chance(50) ? std::vector<std::string>{"one"} : std::vector<std::string>{"two", "one"};
    const Session ana = world.user("ana", held);
    const Subject subject{.roles = held, .user_id = "ana", .organization_id = "acme"};
    CHECK(PolicyEvaluator(rules, subject).can(Action::list, "note").reason() == ana.can(Action::list, "note").reason());

    const ScopeRuleEvaluator rows(rules, subject, Action::list, "note");
    const FieldMaskEvaluator masks(rules, subject, Action::list, "note");
    const FieldMaskEvaluator writes(rules, subject, Action::update, "note");
    std::map<std::string, std::string> shown;
    for (const Entity& row : ana.entities("note").list()) shown[row.id().str()] = row.json();
    for (int i = 0; i < 8; ++i) {
      const EntityId id = world.create("note", random_note(random));
      const Entity stored = world.system().entities("note").get(id);
      const RowFields row{.id = id.str(),
                          .data = stored.data(),
                          .status = Json(*stored.status()),
                          .created_at = Json(*stored.created_at()),
                          .updated_at = Json(*stored.updated_at())};
      const auto found = ana.entities("note").find(id);
      const auto evaluated = masks.show(row);
      CHECK(rows.admits(row) == found.has_value());
      REQUIRE(evaluated.has_value() == found.has_value());
      if (found) CHECK(canonical_json(evaluated->data) == found->json());
      if (found) CHECK(evaluated->status.has_value() == found->to_json().contains("status"));
      const Json patch{{"b", random.pick(std::vector<Json>{1, "x", nullptr})}};
      bool accepted = true;
      try {
        ana.entities("note").update(id, patch);
      } catch (const Error&) {
        accepted = false;
      }
      CHECK(writes.may_update(row, patch) == accepted);
    }
  }
}

TEST_CASE("filters see a row without its redacted fields", "[evaluators]") {
  const auto rules = read_rules(
      Json::array({note_type}),
      Json::array({evaluated_role("r", Json::array(),
                                  {{{"entityType", "note"}, {"fieldPath", "data.card"}, {"maskType", "redact"}}})}));
  const FieldMaskEvaluator masks(rules, {.roles = {"r"}}, Action::list, "note");
  const RowFields row{.id = "n1", .data = {{"card", "4111"}, {"n", 1}}};
  CHECK(masks.show(row)->data == Json{{"card", "[redacted]"}, {"n", 1}});
  CHECK(masks.show_to_queries(row)->data == Json{{"n", 1}});
  CHECK(masks.may_create({.id = "n2", .data = {{"n", 1}}}) == false);  // `list` alone says nothing of writes
  const FieldMaskEvaluator creating(rules, {.roles = {"r"}}, Action::create, "note");
  CHECK(creating.may_create({.id = "n2", .data = {{"n", 1}}}));
  CHECK_FALSE(creating.may_create({.id = "n2", .data = {{"card", "1"}}}));
}

TEST_CASE("an evaluator refuses what a database would not accept", "[evaluators]") {
  const Json types = Json::array({note_type});
  CHECK_ERROR(invalid_definition, read_rules(note_type, Json::array()));
  CHECK_ERROR(invalid_definition, read_rules(Json::array({note_type, note_type}), Json::array()));
  CHECK_ERROR(invalid_definition, read_rules(Json::array({{{"slug", "events"}}}), Json::array()));
  CHECK_ERROR(invalid_definition, read_rules(Json::array({1}), Json::array()));
  const Json any = evaluated_role("r", Json::array(), Json::array());
  CHECK_ERROR(invalid_definition, read_rules(types, Json::array({any, any})));
  CHECK_ERROR(invalid_definition, read_rules(Json::array({{{"slug", "task"}}}), Json::array({any})));

  const auto rules = read_rules(types, Json::array({any}));
  const Subject subject{.roles = {"r", "r", "none"}, .user_id = "ana"};
  CHECK_ERROR(not_found, ScopeRuleEvaluator(rules, subject, Action::list, "task"));
  const ScopeRuleEvaluator rows(rules, subject, Action::list, "note");
  CHECK(rows.admits({.id = "n1", .data = Json::object()}));
  CHECK_FALSE(rows.admits({.id = "n1", .data = Json::object(), .status = Json("deleted")}));
  CHECK_FALSE(ScopeRuleEvaluator(rules, subject, Action::remove, "note").admits({.id = "n1", .data = Json::object()}));
  CHECK_FALSE(ScopeRuleEvaluator(rules, {}, Action::list, "note").admits({.id = "n1", .data = Json::object()}));
  CHECK_ERROR(invalid_data, rows.admits({.id = 1, .data = Json::object()}));
  CHECK_ERROR(invalid_data, rows.admits({.id = "n1", .data = Json::array()}));
  CHECK_ERROR(invalid_data, rows.admits({.id = "n1", .data = {{"a", std::string("\0", 1)}}}));
  for (const Json& id : {Json(""), Json(std::string(201, 'i')), Json("\xff")})
    CHECK_ERROR(invalid_data, rows.admits({.id = id, .data = Json::object()}));
  for (const Json& status : {Json(nullptr), Json(""), Json(1), Json("\xff")})
    CHECK_ERROR(invalid_data, rows.admits({.id = "n1", .data = Json::object(), .status = status}));
  for (const Json& time : {Json("2026-11-28"), Json(1.5), Json(nullptr)}) {
    CHECK_ERROR(invalid_data, rows.admits({.id = "n1", .data = Json::object(), .created_at = time}));
    CHECK_ERROR(invalid_data, rows.admits({.id = "n1", .data = Json::object(), .updated_at = time}));
  }
  // As deep as a program's own reader may have made it; a copy of it would not fit on the stack.
  RowFields deep{.id = "n1", .data = Json::object()};
  for (int i = 0; i < 100'000; ++i) deep.data = Json{{"a", std::move(deep.data)}};
  CHECK_ERROR(invalid_data, rows.admits(deep));
  CHECK_ERROR(invalid_data, FieldMaskEvaluator(rules, subject, Action::list, "note").show(deep));
}

TEST_CASE("rules about relations are false until the host answers for its relations", "[evaluators]") {
  const auto rules =
      read_rules(R"([{"slug": "teacher", "boundToRole": "teacher"}, {"slug": "note"}])"_json, R"([{"name": "teacher",
        "policies":   [{"resource": "note", "actions": ["list"], "effect": "allow"}],
        "scopeRules": [{"entityType": "note", "field": "data.by", "operator": "eq", "value": "actor.entityId"}]}])"_json);
  struct Teachers final : RelationReader {
    std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user) override {
      return own.candidates.size() == 1 && user == "ana" ? std::optional<std::string>("t1") : std::nullopt;
    }
    std::vector<std::string> related_ids(const std::string&, const Hop&) override { return {}; }
  };
  const RowFields hers{.id = "n1", .data = {{"by", "t1"}}};
  const Subject ana{.roles = {"teacher"}, .user_id = "ana"}, bo{.roles = {"teacher"}, .user_id = "bo"};
  const auto teachers = std::make_shared<Teachers>();
  CHECK_FALSE(ScopeRuleEvaluator(rules, ana, Action::list, "note").admits(hers));
  CHECK(ScopeRuleEvaluator(rules, ana, Action::list, "note", teachers).admits(hers));
  CHECK_FALSE(ScopeRuleEvaluator(rules, bo, Action::list, "note", teachers).admits(hers));
}
