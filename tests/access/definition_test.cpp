// SPEC 3 to 5: a definition with a mistake is refused when it is written.
#include <catch2/catch.hpp>

#include <algorithm>

#include "struere/access/definition.hpp"
#include "struere/access/rule_book.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::vector<EntityType> known() {
  EntityType note;
  note.key = 1;
  note.slug = "note";
  return {note};
}

Json with_rule(Json rule) {
  rule["entityType"] = "note";
  return {{"name", "r"}, {"scopeRules", {rule}}};
}
Json with_mask(Json mask) {
  mask["entityType"] = "note";
  return {{"name", "r"}, {"fieldMasks", {mask}}};
}
Json rule(const char* field, const char* op, Json value) {
  return {{"field", field}, {"operator", op}, {"value", std::move(value)}};
}

}  // namespace

TEST_CASE("entity types", "[definitions]") {
  for (const char* const text : {R"({})",
                                 R"({"slug":"Note"})",
                                 R"({"slug":""})",
                                 R"({"slug":"-a"})",
                                 R"({"slug":"a b"})",
                                 R"({"slug":"events"})",
                                 R"({"slug":5})",
                                 R"({"slug":"a","extra":1})",
                                 R"({"slug":"a","schema":[]})",
                                 R"({"slug":"a","schema":{"type":"array"}})",
                                 R"({"slug":"a","schema":{"type":["string","null"]}})",
                                 R"({"slug":"a","searchFields":"title"})",
                                 R"({"slug":"a","searchFields":["a..b"]})",
                                 R"({"slug":"a","searchFields":[5]})",
                                 R"({"slug":"a","boundToRole":""})",
                                 R"({"slug":"a","boundToRole":5})",
                                 R"({"slug":"a","userIdField":5})",
                                 R"({"slug":"a","userIdField":""})",
                                 R"({"slug":"a","name":""})",
                                 R"({"slug":"a","schema":{"properties":{"x":{"references":"nothing"}}}})",
                                 R"([])",
                                 R"("note")"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, read_entity_type(Json::parse(text), known()));
  }
  CHECK_ERROR(invalid_definition, read_entity_type({{"slug", std::string(65, 'a')}}, known()));
  CHECK(read_entity_type({{"slug", std::string(64, 'a')}}, known()).user_id_field == "userId");
  CHECK(read_entity_type(R"({"slug":"a","schema":{"type":["null","object"]}})"_json, known()).slug == "a");
  CHECK_ERROR(invalid_definition, read_entity_type({{"slug", "a"}, {"name", std::string(201, 'a')}}, known()));
  CHECK(read_entity_type({{"slug", "a"}, {"name", std::string(200, 'a')}}, known()).name.size() == 200);
  CHECK_ERROR(invalid_definition, read_entity_type({{"slug", "a"}, {"name", "\xff"}}, known()));
  CHECK(read_entity_type(
            R"({"slug":"a","schema":{"properties":{"x":{"references":"a"},"y":{"references":"note"}}}})"_json, known())
            .slug == "a");
}

TEST_CASE("policies", "[definitions]") {
  for (const char* const text :
       {R"({"resource":"nothing","actions":["read"],"effect":"allow"})",
        R"({"resource":"note","actions":[],"effect":"allow"})",
        R"({"resource":"note","actions":["remove"],"effect":"allow"})",
        R"({"resource":"note","actions":["read"],"effect":"maybe"})", R"({"resource":"note","actions":["read"]})",
        R"({"resource":"note","actions":"read","effect":"allow"})",
        R"({"resource":"note","actions":{"a":"read"},"effect":"allow"})",
        R"({"resource":"note","actions":[5],"effect":"allow"})",
        R"({"resource":5,"actions":["read"],"effect":"allow"})", R"({"resource":"note","actions":["read"],"effect":5})",
        R"({"actions":["read"],"effect":"allow"})",
        R"({"resource":"note","actions":["read"],"effect":"allow","unless":1})",
        R"({"resource":"Note","actions":["read"],"effect":"allow"})", R"(5)"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"policies", {Json::parse(text)}}}, known()));
  }
  CHECK_ERROR(invalid_definition, read_role({{"name", ""}}, known()));
  CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"polices", Json::array()}}, known()));
  CHECK(read_role(R"({"name":"r","policies":[{"resource":"*","actions":["read","list","read"],"effect":"deny"}]})"_json,
                  known())
            .policies.size() == 2);
  // Alike in all is once, alike in two of three is another.
  CHECK(read_role(R"({"name":"r","policies":[{"resource":"*","actions":["*"],"effect":"allow"},
    {"resource":"note","actions":["*"],"effect":"allow"}, {"resource":"note","actions":["read"],"effect":"allow"},
    {"resource":"note","actions":["read"],"effect":"deny"}, {"resource":"events","actions":["read"],"effect":"deny"},
    {"resource":"events","actions":["read"],"effect":"deny"}]})"_json,
                  known())
            .policies.size() == 5);
}

TEST_CASE("a role of very many policies on very many types is read, each policy once", "[definitions]") {
  std::vector<EntityType> types(5'000);
  for (std::size_t i = 0; i < types.size(); ++i) types[i].slug = "t" + std::to_string(100'000 + i);
  Json policies = Json::array();
  for (const EntityType& type : types)
    policies.push_back({{"resource", type.slug},
                        {"actions", {"create", "read", "update", "delete", "list", "read"}},
                        {"effect", "allow"}});
  policies.push_back(policies.front());
  const Json role{{"name", "r"}, {"policies", policies}};
  CHECK(read_role(role, types).policies.size() == 25'000);
  std::ranges::reverse(types);  // any order will do
  CHECK(read_role({{"name", "r"}, {"policies", {policies.front()}}}, types).policies.size() == 5);
  CHECK_ERROR(invalid_definition,
              read_role({{"name", "r"}, {"policies", {policies.front()}}}, {types.begin(), types.end() - 1}));
}

TEST_CASE("a role is an object of lists of objects", "[definitions]") {
  for (const char* const list : {"policies", "scopeRules", "fieldMasks", "visibleFields"})
    for (const char* const text : {"5", "{}", "null", "[5]", "[[]]", R"(["note"])", R"([{"entityType":5}])", "[{}]"}) {
      INFO(list << " " << text);
      CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {list, Json::parse(text)}}, known()));
    }
  CHECK_ERROR(invalid_definition, read_role("r", known()));
  CHECK_ERROR(invalid_definition, read_role(Json::object(), known()));
  CHECK_ERROR(invalid_definition, read_role({{"name", 5}}, known()));
}

TEST_CASE("what is written comes back", "[definitions]") {
  const Json type = R"({"slug":"a","name":"A","schema":{"type":"object"},"searchFields":["x","y.z"],"boundToRole":"r",
    "userIdField":"user.id"})"_json;
  CHECK(definition_of(read_entity_type(type, known())) == type);
  CHECK(definition_of(read_entity_type({{"slug", "a"}}, known())) == Json{{"slug", "a"},
                                                                          {"name", "a"},
                                                                          {"schema", Json::object()},
                                                                          {"userIdField", "userId"},
                                                                          {"searchFields", Json::array()}});
  const Json role = R"({"name":"r","policies":[{"resource":"note","actions":["read"],"effect":"allow"}],
    "scopeRules":[{"entityType":"note","field":"data.x","operator":"eq","value":1}],
    "fieldMasks":[{"entityType":"note","fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":2}}],
    "visibleFields":[{"entityType":"note","fields":["data.x"]}]})"_json;
  CHECK(definition_of(read_role(role, known())) == role);
}

TEST_CASE("scope rules", "[definitions]") {
  for (const Json& bad :
       {rule("data.x", "equals", 1),
        rule("data.x", "EQ", 1),
        rule("x", "eq", 1),
        rule("data", "eq", 1),
        rule("data.", "eq", 1),
        rule("data.a..b", "eq", 1),
        rule("data.a b", "eq", 1),
        rule("data.1.2.3.4.5.6.7.8.9", "eq", 1),
        rule("data.x", "exists", 1),
        rule("data.x", "exists", "actor.userId"),
        rule("data.x", "in", "a"),
        rule("data.x", "in", "literal:a"),
        rule("data.x", "nin", 5),
        rule("data.x", "gt", nullptr),
        rule("data.x", "lte", true),
        rule("data.x", "gt", Json::array()),
        rule("data.x", "eq", "actor.name"),
        rule("data.x", "eq", "actor."),
        rule("data.x", "eq", "actor.relatedIds:"),
        rule("data.x", "eq", "actor.relatedIds:a b"),
        Json{{"field", "data.x"}, {"operator", "eq"}},
        Json{{"field", "data.x"}, {"operator", "eq"}, {"value", 1}, {"not", 1}},
        Json{{"any", Json::array()}},
        Json{{"all", 5}},
        Json{{"any", {rule("data.x", "eq", 1)}}, {"all", {rule("data.x", "eq", 1)}}},
        Json{{"any", {Json{{"entityType", "note"}, {"field", "data.x"}, {"operator", "eq"}, {"value", 1}}}}},
        Json{{"relationPath", ""}},
        Json{{"relationPath", "a//b"}},
        Json{{"relationPath", "a/b/c/d/e"}},
        Json{{"relationPath", "^^a"}},
        Json{{"relationPath", 5}},
        Json{{"relationPath", "a"}, {"value", 1}},
        Json::object()}) {
    INFO(bad.dump());
    CHECK_ERROR(invalid_definition, read_role(with_rule(bad), known()));
  }
  Json nested = rule("data.x", "eq", 1);
  for (int i = 0; i < 4; ++i) nested = Json{{"any", Json::array({nested})}};
  CHECK(read_role(with_rule(nested), known()).scope_rules.size() == 1);
  CHECK_ERROR(invalid_definition, read_role(with_rule({{"all", {nested}}}), known()));
  for (const Json& good : {rule("data.x", "gt", "actor.entityId"), rule("data.x", "in", "actor.userId"),
                           rule("data.x", "eq", "literal:actor.userId"), rule("data.x", "in", {"actor.nothing"}),
                           rule("status", "neq", "x"), Json{{"relationPath", "a/^b/c/^d"}}})
    CHECK(read_role(with_rule(good), known()).scope_rules.size() == 1);
  CHECK_ERROR(
      invalid_definition,
      read_role({{"name", "r"},
                 {"scopeRules", {{{"entityType", "nothing"}, {"field", "id"}, {"operator", "eq"}, {"value", 1}}}}},
                known()));
}

TEST_CASE("masks and visible fields", "[definitions]") {
  for (const char* const bad :
       {R"({"fieldPath":"data.x","maskType":""})", R"({"fieldPath":"data.x","maskType":"Hide"})",
        R"({"fieldPath":"id","maskType":"hide"})", R"({"fieldPath":"version","maskType":"hide"})",
        R"({"fieldPath":"x","maskType":"hide"})", R"({"maskType":"hide"})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":0}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":33}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":1.5}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":1e300}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepFirst":1}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":{"keepLast":"4"}})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":5})",
        R"({"fieldPath":"data.x","maskType":"redact","maskConfig":null})",
        R"({"fieldPath":"data.x","maskType":"hide","maskConfig":{}})", R"({"fieldPath":"data.x"})",
        R"({"fieldPath":5,"maskType":"hide"})", R"({"fieldPath":"data.x","maskType":"hide","more":1})"}) {
    INFO(bad);
    CHECK_ERROR(invalid_definition, read_role(with_mask(Json::parse(bad)), known()));
  }
  const Json hide{{"entityType", "note"}, {"fieldPath", "data.x"}, {"maskType", "hide"}},
      redact{{"entityType", "note"}, {"fieldPath", "data.x"}, {"maskType", "redact"}};
  CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"fieldMasks", {hide, hide}}}, known()));
  CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"fieldMasks", {redact, redact}}}, known()));
  for (const int last : {1, 32})
    CHECK(read_role(with_mask({{"fieldPath", "status"}, {"maskType", "redact"}, {"maskConfig", {{"keepLast", last}}}}),
                    known())
              .field_masks.size() == 1);
  CHECK(read_role({{"name", "r"}, {"fieldMasks", {hide, redact}}}, known()).field_masks.size() == 2);
  const Json fields{{"entityType", "note"}, {"fields", {"data.x"}}};
  CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"visibleFields", {fields, fields}}}, known()));
  CHECK_ERROR(
      invalid_definition,
      read_role({{"name", "r"}, {"visibleFields", {{{"entityType", "note"}, {"fields", {"status"}}}}}}, known()));
  CHECK(read_role({{"name", "r"}, {"visibleFields", {fields}}}, known()).visible_fields.size() == 1);
  for (const char* const bad : {R"({"fields":5})", R"({"fields":{"a":"data.x"}})", R"({"fields":[5]})",
                                R"({"fields":["x"]})", R"({"fields":["data.x"],"more":1})", R"({})"}) {
    INFO(bad);
    Json listed = Json::parse(bad);
    listed["entityType"] = "note";
    CHECK_ERROR(invalid_definition, read_role({{"name", "r"}, {"visibleFields", {listed}}}, known()));
  }
}

TEST_CASE("what is found broken in storage grants nothing, and a policy that cannot be read denies", "[definitions]") {
  RoleRecord record;
  record.id = RoleId("r");
  record.name = "r";
  record.policies = {{"note", "read", "allow"}};
  for (const char* const broken : {R"({"field":"data.x","operator":"equals","value":1})", "{", "5", R"({"any":[]})"}) {
    record.scope_rules = {{"note", broken}};
    CHECK(RuleBook(1, known(), {record}).roles().at("r").types.at("note").broken);
  }
  record.scope_rules = {{"note", R"({"field":"data.x","operator":"eq","value":1})"}};
  CHECK_FALSE(RuleBook(1, known(), {record}).roles().at("r").types.at("note").broken);
  record.scope_rules.clear();
  record.field_masks = {{"note", R"({"fieldPath":"data.x","maskType":"blur"})"}};
  CHECK(RuleBook(1, known(), {record}).roles().at("r").types.at("note").broken);
  record.visible_fields = {{"note", "null"}};
  CHECK(RuleBook(1, known(), {record}).roles().at("r").types.at("note").broken);
  for (const PolicyRecord& policy :
       {PolicyRecord{"note", "read", "permit"}, PolicyRecord{"note", "look", "deny"}, PolicyRecord{"", "", ""}})
    CHECK(read_policy(policy) == Policy{"*", std::nullopt, Effect::deny});
}
