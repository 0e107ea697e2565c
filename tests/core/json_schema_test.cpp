// A schema is checked when it is written: what would not be enforced is refused.
#include <catch2/catch.hpp>

#include "core/json_schema.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("what is no schema, or would enforce nothing, is refused", "[schema]") {
  for (const char* const text : {R"(5)",
                                 R"([])",
                                 R"({"type":"objekt"})",
                                 R"({"type":5})",
                                 R"({"required":"x"})",
                                 R"({"requird":["x"]})",
                                 R"({"minimum":"5"})",
                                 R"({"multipleOf":0})",
                                 R"({"maxLength":-1})",
                                 R"({"properties":5})",
                                 R"({"properties":{"a":5}})",
                                 R"({"items":5})",
                                 R"({"enum":[]})",
                                 R"({"pattern":"("})",
                                 R"({"patternProperties":{"(":{}}})",
                                 R"({"$ref":"#/nope"})",
                                 R"({"$ref":"http://example.com/x"})",
                                 R"({"$ref":"file:///etc/passwd"})",
                                 R"({"$ref":"#"})",
                                 R"({"allOf":[{"$ref":"#"}]})",
                                 R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
                                 R"({"properties":{"x":{"not":{"$ref":"#/properties/x"}}}})",
                                 R"({"unevaluatedProperties":false})",
                                 R"({"references":"person"})",
                                 R"({"properties":{"a":{"anyOf":[{"references":"person"}]}}})",
                                 R"({"patternProperties":{"a":{"references":"person"}}})",
                                 R"({"additionalProperties":{"references":"person"}})",
                                 R"({"properties":{"a":{"references":5}}})",
                                 R"({"properties":{"a":{"$id":"x"}}})"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, JsonSchema(Json::parse(text)));
  }
}

TEST_CASE("data is validated, and the fault has a place", "[schema]") {
  const JsonSchema schema(
      R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"list":{"type":"array","items":{"type":"string"}}},
    "additionalProperties":false,"x-index":["a"],"title":"T","description":"D"})"_json);
  CHECK_FALSE(schema.validate(R"({"a":1})"_json));
  CHECK_FALSE(schema.validate(R"({"a":1,"list":["x"]})"_json));
  CHECK(schema.validate(R"({})"_json));
  CHECK(schema.validate(R"({"a":1,"b":2})"_json));
  CHECK(schema.validate(R"({"a":"1"})"_json)->place == std::vector<std::string>{"a"});
  CHECK(schema.validate(R"({"a":1,"list":["x",5]})"_json)->place == std::vector<std::string>{"list", "1"});
}

TEST_CASE("recursion that goes into the data works", "[schema]") {
  const JsonSchema tree(
      R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},"required":["name"]})"_json);
  CHECK_FALSE(tree.validate(R"({"name":"a","children":[{"name":"b","children":[]}]})"_json));
  CHECK(tree.validate(R"({"name":"a","children":[{"children":[]}]})"_json));
}

TEST_CASE("a long text against a pattern is refused, and elsewhere it is not", "[schema]") {
  const JsonSchema schema(
      R"({"properties":{"mail":{"type":"string","pattern":"^(a|b)*@.*$"},"text":{"type":"string"}}})"_json);
  CHECK_FALSE(schema.validate({{"mail", std::string(1000, 'a') + "@x"}, {"text", std::string(500'000, 'x')}}));
  CHECK(schema.validate({{"mail", std::string(500'000, 'a')}}));
  const JsonSchema behind_reference(
      R"({"definitions":{"m":{"pattern":"(x+)+y"}},"properties":{"a":{"$ref":"#/definitions/m"}}})"_json);
  CHECK(behind_reference.validate({{"a", std::string(500'000, 'x')}}));
}

TEST_CASE("references are found where they are enforced", "[schema]") {
  const JsonSchema schema(
      R"({"properties":{"a":{"references":"person"},"list":{"items":{"references":"task"}},"references":{"type":"string"},
    "o":{"properties":{"b":{"references":"person"}}}}})"_json);
  REQUIRE(schema.references().size() == 3);
  CHECK(schema.references()[1].place == std::vector<std::string>{"list", "*"});
  CHECK(schema.references()[2].place == std::vector<std::string>{"o", "b"});
}
