// The memory of a compiled schema is counted, and bounded.
#include <catch2/catch.hpp>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <optional>
#include <string>

#include "core/json_schema.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Patterns whose automata have very many states, which the text of rows leads to.
Json patterns_of_many_states(int count) {
  Json out = Json::array();
  for (int i = 0; i < count; ++i) out.push_back({{"pattern", "[a-q][^u-z]{13}" + std::to_string(i) + "$"}});
  return {{"properties", {{"v", {{"anyOf", out}}}}}};
}

Json large_patterns(int count) {
  Json out = Json::object();
  for (int i = 0; i < count; ++i) out[std::to_string(i) + "a.{240}b"] = true;
  return {{"patternProperties", out}};
}

[[maybe_unused]] Json random_letters(std::size_t count) {
  std::string out;
  for (unsigned i = 0, state = 1; i < count; ++i) {
    state = state * 1103515245 + 12345;
    out += static_cast<char>('a' + (state >> 16) % 26);
  }
  return out;
}

template <class Element>
Json filled_list(std::size_t count, const Element& element) {
  Json out = Json::array();
  for (std::size_t i = 0; i < count; ++i) out.push_back(element(i));
  return out;
}

std::string refusal_of(const Json& schema) {
  return error_of([&] { (void)JsonSchema(schema); });
}

}  // namespace

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a compiled schema takes no more memory than is counted for it", "[schema][memory]") {
  const auto held = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const auto check = [&](const char* what, const Json& schema, const Json& data) {
    INFO(what);
    (void)JsonSchema(schema);  // what is made once for all schemas
    const std::size_t before = held();
    const JsonSchema compiled(schema);
    (void)compiled.validate(data);
    const std::size_t taken = held() - before;
    CHECK(taken <= compiled.memory());
  };
  check("many states", patterns_of_many_states(60), {{"v", random_letters(20'000)}});
  check("one large pattern", {{"properties", {{"v", {{"pattern", "^\\p{L}{100}0"}}}}}}, {{"v", random_letters(2'000)}});
  check("large patterns", large_patterns(15), {{random_letters(20'000).get<std::string>(), 1}});
  check("numbers", {{"enum", filled_list(100'000, [](std::size_t i) { return Json(i); })}}, Json::object());
  check("small lists", {{"enum", filled_list(50'000, [](std::size_t i) { return Json::array({i}); })}}, Json::object());
  check("small objects", {{"enum", filled_list(30'000, [](std::size_t i) { return Json{{"a", i}}; })}}, Json::object());
  check("texts", {{"enum", filled_list(30'000, [](std::size_t i) { return "a longer text " + std::to_string(i); })}},
        Json::object());
  check("required", {{"required", filled_list(100'000, [](std::size_t i) { return std::to_string(i); })}},
        Json::object());
  Json properties = Json::object();
  for (int i = 0; i < 9'000; ++i) properties[std::to_string(i)] = {{"type", "string"}, {"maxLength", i}};
  check("properties", {{"properties", properties}}, Json::object());
  const Json recursive{{"properties", {{"own", {{"$ref", "#"}}}, {"a", {{"type", "string"}, {"references", "x"}}}}}};
  check("references", recursive, Json::object());
}
#endif

TEST_CASE("a schema that would take too much memory is refused, with the place", "[schema][bounds]") {
  CHECK_NOTHROW(JsonSchema(patterns_of_many_states(100)));
  const std::string patterns = refusal_of(large_patterns(90));
  INFO(patterns);
  CHECK(patterns.find("invalid_definition: `schema/patternProperties`: ") == 0);
  CHECK(patterns.find("the compiled schema takes more than 32 MiB of memory") != std::string::npos);
  const Json lists{
      {"properties", {{"v", {{"enum", filled_list(300'000, [](std::size_t) { return Json::array(); })}}}}}};
  CHECK(refusal_of(lists).find(
            "invalid_definition: `schema/properties/v`: with this, the compiled schema takes more than") == 0);
}

TEST_CASE("long names above many schemas are counted as often as they are repeated", "[schema][bounds]") {
  Json inner = Json::object();
  for (int i = 0; i < 5'000; ++i) inner[std::to_string(i)] = true;
  const Json below{{"properties", {{std::string(500'000, 'k'), {{"properties", inner}}}}}};
  CHECK(refusal_of(below).find("the compiled schema takes more than 32 MiB of memory") != std::string::npos);
  const Json recursive{
      {"properties", {{std::string(500'000, 'k'), {{"$ref", "#"}}}, {"a", {{"type", "string"}, {"references", "x"}}}}}};
  CHECK(refusal_of(recursive).find("the paths to all fields with `references` are longer than 1 MiB together") !=
        std::string::npos);
}
