// The problems that come from the database, from the time that something takes, and from the host itself.
#include <catch2/catch.hpp>

#include <filesystem>
#include <mutex>
#include <stdexcept>

#include "server/test_server.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string code_of(const HttpAnswer& answer) { return std::to_string(answer.status) + " " + answer.code(); }

const Json numbered_note{{"data", {{"number", 1}}}};

// The lines of an access log. Outlives the server.
struct Lines {
  std::mutex mutex;
  std::vector<Json> lines;

  server::ServerOptions logging(server::ServerOptions options = {}) {
    options.access_log = [this](std::string_view line, unsigned) {
      const std::lock_guard lock(mutex);
      lines.push_back(Json::parse(line));
    };
    return options;
  }
};

}  // namespace

TEST_CASE("a reference to nothing and a definition that cannot be are problems of their own code", "[server]") {
  ServedWorld world;
  world.define_type(
      {{"slug", "reply"}, {"schema", {{"properties", {{"noteId", {{"type", "string"}, {"references", "note"}}}}}}}});
  const HttpAnswer dangling = world.ask("POST", "/v1/entities/reply", world.writer, Json{{"data", {{"noteId", "x"}}}});
  CHECK(code_of(dangling) == "422 invalid_reference");
  CHECK(dangling.json().at("path") == "data.noteId");
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  const HttpClient::Headers boss{{"Cookie", "user=boss; organization=acme"}, {"Sec-Fetch-Site", "same-origin"}};
  const std::string type = "/v1/types/visit?environment=development";
  const HttpAnswer wrong =
      world.ask("PUT", type, {}, Json{{"name", "Visit"}, {"schema", {{"type", "nonsense"}}}}, boss);
  CHECK(code_of(wrong) == "422 invalid_definition");
  CHECK(world.ask("GET", type, {}, {}, boss).status == 404);
  // Sets of definitions that are none: what is left out by mistake is not removed.
  for (const char* const body : {R"({"definitions":{}})", R"({"definitions":[]})", R"({"definitions":{"role":[1]}})"})
    CHECK(code_of(world.ask("POST", "/v1/definitions/plan?environment=development", {}, Json::parse(body), boss)) ==
          "400 malformed_request");
}

TEST_CASE("a problem names what clients know, and not the functions of the library", "[server]") {
  ServedWorld world;
  const auto detail = [](const HttpAnswer& answer) { return answer.json().at("detail").get<std::string>(); };
  const Json execution{{"model", "m"}, {"inputTokens", -1}};
  const HttpAnswer tokens = world.ask("POST", "/v1/executions", world.writer, execution);
  CHECK(tokens.status == 422);
  CHECK(detail(tokens).find("`inputTokens` is") == 0);
  const HttpAnswer opened = world.ask("POST", "/v1/threads/open", world.writer, Json{{"title", "t"}});
  CHECK(detail(opened).find("`externalId`") != std::string::npos);
  const HttpAnswer key =
      world.ask("POST", "/v1/keys", world.writer, Json{{"name", "k"}, {"roles", {"reader"}}, {"expiresAt", 1}});
  CHECK(key.body.find("expires_at") == std::string::npos);
}

TEST_CASE("a fault of JSON is counted from the beginning of the body", "[server]") {
  ServedWorld world;
  const auto detail = [&](const std::string& method, const std::string& target, const std::string& body) {
    return HttpClient(world.server->port())
        .ask(method, target, {{"Authorization", "Bearer " + world.writer}}, body)
        .json()
        .at("detail")
        .get<std::string>();
  };
  const std::string id = world.create("note", {{"text", "a"}}).str();
  for (const auto& [method, target] : std::vector<std::pair<std::string, std::string>>{
           {"POST", "/v1/entities/note"}, {"PATCH", "/v1/entities/note/" + id}}) {
    const std::string told = detail(method, target, R"({"data": {"text": nul}})");
    INFO(told);
    CHECK(told.ends_with("not JSON at byte 22 of the body"));
  }
  CHECK(detail("POST", "/v1/entities/note/query", R"({"limit": nul})").ends_with("not JSON at byte 14 of the body"));
}

TEST_CASE("a body in another character set is refused", "[server]") {
  ServedWorld world;
  const auto status = [&](const std::string& type) {
    return HttpClient(world.server->port())
        .ask("POST", "/v1/entities/note", {{"Authorization", "Bearer " + world.writer}, {"Content-Type", type}},
             R"({"data": {}})")
        .status;
  };
  for (const char* const type : {"application/json; charset=utf-16", "application/json;charset=\"ISO-8859-1\"",
                                 "application/json; a=b; Charset=UTF-16"})
    CHECK(status(type) == 415);
  for (const char* const type : {"application/json; charset=utf-8", "application/json; charset=\"UTF-8\"",
                                 "application/json; a=b", "Application/JSON", "APPLICATION/json\t; charset=utf-8"})
    CHECK(status(type) == 201);
}

TEST_CASE("a database that is busy is told apart from one that is gone, and neither answer names the file",
          "[server]") {
  Lines log;
  DatabaseOptions hasty;
  hasty.sqlite.busy_timeout = std::chrono::milliseconds(20);
  ServedWorld world(log.logging(), StorageKind::sqlite, hasty);
  {
    const auto other = world.begin_write();
    const HttpAnswer busy = world.ask("POST", "/v1/entities/note", world.writer, numbered_note);
    CHECK(code_of(busy) == "503 storage");
    CHECK(busy.json().at("transient") == true);
    CHECK(busy.headers.at("retry-after") == "1");
    CHECK(busy.body.find(world.place()) == std::string::npos);
    CHECK(world.ask("GET", "/v1/me", world.writer).status == 200);  // readers do not wait
  }
  CHECK(world.ask("POST", "/v1/entities/note", world.writer, numbered_note).status == 201);
  std::filesystem::remove(world.place());
  for (const HttpAnswer& gone :
       {world.ask("POST", "/v1/entities/note", world.writer, numbered_note), world.ask("GET", "/readyz")}) {
    CHECK(code_of(gone) == "500 storage");
    CHECK_FALSE(gone.json().contains("transient"));
    CHECK(gone.body.find(world.place()) == std::string::npos);
  }
  CHECK(world.ask("GET", "/healthz").status == 200);
  world.server->stop();
  CHECK(log.lines.at(log.lines.size() - 2).at("error").get<std::string>().find(world.place()) != std::string::npos);
}

TEST_CASE("a question that takes longer than it may is given up", "[server]") {
  server::ServerOptions options;
  options.limits.query_time = std::chrono::milliseconds(0);
  ServedWorld world(options);
  world.create("note", {{"number", 1}});
  const HttpAnswer late = world.ask("POST", "/v1/entities/note/query", world.writer, Json::object());
  CHECK(code_of(late) == "503 storage");
  CHECK(late.json().at("transient") == true);
}

TEST_CASE("what fails inside is an answer without words of the failure, and the log has them", "[server]") {
  Lines log;
  server::ServerOptions options = log.logging();
  options.sign_in = [](const server::SignInRequest&) -> std::optional<server::SignedIn> {
    throw std::runtime_error("no route to sso.internal.example");
  };
  ServedWorld world(options);
  HttpClient client(world.server->port());
  const HttpAnswer failed = client.ask("GET", "/v1/me?environment=development");
  CHECK(code_of(failed) == "500 internal");
  CHECK(failed.body.find("sso.internal.example") == std::string::npos);
  CHECK(client.ask("GET", "/v1/me", ServedWorld::as(world.writer)).status == 200);  // on the same connection
  world.server->stop();
  CHECK(log.lines.at(0).at("error") == "no route to sso.internal.example");
}

TEST_CASE("a client that is too slow is in the log as a timeout", "[server]") {
  Lines log;
  server::ServerOptions options = log.logging();
  options.limits.header_time = options.limits.body_time = std::chrono::milliseconds(100);
  ServedWorld world(options);
  constexpr std::chrono::seconds patience(30);
  HttpClient headers(world.server->port()), body(world.server->port());
  headers.send("GET /healthz HT");
  CHECK(headers.is_closed_by_server(patience));
  body.send(
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "20\r\nAuthorization: Bearer " +
      world.writer + "\r\n\r\n{");
  CHECK(body.is_closed_by_server(patience));
  world.server->stop();
  REQUIRE(log.lines.size() == 2);
  for (const Json& line : log.lines) {
    CHECK(line.at("code") == "timeout");
    CHECK(line.at("status") == 408);
  }
}

TEST_CASE("a client that reads too slowly is disconnected, and delays nobody", "[server][large]") {
  server::ServerOptions options;
  options.limits.write_time = std::chrono::seconds(2);
  ServedWorld world(options);
  std::vector<Json> rows(200, Json{{"team", std::string(100'000, 'x')}});
  world.system().entities("note").create_all(rows);
  std::vector<std::unique_ptr<HttpClient>> lazy;
  for (int i = 0; i < 10; ++i) {
    lazy.push_back(std::make_unique<HttpClient>(world.server->port()));
    lazy.back()->send("GET /v1/entities/note/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                      world.writer + "\r\n\r\n");
  }
  CHECK(world.ask("GET", "/v1/me", world.writer).status == 200);
  while (world.server->core().connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(world.ask("GET", "/v1/me", world.writer).status == 200);
}
