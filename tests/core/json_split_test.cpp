// Texts are split where their members and elements are, whatever stands in their values.
#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "core/json_split.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::vector<std::pair<std::string, std::string>> members_of(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> out;
  visit_members(object, [&](const std::string& name, std::string_view value) { out.emplace_back(name, value); });
  return out;
}

}  // namespace

TEST_CASE("an object is split into its members", "[json]") {
  using Members = std::vector<std::pair<std::string, std::string>>;
  CHECK(members_of(R"( {"a" : {"b":[1,"}]\""]} , "\u0024c":2 } )") ==
        Members{{"a", R"({"b":[1,"}]\""]})"}, {"$c", "2"}});
  CHECK(members_of("{}").empty());
  CHECK(members_of(R"({"a":1,"a":2})") == Members{{"a", "1"}, {"a", "2"}});
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  CHECK(members_of(R"({"a":)" + deep + "}") == Members{{"a", deep}});
  const auto ignore = [](const std::string&, std::string_view) {};
  for (const char* const other : {"", "[]", "1", "\"a\""}) CHECK_FALSE(visit_members(other, ignore));
  for (const char* const bad :
       {"{", "{\"a\"", "{\"a\":1", "{\"a\":1,}", "{\"a\":1}}", "{\"a\":1]", "{a:1}", "{1:1}", "{\"a\":\"b}"}) {
    INFO(bad);
    CHECK_ERROR(invalid_data, visit_members(bad, ignore));
  }
  const std::string name = R"({"a":1,"b)" + std::string("\xff") + R"(":2})";
  CHECK_ERROR(invalid_data, visit_members(name, ignore));
}

TEST_CASE("an array is split into its elements", "[json]") {
  std::vector<std::string> elements;
  const auto add = [&](std::string_view element) { elements.emplace_back(element); };
  CHECK(visit_elements(R"([1, {"a":[2,3]} ,"],"])", add));
  CHECK(elements == std::vector<std::string>{"1", R"({"a":[2,3]})", R"("],")"});
  CHECK_FALSE(visit_elements("{}", add));
  CHECK_ERROR(invalid_data, visit_elements("[1", add));
}

TEST_CASE("the byte of a fault is counted from the beginning of the text", "[json]") {
  CHECK(count_byte_from("not JSON at byte 3", 10, " of the line") == "not JSON at byte 13 of the line");
  CHECK(count_byte_from("`a` is not acceptable JSON: not JSON at byte 3", 1, "") ==
        "`a` is not acceptable JSON: not JSON at byte 4");
  CHECK(count_byte_from("a number is not finite", 10, " of the line") == "a number is not finite");
}

TEST_CASE("a line is blank, or begins with marks", "[json]") {
  CHECK(is_blank_line(""));
  CHECK(is_blank_line(" \t\r\n"));
  CHECK_FALSE(is_blank_line(" {"));
  CHECK(without_byte_order_mark("\xef\xbb\xbf\xef\xbb\xbf{}") == "{}");
  CHECK(without_byte_order_mark("\xef\xbb") == "\xef\xbb");
}
