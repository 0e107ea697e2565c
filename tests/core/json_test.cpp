// What JSON is accepted (SPEC 6), and the one text of each value.
#include <catch2/catch.hpp>

#include <limits>

#include "property/random_json.hpp"
#include "struere/core/json.hpp"
#include "struere/query/comparison.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string canonical_of(const std::string& text) {
  JsonFault fault;
  const auto value = parse_json(text, fault);
  return value ? canonical_json(*value) : "refused: " + fault.message;
}

bool is_refused(const std::string& text) {
  JsonFault fault;
  return !parse_json(text, fault) && !fault.message.empty();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("text that is not acceptable JSON is refused", "[json]") {
  for (const std::string& text : {std::string(),
                                  std::string("{"),
                                  std::string("{} x"),
                                  std::string("nul"),
                                  std::string("'a'"),
                                  std::string("{\"a\":1,}"),
                                  std::string("{\"a\":1,\"a\":1}"),
                                  std::string("{\"a\":{\"b\":1,\"b\":2}}"),
                                  std::string("{\"\\u0061\":1,\"a\":2}"),
                                  std::string("\"\\u0000\""),
                                  std::string("{\"a\\u0000\":1}"),
                                  std::string("\"\\ud800\""),
                                  std::string("\"\xff\""),
                                  std::string("\"\xc0\x80\""),
                                  std::string("\"\xed\xa0\x80\""),
                                  std::string("\"\xf4\x90\x80\x80\""),
                                  std::string("1e400"),
                                  std::string("-1e400"),
                                  std::string("NaN"),
                                  std::string("[1,]"),
                                  std::string("\"a\0b\"", 5)})
    CHECK(is_refused(text));
}

TEST_CASE("depth and size have their bounds", "[json]") {
  CHECK_FALSE(is_refused(nested(64)));
  CHECK(is_refused(nested(65)));
  CHECK(is_refused(nested(100'000)));
  const auto text_of = [](std::size_t size) { return "\"" + std::string(size - 2, 'x') + "\""; };
  CHECK_FALSE(is_refused(text_of(1024 * 1024)));
  CHECK(is_refused(text_of(1024 * 1024 + 1)));
  JsonFault fault;
  Json deep = 1;
  for (int i = 0; i < 65; ++i) deep = Json::array({deep});
  CHECK_FALSE(canonical_json(deep, fault));
  CHECK_FALSE(canonical_json(Json(std::numeric_limits<double>::quiet_NaN()), fault));
  CHECK_FALSE(canonical_json(Json(std::numeric_limits<double>::infinity()), fault));
  CHECK_FALSE(canonical_json(Json("\xff"), fault));
  CHECK_FALSE(canonical_json(Json::binary({1, 2}), fault));
}

TEST_CASE("equal values have one text", "[json]") {
  CHECK(canonical_of(" { \"b\" : 1.0 , \"a\" : [ 1e2 , -0.0 , -0 ] } ") == R"({"a":[100,0,0],"b":1})");
  CHECK(canonical_of("9223372036854775807") == "9223372036854775807");
  CHECK(canonical_of("-9223372036854775808") == "-9223372036854775808");
  CHECK(canonical_of("9007199254740993") == "9007199254740993");
  CHECK(canonical_of("9007199254740993.0") == "9007199254740992");
  CHECK(canonical_of("9223372036854775808") == canonical_of("9223372036854775808.0"));
  CHECK(canonical_of("18446744073709551615") == "1.8446744073709552e+19");
  CHECK(canonical_of("0.1") == "0.1");
  CHECK(canonical_of("\"\\u00e9\\u0041\\/\\u001f\\n\"") == "\"éA/\\u001f\\n\"");
}

TEST_CASE("the canonical text is read back as itself, and texts are equal iff values are", "[json][property]") {
  Random random(7);
  for (int round = 0; round < 5000; ++round) {
    const Json a = random.value(3), b = random.chance(30) ? a : random.value(2);
    const std::string text = canonical_json(a);
    CHECK(canonical_json(parse_canonical_json(text)) == text);
    CHECK((canonical_json(a) == canonical_json(b)) == equal_json(a, b));
  }
}
