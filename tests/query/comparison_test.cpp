// SPEC 4, the table of operators, row by row.
#include <catch2/catch.hpp>

#include "property/random_json.hpp"
#include "struere/query/comparison.hpp"

using namespace struere;
using namespace struere::test;

namespace {

bool holds(const Json& field, const char* op, const Json& value) { return compare(&field, *parse_operator(op), value); }
bool absent_holds(const char* op, const Json& value) { return compare(nullptr, *parse_operator(op), value); }

}  // namespace

TEST_CASE("an operator is one of ten words", "[operators]") {
  for (const char* const word : {"", "EQ", "equals", "==", "startsWith", "eq ", "not"})
    CHECK_FALSE(parse_operator(word));
  for (const char* const word : {"eq", "neq", "in", "nin", "contains", "gt", "gte", "lt", "lte", "exists"})
    CHECK(to_string(*parse_operator(word)) == word);
}

TEST_CASE("equality: same type, numbers exactly, the rest deeply", "[operators]") {
  CHECK(holds(1, "eq", 1.0));
  CHECK_FALSE(holds(1, "eq", true));
  CHECK_FALSE(holds(1, "eq", "1"));
  CHECK_FALSE(holds(nullptr, "eq", false));
  CHECK(holds(nullptr, "eq", nullptr));
  CHECK_FALSE(holds(9007199254740993, "eq", 9007199254740992.0));
  CHECK(holds(9007199254740992, "eq", 9007199254740992.0));
  CHECK_FALSE(holds(INT64_MAX, "eq", 9223372036854775808.0));
  CHECK(holds(INT64_MIN, "eq", -9223372036854775808.0));
  CHECK(holds({{"a", 1}, {"b", {1, 2.0}}}, "eq", {{"b", {1.0, 2}}, {"a", 1.0}}));
  CHECK_FALSE(holds({1, 2}, "eq", {2, 1}));
  CHECK_FALSE(holds("é", "eq", "e\xcc\x81"));  // by code points, not by looks
}

TEST_CASE("with an absent field everything but exists:false is false", "[operators]") {
  for (const char* const op : {"eq", "neq", "contains", "gt", "gte", "lt", "lte"}) CHECK_FALSE(absent_holds(op, 1));
  CHECK_FALSE(absent_holds("in", {1}));
  CHECK_FALSE(absent_holds("nin", {1}));
  CHECK_FALSE(absent_holds("exists", true));
  CHECK(absent_holds("exists", false));
  CHECK(holds(nullptr, "exists", true));  // null is a value
  CHECK(holds(nullptr, "neq", "a"));
  CHECK(holds(nullptr, "nin", {"a"}));
}

TEST_CASE("lists", "[operators]") {
  CHECK(holds(1, "in", {"x", 1.0}));
  CHECK_FALSE(holds(1, "in", {"1", true}));
  CHECK_FALSE(holds("a", "in", "abc"));   // no list
  CHECK_FALSE(holds("a", "nin", "xyz"));  // no list either
  CHECK(holds("a", "nin", Json::array()));
  CHECK(holds("banana", "contains", "nan"));
  CHECK(holds("banana", "contains", ""));
  CHECK_FALSE(holds("banana", "contains", "NAN"));
  // Parts that are long, and begin again within themselves.
  const std::string part = "abaababaabaababaababa", almost = "abaababaabaababaabab";
  CHECK(holds(almost + part, "contains", part));
  CHECK(holds(almost + almost + part + "b", "contains", part));
  CHECK_FALSE(holds(almost + "b" + almost, "contains", part));
  CHECK_FALSE(holds(almost, "contains", part));
  CHECK(holds(part, "contains", part));
  CHECK(holds({"ban", {1}}, "contains", Json::array({1.0})));
  CHECK_FALSE(holds({"banana"}, "contains", "nan"));
  CHECK_FALSE(holds({{"a", 1}}, "contains", "a"));
  CHECK_FALSE(holds(12, "contains", 1));
}

TEST_CASE("order: two numbers or two strings", "[operators]") {
  CHECK(holds(9007199254740993, "gt", 9007199254740992.0));
  CHECK(holds(INT64_MAX, "lt", 9223372036854775808.0));
  CHECK(holds(0.1, "lte", 0.1));
  CHECK(holds(-1, "lt", -0.5));
  CHECK(holds("😀", "gt", "\xef\xbf\xbf"));  // by code points: U+1F600 past U+FFFF, unlike UTF-16
  CHECK_FALSE(holds("2", "gt", 1));
  CHECK_FALSE(holds(true, "gte", true));
  CHECK_FALSE(holds(nullptr, "lte", nullptr));
  CHECK_FALSE(holds({1}, "gte", {1}));
}

TEST_CASE("sort keys order as SPEC 6 says", "[operators][property]") {
  const std::vector<Json> ascending{nullptr,
                                    false,
                                    true,
                                    -9223372036854775808.0 * 2,
                                    INT64_MIN,
                                    -1,
                                    -0.5,
                                    0,
                                    5e-324,
                                    0.1,
                                    1,
                                    9007199254740991,
                                    9007199254740992,
                                    9007199254740993,
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    9223372036854775808.0,
                                    1e300,
                                    "",
                                    "\x01",
                                    "A",
                                    "a",
                                    "aa",
                                    "b",
                                    "é",
                                    "\xef\xbf\xbf",
                                    "😀"};
  CHECK(sort_key(nullptr) < sort_key(&ascending.front()));
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    INFO(ascending[i] << " " << ascending[i + 1]);
    CHECK(sort_key(&ascending[i]) < sort_key(&ascending[i + 1]));
  }
  const Json array = Json::array({1}), object = Json::object(), text = "zzz";
  CHECK(sort_key(&array) == sort_key(&object));  // these tie
  CHECK(sort_key(&text) < sort_key(&array));
  for (const std::int64_t n : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0},
                               std::int64_t{9007199254740993}, INT64_MAX - 600, INT64_MAX}) {
    const Json value = n;
    CHECK(integer_of_sort_key(sort_key(&value)) == n);
  }
  Random random(3);
  for (int round = 0; round < 4000; ++round) {
    const Json a = random.scalar(), b = random.scalar();
    if (equal_json(a, b)) CHECK(sort_key(&a) == sort_key(&b));
    if (compare(&a, Operator::lt, b)) CHECK(sort_key(&a) < sort_key(&b));
  }
}
