// U+0000 in a query over HTTP says what it says in the library (SPEC 6).
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "server/test_server.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("U+0000 in a query is invalid_query over HTTP as in the library", "[server][query]") {
  const ServedWorld world;
  const std::string zero(1, '\0');
  const EntityRepository notes = world.system().entities("note");
  CHECK_ERROR(invalid_query, notes.list({.where = field("data.text") == zero}));
  CHECK_ERROR(invalid_query, notes.list({.status = zero}));
  CHECK_ERROR(invalid_query, notes.list({.search = "a" + zero}));
  CHECK_ERROR(invalid_query, notes.list({.order = {{"data." + zero}}}));
  CHECK_ERROR(invalid_query, notes.list({.fields = {{"data." + zero}}}));
  CHECK_ERROR(invalid_query, notes.aggregate({}, {"data." + zero}, {{}}));
  const auto answers = [&](const std::string& target, const std::string& body) {
    INFO(target << " " << body);
    const HttpAnswer answer = HttpClient(world.server->port()).ask("POST", target, ServedWorld::as(world.writer), body);
    INFO(answer.body);
    CHECK(answer.status == 422);
    CHECK(Json::parse(answer.body).at("code") == "invalid_query");
  };
  for (const char* const query : {R"("where":[{"field":"data.text","operator":"eq","value":"\u0000"}])",
                                  R"("where":[{"field":"data.\u0000","operator":"eq","value":1}])",
                                  R"("where":{"\u0000":1})", R"("status":"\u0000")", R"("search":"a\u0000")"}) {
    answers("/v1/entities/note/query", "{" + std::string(query) + "}");
    answers("/v1/entities/note/count", "{" + std::string(query) + "}");
    answers("/v1/entities/note/aggregate", R"({"measures":[{"op":"count"}],)" + std::string(query) + "}");
  }
  answers("/v1/entities/note/query", R"({"order":[{"field":"data.\u0000"}]})");
  answers("/v1/entities/note/query", R"({"order":[{"\u0000":1}]})");
  answers("/v1/entities/note/query", R"({"fields":["data.\u0000"]})");
  answers("/v1/entities/note/query", R"({"expand":["data.\u0000"]})");
  answers("/v1/entities/note/aggregate", R"({"measures":[{"op":"count"}],"groupBy":["data.\u0000"]})");
  answers("/v1/entities/note/aggregate", R"({"measures":[{"op":"sum","field":"data.\u0000"}]})");
}

TEST_CASE("a cursor with U+0000 is of no query, and an id with it of nothing", "[server][query]") {
  ServedWorld world;
  const std::string zero(1, '\0');
  const EntityId id = world.create("note", {{"text", "a"}});
  const EntityRepository notes = world.system().entities("note");
  CHECK(notes.get_many({EntityId(zero), id}).size() == 1);
  CHECK_ERROR(invalid_cursor, notes.list({.after = zero}));
  const auto ask = [&](const std::string& target, const std::string& body) {
    return HttpClient(world.server->port()).ask("POST", target, ServedWorld::as(world.writer), body);
  };
  const HttpAnswer found = ask("/v1/entities/note/get-many", R"({"ids":["\u0000",")" + id.str() + R"("]})");
  INFO(found.body);
  CHECK(found.status == 200);
  CHECK(Json::parse(found.body).at("items").size() == 1);
  CHECK(ask("/v1/entities/note/get-many", R"({"ids":["\u0000",5]})").status == 400);
  const HttpAnswer cursor = ask("/v1/entities/note/query", R"({"cursor":"\u0000"})");
  INFO(cursor.body);
  CHECK(cursor.status == 422);
}
