// SPEC 6: which questions are questions, and what their limits are.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct QueryStage : World {
  explicit QueryStage(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}, {"searchFields", {"title", "gone", "list"}}});
    for (int i = 0; i < 3; ++i) create("note", {{"n", i}, {"title", "Note " + std::to_string(i)}, {"list", {"x", 1}}});
  }
  EntityRepository notes() const { return system().entities("note"); }
  std::string order_of(const Query& query) const {
    std::string out;
    for (const Entity& note : notes().list(query)) out += note.to_json().at("data").at("n").dump();
    return out;
  }
};

std::vector<OrderBy> keys(int count) {
  std::vector<OrderBy> out;
  for (int i = 0; i < count; ++i) out.push_back({"data.k" + std::to_string(i)});
  return out;
}

}  // namespace

TEST_CASE("limits and orders have bounds", "[queries]") {
  const QueryStage stage(any_storage());
  for (const int limit : {1, 1000}) CHECK(stage.notes().list({.limit = limit}).size() == (limit == 1 ? 1U : 3U));
  for (const int limit : {0, -1, 1001}) CHECK_ERROR(invalid_query, stage.notes().list({.limit = limit}));
  CHECK(stage.notes().list({.order = keys(16)}).size() == 3);
  CHECK_ERROR(invalid_query, stage.notes().list({.order = keys(17)}));
  auto repeated = keys(16);
  for (int i = 0; i < 5; ++i) repeated.push_back({"data.k3", Direction::descending});
  CHECK(stage.notes().list({.order = repeated}).size() == 3);  // what is compared already counts once
  auto after_id = keys(3);
  after_id.push_back({"id"});
  for (const OrderBy& key : keys(20)) after_id.push_back({key.field + "x"});
  CHECK(stage.notes().list({.order = after_id}).size() == 3);  // and nothing ties after the id
  CHECK_ERROR(invalid_query, stage.notes().list({.order = {{"title"}}}));
  CHECK_ERROR(invalid_query, stage.notes().list({.order = {{"data"}}}));
}

TEST_CASE("ties go by the direction of the last key", "[queries]") {
  const QueryStage stage(any_storage());
  CHECK(stage.order_of({}) == "210");
  CHECK(stage.order_of({.order = {{"data.same"}}}) == "012");
  CHECK(stage.order_of({.order = {{"data.same", Direction::descending}}}) == "210");
  CHECK(stage.order_of({.order = {{"data.n", Direction::descending}, {"data.same"}}}) == "210");
  CHECK(stage.order_of({.order = {{"createdAt"}}}) == "012");
  CHECK(stage.order_of({.order = {{"id", Direction::descending}}}) == "210");
  CHECK(stage.order_of({.order = {{"data.same"}, {"id", Direction::descending}}}) == "210");
  CHECK(stage.order_of({.order = {{"data.same"}, {"createdAt", Direction::descending}}}) == "210");
}

TEST_CASE("a question that is none is refused", "[queries]") {
  const QueryStage stage(any_storage());
  const auto where = [](const char* text) { return Query{.where = Json::parse(text)}; };
  for (const char* const text :
       {R"("data.n")", R"(5)", R"([5])", R"([[]])", R"([{}])", R"([{"relationPath": "a"}])",
        R"([{"field": "data.n", "operator": "eq"}])", R"([{"field": 5, "operator": "eq", "value": 1}])",
        R"([{"field": "data.n", "operator": 5, "value": 1}])",
        R"([{"field": "data.n", "operator": "eq", "value": 1, "entityType": "note"}])",
        R"([{"any": [{"field": "data.n", "operator": "eq", "value": 1}], "field": "id"}])", R"([{"any": {}}])"}) {
    INFO(text);
    CHECK_ERROR(invalid_query, stage.notes().list(where(text)));
    CHECK_ERROR(invalid_query, stage.notes().count(where(text)));
  }
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff")}) {
    CHECK_ERROR(invalid_query, stage.notes().list({.status = text}));
    CHECK_ERROR(invalid_query, stage.notes().list({.search = text}));
    CHECK_ERROR(invalid_query, stage.notes().list({.where = field("data.n") == text}));
    CHECK_ERROR(invalid_query, stage.notes().list({.where = Condition(Json{{text, 1}})}));
  }
  CHECK(stage.notes().count(where(R"([])")) == 3);
  // In a question these are plain texts.
  CHECK(stage.notes().count({.where = field("data.title") != "actor.nothing"}) == 3);
  CHECK(stage.notes().count({.where = field("data.title") != "literal:Note 1"}) == 3);
}

TEST_CASE("conditions written in C++ are those that JSON says", "[queries]") {
  const QueryStage stage(any_storage());
  const auto count = [&](const Condition& where) { return stage.notes().count({.where = where}); };
  const auto n = field("data.n");
  CHECK(count(n > 0) == 2);
  CHECK(count(n >= 0 && n < 2) == 2);
  CHECK(count((n == 0 && n == 1) || n <= 0) == 1);
  CHECK(count(n == 0 || (n == 1 && n != 1) || n.in({2, 3})) == 2);
  CHECK(count(n.not_in({0}) && n.exists()) == 2);
  CHECK(count(n.exists(false)) == 0);
  CHECK(count(field("data.title").contains("te 1") && Condition()) == 1);
  CHECK_ERROR(invalid_query, count(n == 1 && Condition(Json(5))));
  CHECK_ERROR(invalid_query, count(Condition(Json(5)) && n == 1));
  CHECK_ERROR(invalid_query, count(n == 1 || Condition(Json(5))));
  // An empty side adds nothing, and widens nothing.
  CHECK(count(Condition() || n == 1) == 1);
  CHECK(count(n == 1 || Condition()) == 1);
  CHECK(count((Condition() && Condition()) || n == 1) == 1);
  CHECK(count(Condition() || Condition()) == 3);
  CHECK_ERROR(invalid_query, count(Condition() || Condition(Json(5))));
  Condition any;
  for (const int i : {0, 2}) any = any || n == i;
  CHECK(count(any) == 2);
}

TEST_CASE("words are runs of letters, marks and numbers, and start with what is sought", "[queries][search]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}, {"searchFields", {"title", "gone", "list", "number"}}});
  world.create("note", {{"title", "azAZ09@[`{/: Ünder x"}, {"list", {"Second", 5, {"third"}}}, {"number", 77}});
  const auto found = [&](const char* text) { return world.system().entities("note").count({.search = text}) == 1; };
  for (const char* const text :
       {"azaz09", "AZ", "az x", "\tx\r\n", "Ünd", "ünd", "UND", "SECOND", "sec azaz", "azaz09@[", "x/UND", "/az:"}) {
    INFO(text);
    CHECK(found(text));
  }
  // A text without words matches nothing; signs just past the letters and digits are in no word.
  for (const char* const text :
       {"z09", "@", "[", "`", "{", "/", ":", "09@", "third", "5", "77", "az y", "azaz09x", "  ", ""}) {
    INFO(text);
    CHECK_FALSE(found(text));
  }
}
