// The table of routes as a whole: headers, refusals, and the documents that are made from it.
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "server/reference.hpp"
#include "server/routes/all_routes.hpp"
#include "server/test_server.hpp"
#include "support/places.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string target_of(const server::Route& route) {
  std::string out;
  for (std::size_t i = 0; i < route.pattern.size(); ++i) {
    if (route.pattern[i] == '{') {
      out += "x";
      i = route.pattern.find('}', i);
    } else {
      out += route.pattern[i];
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every answer has the headers that protect a browser and nothing that tells of the server", "[server]") {
  ServedWorld world;
  const auto routes = server::all_routes();
  for (const server::Route& route : routes)
    for (const std::string& key : {std::string(), world.reader}) {
      if (route.answer_type == "text/event-stream" && !key.empty()) continue;
      const std::optional<Json> body = route.request.empty() ? std::nullopt : std::optional(Json::object());
      const HttpAnswer answer = world.ask(std::string(to_string(route.method)), target_of(route), key, body,
                                          route.request_type == "application/json"
                                              ? HttpClient::Headers{}
                                              : HttpClient::Headers{{"Content-Type", route.request_type}});
      INFO(to_string(route.method) << " " << route.pattern << " " << answer.status << " " << answer.body);
      CHECK(answer.status >= 200);
      CHECK(answer.status < 500);
      CHECK(answer.headers.at("x-content-type-options") == "nosniff");
      CHECK(answer.headers.at("referrer-policy") == "no-referrer");
      CHECK(answer.headers.at("cross-origin-resource-policy") == "same-origin");
      CHECK(answer.headers.at("cache-control") == "no-store");
      CHECK(answer.headers.at("content-security-policy").starts_with("default-src 'none'"));
      CHECK_FALSE(answer.headers.contains("server"));
      CHECK_FALSE(answer.headers.contains("access-control-allow-origin"));
      if (key.empty() && route.access == server::Access::session) CHECK(answer.status == 401);
    }
}

TEST_CASE("a HEAD is answered as a GET without its body", "[server]") {
  ServedWorld world;
  HttpClient client(world.server->port());
  const HttpAnswer head = client.ask("HEAD", "/healthz");
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "15");
  CHECK(client.ask("GET", "/healthz").body.size() == 15);
}

TEST_CASE("OpenAPI has each route, and schemas of entities for those alone who may read them", "[server]") {
  ServedWorld world;
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  const Json open = world.ask("GET", "/v1/openapi.json").json();
  CHECK(open.at("openapi") == "3.1.0");
  for (const server::Route& route : server::all_routes()) {
    std::string method(to_string(route.method));
    for (char& c : method) c = static_cast<char>(c + 32);
    INFO(method << " " << route.pattern);
    CHECK(open.at("paths").at(route.pattern).contains(method));
    for (const std::string& name : {route.request, route.answer})
      if (!name.empty()) CHECK(server::schemas().contains(name));
  }
  const auto headers_of = [&](const char* path, const char* method) {
    std::string out;
    for (const Json& parameter : open.at("paths").at(path).at(method).at("parameters"))
      if (parameter.at("in") == "header") out += (out.empty() ? "" : " ") + parameter.at("name").get<std::string>();
    return out;
  };
  CHECK(headers_of("/v1/entities/{type}/{id}", "get") == "Struere-View-As");
  CHECK(headers_of("/v1/entities/{type}/{id}", "patch") == "If-Match");
  CHECK(headers_of("/v1/entities/{type}/upsert", "post") == "Idempotency-Key");
  CHECK(headers_of("/v1/events/stream", "get") == "Struere-View-As Last-Event-ID");
  CHECK(open.at("paths")
            .at("/v1/entities/{type}/{id}")
            .at("get")
            .at("responses")
            .at("200")
            .at("headers")
            .contains("ETag"));
  const Json& upsert = open.at("paths").at("/v1/entities/{type}/upsert").at("post").at("responses");
  CHECK(upsert.at("201") == upsert.at("200"));

  const auto has_note = [](const Json& document) {
    return document.at("components").at("schemas").contains("data.note");
  };
  CHECK_FALSE(has_note(open));
  CHECK_FALSE(has_note(world.ask("GET", "/v1/openapi.json", world.writer).json()));
  CHECK(has_note(
      world.ask("GET", "/v1/openapi.json?environment=development", {}, {}, {{"Cookie", "user=boss; organization=acme"}})
          .json()));
}

// Write the tables again: STRUERE_WRITE_REFERENCE=1 struere_tests "docs/http.md*"
TEST_CASE("docs/http.md has the tables that are made from the routes", "[server]") {
  const std::string file = source_dir() + "/docs/http.md";
  std::ostringstream read;
  read << std::ifstream(file).rdbuf();
  std::string page = read.str();
  const std::string begin = "<!-- routes: made from the route table -->\n", end = "<!-- end of the routes -->";
  const std::size_t from = page.find(begin), to = page.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const std::string made = "\n" + server::reference_tables(server::all_routes());
  const std::string found = page.substr(from + begin.size(), to - from - begin.size());
  if (std::getenv("STRUERE_WRITE_REFERENCE"))
    std::ofstream(file) << page.replace(from + begin.size(), to - from - begin.size(), made);
  else
    CHECK(found == made);
}
