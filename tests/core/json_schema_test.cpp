// A schema is checked when it is written: what would not be enforced is refused. What it holds is enforced exactly, and
// within bounds.
#include <catch2/catch.hpp>
#include <chrono>

#include "core/json_schema.hpp"
#include "support/small_stack.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The schema of one field `v`.
JsonSchema of_field(const Json& schema) { return JsonSchema(Json{{"properties", {{"v", schema}}}}); }
JsonSchema of_field(const char* schema) { return of_field(Json::parse(schema)); }

bool takes(const JsonSchema& schema, const Json& value) { return !schema.validate({{"v", value}}); }

std::string told(const Json& schema) {
  return error_of([&] { JsonSchema compiled(schema); });
}

std::string fault_of(const JsonSchema& schema, const Json& data) {
  const auto fault = schema.validate(data);
  return fault ? fault->description : "none";
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

// A hang is a failure that a test can tell only by its time; what is looked for here took minutes, and more.
template <class Body>
bool is_quick(Body&& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::steady_clock::now() - start < std::chrono::seconds(60);
}

}  // namespace

TEST_CASE("what is no schema, or would enforce nothing, is refused", "[schema]") {
  for (const char* const text :
       {R"(5)",
        R"([])",
        R"(true)",
        R"({"type":"objekt"})",
        R"({"type":5})",
        R"({"type":[]})",
        R"({"type":["null","null"]})",
        R"({"required":"x"})",
        R"({"required":["b","a","b"]})",
        R"({"dependentRequired":{"a":["b","b"]}})",
        R"({"requird":["x"]})",
        R"({"minimum":"5"})",
        R"({"multipleOf":0})",
        R"({"multipleOf":-1})",
        R"({"maxLength":-1})",
        R"({"maxLength":1.5})",
        R"({"properties":5})",
        R"({"properties":{"a":5}})",
        R"({"items":5})",
        R"({"enum":[]})",
        R"({"allOf":[]})",
        R"({"pattern":"("})",
        R"({"pattern":5})",
        R"({"patternProperties":{"(":{}}})",
        R"({"format":"markdown"})",
        R"({"$ref":5})",
        R"({"$ref":"#/nope"})",
        R"({"$ref":"#nope"})",
        R"({"$ref":"#/%zz"})",
        R"({"$ref":"#/~2"})",
        R"({"$ref":"http://example.com/x"})",
        R"({"$ref":"file:///etc/passwd"})",
        R"({"$ref":"#"})",
        R"({"allOf":[{"$ref":"#"}]})",
        R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})",
        R"({"properties":{"x":{"not":{"$ref":"#/properties/x"}}}})",
        R"({"dependentSchemas":{"x":{"$ref":"#"}}})",
        R"({"$schema":"http://json-schema.org/draft-04/schema#"})",
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","items":[{}]})",
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","additionalItems":false})",
        R"({"$schema":"http://json-schema.org/draft-07/schema#","prefixItems":[{}]})",
        R"({"$schema":"http://json-schema.org/draft-07/schema#","unevaluatedProperties":false})",
        R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{}},
                                     "properties":{"v":{"$ref":"#/definitions/a","maxLength":3}}})",
        R"({"items":[{}],"prefixItems":[{}]})",
        R"({"$id":"http://a/b","properties":{"a":{"$id":"http://a/b"}}})",
        R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})",
        R"({"references":"person"})",
        R"({"properties":{"a":{"references":5}}})",
        R"({"properties":{"a":{"references":""}}})"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, JsonSchema(Json::parse(text)));
  }
}

TEST_CASE("a schema is refused with its place and what was probably meant", "[schema]") {
  CHECK(has(told({{"properties", {{"a", {{"requird", {"x"}}}}}}}), "`schema/properties/a`: \"requird\""));
  CHECK(has(told({{"requird", {"x"}}}), "Did you mean `required`?"));
  CHECK(has(told({{"properties", {{"day", {{"format", "dat"}}}}}}), "Did you mean `date`?"));
  CHECK(has(told({{"properties", {{"a", {{"pattern", "a(?=b)"}}}}}}),
            "`schema/properties/a/pattern`: the pattern `a(?=b)` cannot be used: look-ahead"));
  CHECK(has(told({{"pattern", "a(?=b)"}}), "(at character 2)"));
  CHECK(has(told({{"pattern", "(a)\\1"}}), "a reference back to a group"));
  CHECK(has(told({{"pattern", "é\\Z"}}), "(at character 2)"));
  CHECK(has(told({{"pattern", "\\p{Foo}"}}), "\\p{Foo}"));
}

TEST_CASE("data is validated, and the fault has a place", "[schema]") {
  const JsonSchema schema(
      R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"list":{"type":"array","items":{"type":"string"}}},
    "additionalProperties":false,"x-index":["a"],"title":"T","description":"D"})"_json);
  CHECK_FALSE(schema.validate(R"({"a":1})"_json));
  CHECK_FALSE(schema.validate(R"({"a":1.0})"_json));
  CHECK_FALSE(schema.validate(R"({"a":1,"list":["x"]})"_json));
  CHECK(schema.validate(R"({})"_json)->place.empty());
  CHECK(schema.validate(R"({"a":1,"b":2})"_json)->place == std::vector<std::string>{"b"});
  CHECK(schema.validate(R"({"a":"1"})"_json)->place == std::vector<std::string>{"a"});
  CHECK(schema.validate(R"({"a":1,"list":["x",5]})"_json)->place == std::vector<std::string>{"list", "1"});
}

TEST_CASE("a fault says the keyword, what was expected and what came", "[schema]") {
  const auto words = [](const char* schema, const Json& value) { return fault_of(of_field(schema), {{"v", value}}); };
  CHECK(words(R"({"type":"integer"})", 17.5) == "17.5 is not an integer (`type`)");
  CHECK(words(R"({"type":["string","null"]})", 1) == "1 is not null or a text (`type`)");
  CHECK(words(R"({"enum":["a","b"]})", "c") == R"("c" is not one of "a", "b" (`enum`))");
  CHECK(words(R"({"multipleOf":0.01})", 0.005) == "0.005 is not a multiple of 0.01 (`multipleOf`)");
  CHECK(words(R"({"maximum":5})", 6) == "6 is more than 5 (`maximum`)");
  CHECK(words(R"({"maxLength":2})", "日本語") == "the text has 3 characters, more than 2 (`maxLength`)");
  CHECK(words(R"({"format":"date"})", "2021-02-29") == R"("2021-02-29" is not a date such as 2024-02-29 (`format`))");
  CHECK(words(R"({"pattern":"^a$"})", "b") == R"("b" does not match "^a$" (`pattern`))");
  CHECK(words(R"({"uniqueItems":true})", {1, 1.0}) == "two elements of the list are equal (`uniqueItems`)");
  CHECK(words(R"({"required":["k"]})", Json::object()) == "\"k\" is missing (`required`)");
  CHECK(words(R"({"additionalProperties":false})", {{"k", 1}}) ==
        "the schema has no such field (`additionalProperties`)");
  CHECK(words(R"({"dependentRequired":{"a":["b"]}})", {{"a", 1}}) ==
        "\"b\" is missing, which \"a\" requires (`dependentRequired`)");
  CHECK(words(R"({"type":"integer"})", std::string(1000, 'x')).size() < 100);
}

TEST_CASE("numbers are compared exactly", "[schema]") {
  CHECK_FALSE(takes(of_field(R"({"maximum":9223372036854775806})"), 9223372036854775807));
  CHECK(takes(of_field(R"({"maximum":9223372036854775806})"), 9223372036854775806));
  CHECK_FALSE(takes(of_field(R"({"minimum":9007199254740993})"), 9007199254740992));
  CHECK_FALSE(takes(of_field(R"({"exclusiveMinimum":9007199254740992})"), 9007199254740992));
  CHECK(takes(of_field(R"({"exclusiveMinimum":9007199254740992})"), 9007199254740993));
  CHECK_FALSE(takes(of_field(R"({"enum":[9007199254740993]})"), 9007199254740992));
  CHECK(takes(of_field(R"({"enum":[9007199254740993]})"), 9007199254740993));
  CHECK_FALSE(takes(of_field(R"({"const":9007199254740993})"), 9007199254740992));
  CHECK(takes(of_field(R"({"const":{"a":[1]}})"), {{"a", {1.0}}}));
  CHECK(takes(of_field(R"({"uniqueItems":true})"), {9007199254740992, 9007199254740993}));
  CHECK_FALSE(takes(of_field(R"({"uniqueItems":true})"), {{{"a", 1}}, 2, {{"a", 1.0}}}));
  CHECK(takes(of_field(R"({"uniqueItems":true})"), {1, true, "1", {1}, nullptr, 0, false}));
}

TEST_CASE("multiples are told in decimals", "[schema]") {
  const JsonSchema cents = of_field(R"({"multipleOf":0.01})");
  for (int i = 1; i < 200'000; i += 7) {
    const Json price =
        Json::parse(std::to_string(i / 100) + "." + std::to_string(i % 100 / 10) + std::to_string(i % 10));
    if (!takes(cents, price)) FAIL_CHECK(price.dump() << " is a multiple of 0.01");
  }
  for (const char* const number : {"19.99", "-19.99", "0", "-0.0", "1e308", "1.7976931348623157e308", "1e-2"})
    CHECK(takes(cents, Json::parse(number)));
  for (const char* const number : {"0.005", "19.999", "1e-300", "5e-324"})
    CHECK_FALSE(takes(cents, Json::parse(number)));
  CHECK(takes(of_field(R"({"multipleOf":3})"), 9223372036854775806));
  CHECK_FALSE(takes(of_field(R"({"multipleOf":3})"), 9223372036854775807));
  CHECK(takes(of_field(R"({"multipleOf":2})"), std::numeric_limits<std::int64_t>::min()));
  CHECK_FALSE(takes(of_field(R"({"multipleOf":0.123456789})"), 1e308));
  CHECK(takes(of_field(R"({"multipleOf":1e-300})"), 1e300));
  CHECK_FALSE(takes(of_field(R"({"multipleOf":1e300})"), 1));
}

TEST_CASE("lengths and patterns look at characters, not at bytes", "[schema]") {
  CHECK(takes(of_field(R"({"maxLength":2})"), "日本"));
  CHECK_FALSE(takes(of_field(R"({"minLength":2})"), "🇩"));
  const auto matches = [](const char* pattern, const Json& text) {
    return takes(of_field(Json{{"pattern", pattern}}), text);
  };
  CHECK(matches("^[é]$", "é"));
  CHECK(matches("^.{1,3}$", "日本"));
  CHECK(matches("^[🇦-🇿]{2}$", "🇩🇪"));
  CHECK(matches("^\\S+\\s\\S+$", "a\u00a0b"));
  CHECK(matches("^\\s+$", "\t\n\v\f\r \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"));
  CHECK_FALSE(matches("[\\S]", "\t\n\v\f\r \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"));
  CHECK(matches("^[\\S]+$", "\u200b\u1fff\u2010é!\U0010ffff"));
  CHECK(matches("b", "abc"));  // anywhere
  CHECK_FALSE(matches("^abc$", "abc\n"));
  CHECK_FALSE(matches("^.$", "\u2028"));
  CHECK(matches("^\\d\\w$", "7_"));
  CHECK_FALSE(matches("\\d", "٣"));
  CHECK(matches("^\\u00e9\\uD83D\\uDE00\\u{1F600}\\x41\\cJ\\/\\-$", "é😀😀A\n/-"));
  CHECK(matches("^[\\uD83D\\uDE00-\\uD83D\\uDE05\\]\\b\\-]+$", "😃]\b-"));
  CHECK(matches("^\\p{Letter}\\p{Lu}\\p{Script=Greek}\\P{L}$", "éAβ1"));
  CHECK(matches("^(?<year>[0-9]{4})-(?:a|b)?$", "2024-"));
  CHECK(matches("^a{2,}b{1,2}?c{3}$", "aaabccc"));
  CHECK(matches("^[^]$", "x"));
  CHECK_FALSE(matches("[]", "x"));
  CHECK(matches("^{]}$", "{]}"));
  CHECK(matches("^[\\w-.]+$", "a-."));
  CHECK(matches("^[a\\d-z]+$", "a1-z"));
  for (const char* const pattern : {"(?!a)", "(?<=a)b",     "(?<!a)b", "\\1",     "\\k<a>(?<a>b)", "(?i)a",   "a**",
                                    "*a",    "^*",          "a{2,1}",  "a{1001}", "[b-a]",         "[a",      "(a",
                                    "a)",    "\\",          "\\q",     "\\8",     "\\u12",         "\\x1",    "\\ud800",
                                    "\\p{L", "[[:alpha:]]", "\\pL",    "\\01",    "\\p{Foo}",      "(?P<n>a)"}) {
    INFO(pattern);
    CHECK_ERROR(invalid_definition, of_field(Json{{"pattern", pattern}}));
  }
}

TEST_CASE("a long text meets a pattern as any other", "[schema]") {
  const JsonSchema schema(
      R"({"properties":{"mail":{"type":"string","pattern":"^(a|b)*@.*$"},"text":{"type":"string"}}})"_json);
  CHECK_FALSE(schema.validate({{"mail", std::string(500'000, 'a') + "@x"}, {"text", std::string(500'000, 'x')}}));
  CHECK(schema.validate({{"mail", std::string(500'000, 'a')}}));
  const JsonSchema behind_reference(
      R"({"definitions":{"m":{"pattern":"(x+)+y"}},"properties":{"a":{"$ref":"#/definitions/m"}}})"_json);
  CHECK(behind_reference.validate({{"a", std::string(500'000, 'x')}}));
}

TEST_CASE("formats are enforced, on strings alone", "[schema]") {
  const JsonSchema due = of_field(R"({"type":["string","null"],"format":"date"})");
  CHECK(takes(due, nullptr));
  CHECK(takes(of_field(R"({"format":"date"})"), 5));
  const auto is = [](const char* format, const char* text) { return takes(of_field(Json{{"format", format}}), text); };
  for (const char* const good : {"2024-02-29", "0000-01-01", "9999-12-31"}) CHECK(is("date", good));
  for (const char* const bad : {"2021-02-29", "1900-02-29", "98-01-01", "20210-01-01", "2021-13-01", "2021-1-1", "",
                                "2021-01-01 ", "٢٠٢١-01-01"})
    CHECK_FALSE(is("date", bad));
  for (const char* const good : {"23:59:60Z", "08:30:06.283185z", "01:29:60+01:30", "00:00:00-00:00"})
    CHECK(is("time", good));
  for (const char* const bad :
       {"24:00:00Z", "22:59:60Z", "08:30:06", "08:30Z", "8:30:06Z", "08:30:06.Z", "08:30:06+24:00"})
    CHECK_FALSE(is("time", bad));
  for (const char* const good :
       {"1998-12-31T23:59:60Z", "1990-12-31t15:59:60.1-08:00", "2015-07-01T08:59:60+09:00", "2024-02-29T00:00:00Z"})
    CHECK(is("date-time", good));
  for (const char* const bad : {"1998-12-30T23:59:60Z", "1998-12-31T23:58:60Z", "2021-02-29T00:00:00Z",
                                "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2015-06-30T08:59:60+09:00"})
    CHECK_FALSE(is("date-time", bad));
  for (const char* const good : {"P3DT12H", "P4Y", "PT0S", "P2W", "P1Y2M3DT4H5M6S", "PT36H"})
    CHECK(is("duration", good));
  for (const char* const bad : {"P", "PT", "P1", "P1DT", "PT1D", "P1Y2W", "P1W2D", "1D", "P1M1Y", "P1Y1D", "P-1D"})
    CHECK_FALSE(is("duration", bad));
  for (const char* const good : {"a@b", "te.s.t+x@example.com", "\"a b\\\"\"@x.org", "a@[127.0.0.1]", "a@[IPv6:::1]"})
    CHECK(is("email", good));
  for (const char* const bad : {"no mail address", "@b", "a@", ".a@b", "a.@b", "a..b@c", "a@b@c", "a@[127.0.0.300]",
                                "ä@b", "a@-b", "\"@b", "\"a\"b\"@c"})
    CHECK_FALSE(is("email", bad));
  CHECK(is("hostname", "xn--nxasmq6b.example"));
  for (const char* const bad : {"", "-a", "a-", "a..b", "a_b", ".a", "a b"}) CHECK_FALSE(is("hostname", bad));
  CHECK_FALSE(is("hostname", (std::string(64, 'a')).c_str()));
  CHECK(is("ipv4", "127.0.0.1"));
  for (const char* const bad : {"127.0.0.256", "127.0.0", "127.0.0.01", "127.0.0.0.1", "0x7f.0.0.1", "1.2.3.4 "})
    CHECK_FALSE(is("ipv4", bad));
  for (const char* const good : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:192.168.0.1", "1:2:3:4:5:6:7::"})
    CHECK(is("ipv6", good));
  for (const char* const bad :
       {":", "1:2:3:4:5:6:7", "1::2::3", "12345::", "::1%eth0", "1:2:3:4:5:6:7:8::", ":1:2", "::1:"})
    CHECK_FALSE(is("ipv6", bad));
  for (const char* const good : {"https://u:p@[::1]:80/a%20b?c=d#e", "urn:a:b", "mailto:a@b.c", "tel:+1-816"})
    CHECK(is("uri", good));
  for (const char* const bad :
       {"/a", "a b:c", "https://a b", "https://a/%zz", "http://[::1", "://x", "http://a:b/", "é:a", ""})
    CHECK_FALSE(is("uri", bad));
  for (const char* const good : {"", "../a", "#f", "?q", "//host/a", "a/b:c"}) CHECK(is("uri-reference", good));
  for (const char* const bad : {"\\a", "#a#b", "a b"}) CHECK_FALSE(is("uri-reference", bad));
  CHECK(is("uuid", "01A20B58-0000-7000-8000-00000000000f"));
  for (const char* const bad : {"01a20b58-0000-7000-8000-00000000000", "01a20b58-0000-7000-8000-00000000000g",
                                "01a20b580000-7000-8000-0000-00000000000"})
    CHECK_FALSE(is("uuid", bad));
  CHECK(is("regex", "^(?=a)(b)\\1$"));  // ECMAScript has it, though a pattern here may not
  CHECK_FALSE(is("regex", "^(abc]"));
  CHECK(is("json-pointer", "/a~0b/~1"));
  for (const char* const bad : {"a", "/~", "/~2"}) CHECK_FALSE(is("json-pointer", bad));
  for (const char* const other :
       {"dat", "markdown", "idn-email", "iri", "uri-template", "relative-json-pointer", "password", ""})
    CHECK_ERROR(invalid_definition, of_field(Json{{"format", other}}));
}

TEST_CASE("a reference leads to any place in the schema, which is checked there", "[schema]") {
  const JsonSchema schema(R"({"x-types":{"a/b%c~d":{"type":"integer"}},
    "properties":{"a":{"$ref":"#/x-types/a~1b%25c~0d"},"b":{"$ref":"#text","maxLength":3},"c":{"$ref":"http://x.org/inner"},
                  "d":{"$ref":"http://x.org/s#/$defs/i/$defs/n"}},
    "$id":"http://x.org/s","$defs":{"t":{"$anchor":"text","type":"string"},
      "i":{"$id":"inner","$ref":"#/$defs/n","$defs":{"n":{"type":"null"}}}}})"_json);
  CHECK_FALSE(schema.validate(R"({"a":1,"b":"abc","c":null,"d":null})"_json));
  CHECK(schema.validate(R"({"a":"1"})"_json)->place == std::vector<std::string>{"a"});
  CHECK(schema.validate(R"({"b":1})"_json));
  CHECK(schema.validate(R"({"b":"abcd"})"_json));
  CHECK(schema.validate(R"({"c":1})"_json));
  CHECK(schema.validate(R"({"d":1})"_json));
  for (const char* const text : {R"({"x-a":{"typ":"string"},"properties":{"v":{"$ref":"#/x-a"}}})",
                                 R"({"default":{"type":5},"properties":{"v":{"$ref":"#/default"}}})",
                                 R"({"x-a":5,"properties":{"v":{"$ref":"#/x-a"}}})",
                                 R"({"x-a":{"$ref":"#/x-a"},"properties":{"v":{"$ref":"#/x-a"}}})",
                                 R"({"definitions":{"a%25b":{"type":"string"},"a%b":{"$ref":"#/definitions/a%25b"}},
            "properties":{"v":{"$ref":"#/definitions/a%25b"}}})"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, JsonSchema(Json::parse(text)));
  }
}

TEST_CASE("draft 7 is read where the schema says so, and what 2020-12 dropped of it where it says nothing",
          "[schema]") {
  for (const char* const said : {R"("$schema":"http://json-schema.org/draft-07/schema#",)", ""}) {
    const JsonSchema schema(Json::parse(std::string("{") + said + R"("properties":{"v":{"items":[{"type":"string"}],
      "additionalItems":{"type":"integer"}}},"dependencies":{"a":["v"],"b":{"required":["c"]}}})"));
    CHECK_FALSE(schema.validate(R"({"v":["x",1],"a":1})"_json));
    CHECK(schema.validate(R"({"v":[1]})"_json));
    CHECK(schema.validate(R"({"v":["x","y"]})"_json));
    CHECK(schema.validate(R"({"a":1})"_json));
    CHECK(schema.validate(R"({"b":1})"_json));
  }
}

TEST_CASE("what no other keyword looked at is told", "[schema]") {
  const JsonSchema fields(
      R"({"allOf":[{"properties":{"a":{}}},{"$ref":"#/$defs/b"}],"anyOf":[{"properties":{"c":{"const":1}},
    "required":["c"]},true],"$defs":{"b":{"patternProperties":{"^b":{}}}},"unevaluatedProperties":false})"_json);
  CHECK_FALSE(fields.validate(R"({"a":1,"b1":1,"c":1})"_json));
  CHECK(fields.validate(R"({"a":1,"c":2})"_json)->place == std::vector<std::string>{"c"});
  const JsonSchema list =
      of_field(R"({"prefixItems":[true],"contains":{"type":"string"},"minContains":2,"maxContains":3,
    "unevaluatedItems":{"type":"null"}})");
  CHECK(takes(list, {1, "a", "b", nullptr}));
  CHECK_FALSE(takes(list, {1, "a", nullptr}));
  CHECK_FALSE(takes(list, {1, "a", "b", 2}));
  CHECK_FALSE(takes(list, {1, "a", "b", "c", "d"}));
}

TEST_CASE("recursion that goes into the data works", "[schema]") {
  const JsonSchema tree(
      R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},"required":["name"]})"_json);
  CHECK_FALSE(tree.validate(R"({"name":"a","children":[{"name":"b","children":[]}]})"_json));
  CHECK(tree.validate(R"({"name":"a","children":[{"children":[]}]})"_json)->place ==
        std::vector<std::string>{"children", "0"});
}

TEST_CASE("references are found however they are reached", "[schema]") {
  const JsonSchema schema(
      R"({"properties":{"a":{"references":"person"},"list":{"items":{"$ref":"#/$defs/task"}},"references":{"type":"string"},
    "o":{"allOf":[{"properties":{"b":{"$ref":"#/$defs/person"}}}]}},"$ref":"#/$defs/more",
    "$defs":{"task":{"references":"task"},"person":{"allOf":[{"references":"person"}]},"unused":{"references":"x"},
             "more":{"properties":{"c":{"references":"task"},"a":{"references":"person"}}}}})"_json);
  std::vector<std::string> found;
  for (const ReferenceField& field : schema.references()) {
    found.push_back(field.type + ":");
    for (const std::string& key : field.place) found.back() += " " + key;
  }
  CHECK(found == std::vector<std::string>{"person: a", "task: c", "task: list *", "person: o b"});
}

TEST_CASE("references of which it cannot be told where they count are refused", "[schema]") {
  for (const char* const text :
       {R"({"properties":{"a":{"anyOf":[{"references":"person"}]}}})",
        R"({"properties":{"a":{"oneOf":[{"$ref":"#/$defs/p"}]}},"$defs":{"p":{"references":"p"}}})",
        R"({"properties":{"a":{"not":{"references":"person"}}}})",
        R"({"if":{"required":["a"]},"then":{"properties":{"a":{"references":"person"}}}})",
        R"({"patternProperties":{"a":{"references":"person"}}})", R"({"additionalProperties":{"references":"person"}})",
        R"({"unevaluatedProperties":{"references":"person"}})", R"({"propertyNames":{"references":"person"}})",
        R"({"properties":{"a":{"contains":{"references":"person"}}}})",
        R"({"properties":{"a":{"prefixItems":[{"references":"person"}]}}})",
        R"({"properties":{"a":{"prefixItems":[{}],"items":{"references":"person"}}}})",
        R"({"dependentSchemas":{"a":{"properties":{"a":{"references":"person"}}}}})",
        R"({"$ref":"#/$defs/p","$defs":{"p":{"references":"person"}}})"}) {
    INFO(text);
    CHECK_ERROR(invalid_definition, JsonSchema(Json::parse(text)));
  }
}

TEST_CASE("references of a schema that contains itself are found as deep as data can be", "[schema]") {
  const JsonSchema chain(R"({"properties":{"to":{"references":"person"},"next":{"$ref":"#"}}})"_json);
  REQUIRE(chain.references().size() == 63);
  CHECK(chain.references().back().place.size() == 1);
  const JsonSchema harmless(R"({"properties":{"to":{"references":"person"},"tree":{"$ref":"#/$defs/tree"}},
    "$defs":{"tree":{"properties":{"left":{"$ref":"#/$defs/tree"},"right":{"$ref":"#/$defs/tree"}}}}})"_json);
  CHECK(harmless.references().size() == 1);
  CHECK(has(told(R"({"properties":{"to":{"references":"person"},"left":{"$ref":"#"},"right":{"$ref":"#"}}})"_json),
            "more than 1000 fields"));
}

TEST_CASE("each bound of a schema is named", "[schema][bounds]") {
  Json chain{{"$defs", {{"s0", {{"type", "string"}}}}}, {"properties", {{"v", {{"$ref", "#/$defs/s25000"}}}}}};
  for (int i = 1; i <= 25'000; ++i)
    chain["$defs"]["s" + std::to_string(i)]["$ref"] = "#/$defs/s" + std::to_string(i - 1);
  CHECK(has(told(chain), "more than 10000 schemas"));
  chain["properties"]["v"]["$ref"] = "#/$defs/s5000";
  for (int i = 5'001; i <= 25'000; ++i) chain["$defs"].erase("s" + std::to_string(i));
  CHECK(has(told(chain), "more than 200 schemas are applied to one value"));
  CHECK(has(told({{"pattern", std::string(20'000, '(') + std::string(20'000, ')')}}), "more than 4096 bytes"));
  CHECK(has(told({{"pattern", std::string(2'000, '(') + std::string(2'000, ')')}}), "more than 100 deep"));
  CHECK(has(told({{"pattern", "((\\p{L}{100}){100}){100}"}}), "too large"));
  Json patterns = Json::object(), large = Json::object();
  for (int i = 0; i < 101; ++i) patterns["^" + std::to_string(i)] = true;
  CHECK(has(told({{"patternProperties", patterns}}), "more than 100 different patterns"));
  for (int i = 0; i < 10; ++i) large[std::to_string(i) + "\\p{L}{1,20}"] = true;
  CHECK(has(told({{"patternProperties", large}}), "too large together"));
  Json deep = true;
  for (int i = 0; i < 70; ++i) deep = Json{{"not", deep}};
  CHECK(has(told(deep), "nested more than 64 deep"));
}

TEST_CASE("checking takes time linear in schema and data", "[schema][bounds][large]") {
  // Two `$ref`s a level: each schema is applied to each value once.
  Json schema{{"$ref", "#/$defs/s0"}, {"$defs", {{"s60", {{"type", "object"}}}}}};
  for (int i = 0; i < 60; ++i) {
    const std::string next = "#/$defs/s" + std::to_string(i + 1);
    schema["$defs"]["s" + std::to_string(i)]["allOf"] = {{{"$ref", next}}, {{"$ref", next}}};
  }
  CHECK(is_quick([&] { CHECK_FALSE(JsonSchema(schema).validate(Json::object())); }));
  Json level{{"properties", {{"n", {{"allOf", {{{"$ref", "#"}}, {{"$ref", "#"}}}}}}}}, {"maxProperties", 1}};
  Json data = Json::object();
  for (int i = 0; i < 60; ++i) data = Json{{"n", data}};
  CHECK(is_quick([&] { CHECK_FALSE(JsonSchema(level).validate(data)); }));

  Json many = Json::array(), nested = Json::array();
  for (int i = 0; i < 20'000; ++i) many.push_back(Json{{"k", i}});
  for (int i = 0; i < 60; ++i) nested = Json::array({nested, many.size(), std::string(1000, 'x')});
  CHECK(is_quick([&] { CHECK(takes(of_field(R"({"uniqueItems":true})"), many)); }));
  many.push_back(Json{{"k", 0.0}});
  CHECK(is_quick([&] { CHECK_FALSE(takes(of_field(R"({"uniqueItems":true})"), many)); }));
  CHECK(is_quick([&] { CHECK(takes(JsonSchema(R"({"items":{"$ref":"#"},"uniqueItems":true})"_json), nested)); }));

  CHECK(is_quick([&] { CHECK_FALSE(takes(of_field(R"({"pattern":"^(a+)+$"})"), std::string(500'000, 'a') + "b")); }));
  CHECK(is_quick([&] {
    CHECK_FALSE(takes(of_field(R"({"pattern":"^([a-z0-9_.-]+)+@example[.]com$"})"), std::string(500'000, 'a')));
  }));
}

TEST_CASE("what would take too long to check is refused, and says so", "[schema][bounds][large]") {
  std::string text;
  for (unsigned i = 1, state = 1; i < 500'000; ++i) {
    state = state * 1103515245 + 12345;
    text += (state >> 16 & 1) ? 'a' : 'b';
  }
  const JsonSchema slow = of_field(R"({"pattern":"(a|b)*a(a|b){900}(a|b){900}c"})");
  CHECK(is_quick([&] { CHECK(has(fault_of(slow, {{"v", text}}), "takes more than 10000000 steps")); }));
  CHECK(slow.validate({{"v", text}})->keyword.empty());
  Json checks = Json::array(), values = Json::array();
  for (int i = 0; i < 1000; ++i) checks.push_back(Json{{"not", {{"const", i}}}});
  for (int i = 0; i < 200'000; ++i) values.push_back(-1);
  const JsonSchema wide = of_field(Json{{"items", {{"allOf", checks}}}});
  CHECK(is_quick([&] { CHECK(has(fault_of(wide, {{"v", values}}), "takes more than 10000000 steps")); }));
}

TEST_CASE("no more than 250000 answers of a check are kept, and what is found again counts",
          "[schema][bounds][large]") {
  // `b` is two `$ref`s a level: quick while answers are kept, and 2^24 steps without.
  const Json twice = R"({"allOf":[{"$ref":"#/$defs/s0"},{"$ref":"#/$defs/s0"}]})"_json;
  Json schema{{"$defs", {{"s0", {{"type", "integer"}}}}},
              {"properties", {{"a", {{"items", twice}}}, {"b", {{"$ref", "#/$defs/s24"}}}}}};
  for (int i = 1; i <= 24; ++i) {
    const std::string next = "#/$defs/s" + std::to_string(i - 1);
    schema["$defs"]["s" + std::to_string(i)]["allOf"] = {{{"$ref", next}}, {{"$ref", next}}};
  }
  const JsonSchema checked(schema);
  const auto data = [](std::size_t values) { return Json{{"a", Json(values, 1)}, {"b", 1}}; };
  CHECK_FALSE(checked.validate(data(200'000)));
  CHECK(has(fault_of(checked, data(260'000)), "takes more than 10000000 steps"));
}

TEST_CASE("a thread with a small stack can read a schema and check data", "[schema][bounds]") {
  in_small_stack([] {
    Json deep{{"type", "object"}};
    for (int i = 0; i < 50; ++i) deep = Json{{"allOf", {deep}}};
    CHECK(has(told(deep), "nested more than 64 deep"));
    Json schema{{"$ref", "#/$defs/s0"}, {"$defs", {{"s90", {{"properties", {{"n", {{"$ref", "#"}}}}}}}}}};
    for (int i = 0; i < 90; ++i) schema["$defs"]["s" + std::to_string(i)]["$ref"] = "#/$defs/s" + std::to_string(i + 1);
    schema["$defs"]["s90"]["uniqueItems"] = true;
    Json data = 1;
    for (int i = 0; i < 60; ++i) data = Json{{"n", data}};
    CHECK_FALSE(JsonSchema(schema).validate(data));
    const JsonSchema pattern = of_field(R"({"pattern":"^([a-z]+,?)*$"})");
    CHECK(takes(pattern, std::string(1024, 'a')));
    CHECK(takes(pattern, std::string(500'000, 'a')));
    CHECK_ERROR(invalid_definition, of_field(Json{{"pattern", std::string(20'000, '(')}}));
    CHECK_FALSE(takes(of_field(Json{{"pattern", std::string(100, '(') + "a" + std::string(100, ')')}}), "b"));
  });
}
