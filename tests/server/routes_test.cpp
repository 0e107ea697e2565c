// What each route answers, and to whom.
#include <catch2/catch.hpp>

#include "server/test_server.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("an entity is created, read, changed at its version and deleted over HTTP", "[server]") {
  ServedWorld world;
  const HttpAnswer made =
      world.ask("POST", "/v1/entities/note", world.writer, Json{{"data", {{"text", "a"}, {"number", 1}}}});
  REQUIRE(made.status == 201);
  const std::string id = made.json().at("id");
  CHECK(made.headers.at("location") == "/v1/entities/note/" + id);
  CHECK(made.headers.at("etag") == "\"1\"");

  const std::string path = "/v1/entities/note/" + id;
  CHECK(world.ask("GET", path, world.writer).json() == world.system().entities("note").get(EntityId(id)).to_json());
  const HttpAnswer changed =
      world.ask("PATCH", path, world.writer, Json{{"data", {{"number", 2}}}}, {{"If-Match", "\"1\""}});
  CHECK(changed.status == 200);
  CHECK(changed.json().at("data") == Json{{"text", "a"}, {"number", 2}});
  const HttpAnswer stale =
      world.ask("PATCH", path, world.writer, Json{{"data", {{"number", 3}}}}, {{"If-Match", "\"1\""}});
  CHECK(stale.status == 412);
  CHECK(stale.code() == "conflict");
  world.create("note", {{"text", "b"}});
  const HttpAnswer taken =
      world.ask("PATCH", path, world.writer, Json{{"data", {{"text", "b"}}}}, {{"If-Match", "\"2\""}});
  CHECK(taken.status == 409);
  CHECK(world.ask("PATCH", path, world.writer, Json::object(), {{"If-Match", "2"}}).status == 400);

  const HttpAnswer late = world.ask("DELETE", path, world.writer, {}, {{"If-Match", "\"1\""}});
  CHECK(late.status == 412);
  CHECK(late.code() == "conflict");
  CHECK(world.ask("DELETE", path, world.writer, {}, {{"If-Match", "W/\"2\""}}).status == 400);
  CHECK(world.ask("GET", path, world.writer).status == 200);
  CHECK(world.ask("DELETE", path, world.writer, {}, {{"If-Match", "\"2\""}}).status == 204);
  CHECK(world.ask("DELETE", path, world.writer, {}, {{"If-Match", "\"2\""}}).status == 404);
  CHECK(world.ask("GET", path, world.writer).status == 404);
  CHECK(world.ask("DELETE", "/v1/entities/note/" + world.create("note", {{"text", "c"}}).str(), world.writer).status ==
        204);
}

TEST_CASE("each id can be named in a path", "[server]") {
  ServedWorld world;
  for (const auto& [id, segment] : std::vector<std::pair<std::string, std::string>>{{".", "~."},
                                                                                    {"..", "~.."},
                                                                                    {"export", "~export"},
                                                                                    {"~.", "~~."},
                                                                                    {"~~export", "~~~export"},
                                                                                    {"~", "~"},
                                                                                    {"~a", "~a"},
                                                                                    {"...", "..."},
                                                                                    {"query", "query"},
                                                                                    {"a/b c", "a%2Fb%20c"}}) {
    INFO(id);
    world.system().entities("note").create(Json{{"text", id}}, {.id = EntityId(id)});
    const std::string path = "/v1/entities/note/" + segment;
    CHECK(world.ask("GET", path, world.writer).json().at("id") == id);
    CHECK(world.ask("PATCH", path, world.writer, Json{{"data", {{"number", 1}}}}).json().at("id") == id);
    CHECK(world.ask("PUT", "/v1/relations/" + segment + "/next/" + segment, world.writer).status == 204);
    CHECK(world.ask("GET", "/v1/relations/" + segment + "/next", world.writer).json().at("items").at(0).at("id") == id);
    CHECK(world.ask("DELETE", path, world.writer).status == 204);
  }
  CHECK(world.ask("GET", "/v1/entities/note/..", world.writer).status == 400);
  CHECK(world.ask("GET", "/v1/entities/note/%2e", world.writer).status == 400);
}

TEST_CASE("a condition that a route does not check is refused, not dropped", "[server]") {
  ServedWorld world;
  const std::string id = world.create("note", {{"text", "a"}}).str();
  const std::string path = "/v1/entities/note/" + id;
  const std::pair<std::string, std::string> match{"If-Match", "\"1\""};
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"GET", path},
                                                        {"POST", path + "/restore"},
                                                        {"POST", path + "/purge"},
                                                        {"POST", "/v1/entities/note"},
                                                        {"POST", "/v1/transaction"},
                                                        {"PUT", "/v1/relations/" + id + "/next/" + id},
                                                        {"DELETE", "/v1/relations/" + id + "/next/" + id},
                                                        {"PUT", "/v1/types/note"},
                                                        {"PUT", "/v1/members/ada"},
                                                        {"DELETE", "/v1/members/ada"}}) {
    const std::optional<Json> body = method == "GET" ? std::nullopt : std::optional(Json::object());
    const HttpAnswer answer = world.ask(method, target, world.writer, body, {match});
    INFO(method << " " << target << ": " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find("If-Match") != std::string::npos);
  }
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"If-None-Match", "*"},
                                                        {"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"},
                                                        {"If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT"}}) {
    INFO(name);
    CHECK(world.ask("PATCH", path, world.writer, Json{{"data", {{"text", "b"}}}}, {{name, value}}).status == 400);
    CHECK(world.ask("DELETE", path, world.writer, {}, {{name, value}}).status == 400);
  }
  CHECK(world.ask("GET", path, world.writer, {}, {{"If-None-Match", "\"1\""}}).json().at("version") == 1);
}

TEST_CASE("an operation of a transaction takes no member that it does not use", "[server]") {
  ServedWorld world;
  const std::string id = world.create("note", {{"text", "a"}}).str();
  const auto send = [&](Json operation) {
    return world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", {std::move(operation)}}});
  };
  CHECK(send({{"op", "restore"}, {"type", "note"}, {"id", id}, {"version", 3}}).status == 400);
  CHECK(
      send({{"op", "upsert"}, {"type", "note"}, {"key", {"text"}}, {"data", {{"text", "a"}}}, {"version", 3}}).status ==
      400);
  CHECK(send({{"op", "remove"}, {"type", "note"}, {"id", id}, {"version", 3}}).status == 409);
  CHECK(world.ask("GET", "/v1/entities/note/" + id, world.writer).status == 200);
  CHECK(send({{"op", "remove"}, {"type", "note"}, {"id", id}, {"version", 1}}).status == 200);
}

TEST_CASE("an answer over HTTP holds no hidden row and no hidden field", "[server]") {
  ServedWorld world;
  const EntityId north = world.create("note", {{"text", "n"}, {"team", "north"}, {"secret", "s3cret"}});
  const EntityId south = world.create("note", {{"text", "s"}, {"team", "south"}});
  for (const auto& [method, target, body] : std::vector<std::tuple<std::string, std::string, std::optional<Json>>>{
           {"GET", "/v1/entities/note/" + north.str(), {}},
           {"POST", "/v1/entities/note/query", Json::object()},
           {"POST", "/v1/entities/note/get-many", Json{{"ids", {north.str(), south.str()}}}},
           {"GET", "/v1/entities/note/export", {}},
           {"GET", "/v1/events", {}}}) {
    const HttpAnswer answer = world.ask(method, target, world.reader, body);
    INFO(target << " " << answer.body);
    CHECK(answer.status == 200);
    CHECK(answer.body.find("s3cret") == std::string::npos);
    CHECK(answer.body.find(south.str()) == std::string::npos);
  }
  // The row of another team and one that never was are the same to the reader, letter by letter.
  CHECK(world.ask("GET", "/v1/entities/note/" + south.str(), world.reader).body ==
        world.ask("GET", "/v1/entities/note/never", world.reader).body);
  const Json guess{{"where", {{{"field", "data.secret"}, {"operator", "eq"}, {"value", "s3cret"}}}}};
  CHECK(world.ask("POST", "/v1/entities/note/count", world.reader, guess).json().at("count") == 0);
}

TEST_CASE("pages of a query follow one another by their cursor", "[server]") {
  ServedWorld world;
  for (int i = 0; i < 5; ++i) world.create("note", {{"number", i}});
  Json query{{"order", {{{"field", "data.number"}, {"direction", "desc"}}}}, {"limit", 2}};
  std::string numbers;
  do {
    const Json page = world.ask("POST", "/v1/entities/note/query", world.writer, query).json();
    for (const Json& item : page.at("items")) numbers += item.at("data").at("number").dump();
    query.erase("cursor");
    if (page.contains("cursor")) query["cursor"] = page.at("cursor");
  } while (query.contains("cursor"));
  CHECK(numbers == "43210");
}

TEST_CASE("a problem has the status of its code and names the place", "[server]") {
  ServedWorld world;
  const auto code = [](const HttpAnswer& answer) { return std::to_string(answer.status) + " " + answer.code(); };
  const Json nothing = Json::object();
  CHECK(code(world.ask("GET", "/v1/me")) == "401 unauthenticated");
  CHECK(world.ask("GET", "/v1/me").headers.at("www-authenticate") == "Bearer");
  CHECK(code(world.ask("GET", "/v1/me", "sk_dev_wrong")) == "401 unauthenticated");
  CHECK(code(world.ask("POST", "/v1/entities/note", world.reader, Json{{"data", nothing}})) == "403 permission_denied");
  CHECK(code(world.ask("GET", "/v1/nowhere", world.writer)) == "404 not_found");
  CHECK(code(world.ask("PUT", "/v1/me", world.writer)) == "405 method_not_allowed");
  CHECK(code(world.ask("GET", "/v1/me?limt=2", world.writer)) == "400 malformed_request");
  CHECK(code(world.ask("GET", "/v1/me?environment=production", world.writer)) == "400 contradictory_environment");
  CHECK(code(world.ask("GET", "/healthz", {}, {}, {{"Host", "rebound.example"}})) == "421 unknown_host");
  const HttpAnswer wrong = world.ask("POST", "/v1/entities/note", world.writer, Json{{"data", {{"number", "x"}}}});
  CHECK(code(wrong) == "422 invalid_data");
  CHECK(wrong.json().at("path") == "data.number");
  CHECK(wrong.headers.at("content-type") == "application/problem+json");
  CHECK(code(world.ask("POST", "/v1/entities/note/query", world.writer, Json{{"limit", 0}})) == "422 invalid_query");
  const Json condition{{"field", "data.number"}, {"operator", "eq"}, {"value", 1}};
  for (const char* const question : {"query", "count", "aggregate"}) {
    Json asked{{"where", condition}};  // not in a list
    if (question == std::string("aggregate")) asked["measures"] = {{{"op", "count"}}};
    const std::string path = std::string("/v1/entities/note/") + question;
    CHECK(code(world.ask("POST", path, world.writer, asked)) == "422 invalid_query");
    asked["where"] = Json::array({condition});
    CHECK(world.ask("POST", path, world.writer, asked).status == 200);
  }
  CHECK(code(world.ask("POST", "/v1/entities/note/query", world.writer, Json{{"cursor", "x"}})) ==
        "422 invalid_cursor");
  CHECK(code(world.ask("POST", "/v1/entities/note/query", world.writer, Json{{"wher", 1}})) == "400 malformed_request");
  CHECK(code(world.ask("POST", "/v1/entities/note", world.writer, nothing,
                       {{"Content-Type", "application/x-www-form-urlencoded"}})) == "415 unsupported_media_type");
  CHECK(code(world.ask("POST", "/v1/entities/note", world.writer, nothing, {{"Content-Encoding", "gzip"}})) ==
        "415 unsupported_media_type");
}

TEST_CASE("a transaction over HTTP is all or nothing, and names the operation that failed", "[server]") {
  ServedWorld world;
  const auto operation = [](const std::string& text) {
    return Json{{"op", "create"}, {"type", "note"}, {"data", {{"text", text}}}};
  };
  const HttpAnswer both =
      world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", {operation("a"), operation("b")}}});
  CHECK(both.status == 200);
  CHECK(both.json().at("results").size() == 2);
  const HttpAnswer half =
      world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", {operation("c"), operation("a")}}});
  CHECK(half.status == 409);
  CHECK(half.json().at("index") == 1);
  CHECK(world.system().entities("note").count() == 2);
}

TEST_CASE("no operation of a transaction begins once it has taken too long", "[server][bounds]") {
  server::ServerOptions options;
  options.limits.transaction_time = std::chrono::milliseconds(0);
  ServedWorld world(options);
  const auto creates = [&](int count) {
    Json operations = Json::array();
    for (int i = 0; i < count; ++i)
      operations.push_back({{"op", "create"}, {"type", "note"}, {"data", {{"number", i}, {"team", "north"}}}});
    return world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", operations}});
  };
  CHECK(creates(1).status == 200);
  const HttpAnswer refused = creates(2);
  CHECK(refused.status == 409);
  CHECK(refused.json().at("index") == 1);
  CHECK(world.system().entities("note").count() == 1);
}

TEST_CASE("a transaction whose answers hold more than 8 MiB is refused and undone", "[server][bounds][large]") {
  server::ServerOptions options;
  options.limits.transaction_time = std::chrono::minutes(1);  // this is slow under a sanitizer
  ServedWorld world(options);
  const EntityId id = world.create("note", {{"text", std::string(900'000, 'x')}});
  const auto updates = [&](int count) {
    Json operations = Json::array();
    for (int i = 1; i <= count; ++i)
      operations.push_back({{"op", "update"}, {"type", "note"}, {"id", id.str()}, {"data", {{"number", i}}}});
    return world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", operations}});
  };
  const HttpAnswer refused = updates(10);
  CHECK(refused.status == 422);
  CHECK(refused.code() == "invalid_query");
  CHECK(refused.body.find("hold more than 8 MiB") != std::string::npos);
  CHECK(world.system().entities("note").get(id).version() == 1);
  CHECK(updates(9).status == 200);
}

TEST_CASE("what is exported as lines is imported as lines, and a wrong line is named", "[server]") {
  ServedWorld world;
  for (int i = 0; i < 1200; ++i) world.create("note", {{"number", i}});
  const HttpAnswer lines = world.ask("GET", "/v1/entities/note/export", world.writer);
  CHECK(lines.headers.at("content-type") == "application/x-ndjson");
  CHECK(std::ranges::count(lines.body, '\n') == 1200);

  std::string data;
  for (int i = 0; i < 1500; ++i) data += "{\"number\":" + std::to_string(i) + "}\r\n";
  HttpClient client(world.server->port());
  auto headers = ServedWorld::as(world.writer);
  headers.emplace_back("Content-Type", "application/x-ndjson");
  CHECK(client.ask("POST", "/v1/entities/note/import", headers, data).json().at("imported") == 1500);
  CHECK(world.system().entities("note").count() == 2700);
  const HttpAnswer wrong = client.ask("POST", "/v1/entities/note/import", headers, "{}\n\n{\"number\":\"x\"}\n");
  CHECK(wrong.status == 422);
  CHECK(wrong.json().at("index") == 2);
  CHECK(world.system().entities("note").count() == 2700);
  // A file of another system: byte order marks and blank lines.
  const std::string marked = "\xef\xbb\xbf{\"data\":{\"number\":1}}\r\n\r\n \t\n\xef\xbb\xbf{\"data\":{\"number\":2}}";
  CHECK(client.ask("POST", "/v1/entities/note/import?whole=true", headers, marked).json().at("imported") == 2);
  const HttpAnswer after = client.ask("POST", "/v1/entities/note/import?whole=true", headers, "\r\n{}\n");
  CHECK(after.json().at("index") == 1);
}

TEST_CASE("events come as a stream, once, from where the client stopped, and end with the key", "[server]") {
  ServedWorld world;
  constexpr std::chrono::seconds patience(30);
  std::optional<HttpClient> client(std::in_place, world.server->port());
  const auto begin = [&](const std::string& more) {
    client.emplace(world.server->port());
    client->send("GET /v1/events/stream?prefix=note. HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                 world.reader + "\r\n" + more + "\r\n");
    return client->read_until("\n\n\r\n", patience);
  };
  world.create("note", {{"text", "before"}, {"team", "north"}});
  const std::string head = begin("");
  CHECK(head.find("text/event-stream") != std::string::npos);
  world.create("note", {{"text", "hidden"}, {"team", "south"}});
  world.create("note", {{"text", "first"}, {"team", "north"}, {"secret", "s3cret"}});
  const std::string first = client->read_until("\"first\"", patience);
  CHECK(first.find("hidden") == std::string::npos);
  CHECK(first.find("before") == std::string::npos);
  CHECK(first.find("s3cret") == std::string::npos);
  const std::size_t at = first.find("id: ");
  REQUIRE(at != std::string::npos);
  const std::string id = first.substr(at + 4, first.find('\n', at) - at - 4);
  client.reset();

  world.create("note", {{"text", "missed"}, {"team", "north"}});
  std::string resumed = begin("Last-Event-ID: " + id + "\r\n");
  resumed += client->read_until("\"missed\"", patience);
  CHECK(resumed.find("\"first\"") == std::string::npos);
  CHECK(resumed.find("\"missed\"") != std::string::npos);

  for (const ApiKey& key : world.system().api_keys().list()) world.system().api_keys().revoke(key.id);
  world.create("note", {{"text", "after the end"}, {"team", "north"}});
  CHECK(client->read_until("0\r\n\r\n", patience).find("after the end") == std::string::npos);
}

TEST_CASE("an export ends when its key does, however slowly it is read", "[server][large]") {
  constexpr int rows = 60;  // more than the system keeps for a client that does not read
  ServedWorld world;
  for (int i = 0; i < rows; ++i) world.create("note", {{"number", i}, {"secret", std::string(900'000, 'x')}});
  const CreatedApiKey key = world.system().api_keys().create({.name = "export", .roles = {"writer"}});
  HttpClient client(world.server->port());
  client.send("GET /v1/entities/note/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key.secret +
              "\r\n\r\n");
  std::string got = client.read_until("xxxx", std::chrono::seconds(60));
  CHECK(got.find(" 200 ") != std::string::npos);
  world.system().api_keys().revoke(key.key.id);
  got += client.read_to_end(std::chrono::seconds(60));
  int told = 0;
  for (std::size_t at = 0; (at = got.find("\"number\":", at)) != std::string::npos; ++at) ++told;
  CHECK(told > 0);
  CHECK(told < rows);
  CHECK_FALSE(got.ends_with("0\r\n\r\n"));  // the client notices
}

TEST_CASE("one actor has a bounded number of streams", "[server]") {
  server::ServerOptions options;
  options.limits.streams_per_actor = 2;
  ServedWorld world(options);
  std::vector<std::unique_ptr<HttpClient>> clients;
  const std::string request =
      "GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + world.reader + "\r\n\r\n";
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<HttpClient>(world.server->port()));
    clients.back()->send(request);
    CHECK(clients.back()->read_until("\n\n\r\n", std::chrono::seconds(30)).find(" 200 ") != std::string::npos);
  }
  CHECK(world.ask("GET", "/v1/events/stream", world.reader).status == 429);
  // One whose client has left makes room, before anything is written to it in vain.
  clients.pop_back();
  HttpClient next(world.server->port());
  std::string head;
  for (int i = 0; i < 60 && head.find(" 200 ") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    next.send(request);
    head = next.read_until("\r\n\r\n", std::chrono::seconds(30));
  }
  CHECK(head.find(" 200 ") != std::string::npos);
}

TEST_CASE("who may not delete is told so whatever version they name, and the denial is recorded", "[server]") {
  ServedWorld world(ServerOptions(), any_storage());
  const std::string id = world.create("note", {{"text", "a"}}).str();
  const std::string path = "/v1/entities/note/" + id;
  world.define_role(
      R"({"name": "looker", "policies": [{"resource": "note", "actions": ["read"], "effect": "allow"}]})"_json);
  const std::string looker = world.system().api_keys().create({.name = "looker", .roles = {"looker"}}).secret;
  const Json operation{{"op", "remove"}, {"type", "note"}, {"id", id}, {"version", 9}};
  CHECK(world.ask("DELETE", path, looker, {}, {{"If-Match", "\"9\""}}).status == 403);
  CHECK(world.ask("POST", "/v1/transaction", looker, Json{{"operations", {operation}}}).status == 403);
  const auto denials = world.system().events().list({.type = "access.denied"}).events;
  REQUIRE_FALSE(denials.empty());
  CHECK(Json::parse(denials.front().json()).at("action") == "delete");
  const HttpAnswer stale = world.ask("POST", "/v1/transaction", world.writer, Json{{"operations", {operation}}});
  CHECK(stale.status == 409);
  CHECK(stale.json().at("path") == "version");
  CHECK(world.ask("DELETE", path, world.writer, {}, {{"If-Match", "\"9\""}}).status == 412);
  CHECK(world.system().entities("note").exists(EntityId(id)));
}

TEST_CASE("a mistake in a request is named in the words of the request", "[server]") {
  ServedWorld world;
  const auto detail = [&](const std::string& method, const std::string& target, const std::string& body,
                          const std::string& type = "application/json") {
    const HttpAnswer answer = world.ask_text(method, target, world.writer, body, {{"Content-Type", type}});
    CHECK(answer.status >= 400);
    return answer.json().at("detail").get<std::string>();
  };
  const auto has = [](const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(detail("POST", "/v1/transaction", R"({"operations": [{"op": "nope"}]})"), "`op` is create, update");
  has(detail("POST", "/v1/entities/note", R"({"data": {}, "colour": 1})"), "colour");
  has(detail("GET", "/v1/events?since=2026-11-28", ""), "milliseconds since 1970");
  has(detail("POST", "/v1/executions", R"({"model": "m", "threadId": "none"})"), "`threadId` must be the id");
  has(detail("POST", "/v1/import", R"({"$entity": "note", "id": "a", "data": {}})", "application/x-ndjson"),
      "`struere data import`");
}

TEST_CASE("an Idempotency-Key carries a POST out once", "[server]") {
  ServedWorld world;
  const auto post = [&](const std::string& text, const std::string& key) {
    return world.ask("POST", "/v1/entities/note", world.writer, Json{{"data", {{"number", 1}, {"team", text}}}},
                     {{"Idempotency-Key", key}});
  };
  const HttpAnswer first = post("a", "k1"), again = post("a", "k1");
  CHECK(first.status == 201);
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(again.headers.at("idempotency-replayed") == "true");
  CHECK(post("b", "k1").code() == "idempotency_key_reused");
  CHECK(post("a", "k2").json().at("id") != first.json().at("id"));
  // A key belongs to its actor.
  const HttpAnswer other = world.ask("POST", "/v1/entities/note", world.key({"writer"}),
                                     Json{{"data", {{"number", 1}, {"team", "a"}}}}, {{"Idempotency-Key", "k1"}});
  CHECK(other.json().at("id") != first.json().at("id"));
  CHECK(world.system().entities("note").count() == 3);
}

TEST_CASE("a key that asks too often is told when to come back", "[server]") {
  server::ServerOptions options;
  options.limits.requests_per_second = 3;
  ServedWorld world(options);
  int refused = 0;
  HttpClient client(world.server->port());
  std::vector<HttpAnswer> answers;
  for (int i = 0; i < 200 && refused == 0; ++i) {
    answers.push_back(client.ask("GET", "/v1/me", ServedWorld::as(world.reader)));
    if (answers.back().status == 429) ++refused;
  }
  REQUIRE(refused == 1);
  CHECK(answers.back().headers.at("retry-after") == "1");
  CHECK(answers.front().headers.at("ratelimit-policy") == "\"actor\";q=3;w=1");
  CHECK(answers.back().headers.at("ratelimit") == "\"actor\";r=0;t=1");
  CHECK(client.ask("GET", "/v1/me", ServedWorld::as(world.writer)).status == 200);
}

TEST_CASE("an operator names the environment, and a page of another site cannot write", "[server]") {
  ServedWorld world;
  world.user("ana", {"writer"});
  const HttpClient::Headers cookie{{"Cookie", "user=ana; organization=acme"}};
  const auto with = [&](HttpClient::Headers more) {
    more.insert(more.end(), cookie.begin(), cookie.end());
    return more;
  };
  CHECK(world.ask("GET", "/v1/me", {}, {}, cookie).code() == "missing_environment");
  CHECK(world.ask("GET", "/v1/me?environment=staging", {}, {}, cookie).code() == "missing_environment");
  const Json me = world.ask("GET", "/v1/me?environment=development", {}, {}, cookie).json();
  CHECK(me.at("operator") == true);
  CHECK(me.at("actorId") == "ana");
  CHECK(me.at("roles") == Json{"writer"});

  const std::string target = "/v1/entities/note?environment=development";
  const Json note{{"data", {{"number", 1}}}};
  CHECK(world.ask("POST", target, {}, note, cookie).code() == "cross_site");
  CHECK(world.ask("POST", target, {}, note, with({{"Sec-Fetch-Site", "cross-site"}})).code() == "cross_site");
  CHECK(world.ask("POST", target, {}, note, with({{"Sec-Fetch-Site", "none"}})).code() == "cross_site");
  CHECK(world.ask("POST", target, {}, note, with({{"Origin", "http://evil.example"}})).code() == "cross_site");
  CHECK(world.ask("POST", target, {}, note, with({{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://localhost"}}))
            .code() == "cross_site");
  CHECK(world.ask("POST", target, {}, note, with({{"Sec-Fetch-Site", "same-origin"}})).status == 201);
  CHECK(world.ask("POST", target, {}, note, with({{"Origin", "http://localhost"}})).status == 201);
  CHECK(world.system().entities("note").count() == 2);

  world.host().remove_member(OrganizationId("acme"), UserId("ana"));
  CHECK(world.ask("GET", "/v1/me?environment=development", {}, {}, cookie).status == 403);
}

TEST_CASE("Struere-View-As shows what that actor sees, and writes nothing", "[server]") {
  ServedWorld world;
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  world.user("ana", {"reader"});
  world.create("note", {{"text", "n"}, {"team", "north"}, {"secret", "s3cret"}});
  world.create("note", {{"text", "s"}, {"team", "south"}});
  const auto as_boss = [](const std::string& view) {
    return HttpClient::Headers{
        {"Cookie", "user=boss; organization=acme"}, {"Sec-Fetch-Site", "same-origin"}, {"Struere-View-As", view}};
  };
  const std::string query = "/v1/entities/note/query?environment=development";
  for (const std::string view : {"user:ana", "roles:reader"}) {
    const HttpAnswer seen = world.ask("POST", query, {}, Json::object(), as_boss(view));
    CHECK(seen.json().at("items").size() == 1);
    CHECK(seen.body.find("s3cret") == std::string::npos);
  }
  CHECK(world
            .ask("POST", "/v1/entities/note?environment=development", {}, Json{{"data", Json::object()}},
                 as_boss("user:ana"))
            .status == 403);
  CHECK(world.ask("POST", query, {}, Json::object(), as_boss("user:nobody")).status == 404);
  CHECK(world.ask("POST", query, {}, Json::object(), as_boss("ana")).status == 400);
  CHECK(world.ask("GET", "/v1/me", world.reader, {}, {{"Struere-View-As", "roles:writer"}}).status == 403);
  const Json why{{"about", "user:ana"}, {"action", "create"}, {"resource", "note"}};
  const HttpAnswer explained =
      world.ask("POST", "/v1/explain?environment=development", {}, why,
                {{"Cookie", "user=boss; organization=acme"}, {"Sec-Fetch-Site", "same-origin"}});
  CHECK(explained.status == 200);
  CHECK(explained.json().at("text").get<std::string>().find("note") != std::string::npos);
}

TEST_CASE("threads, agents and executions are kept over HTTP", "[server]") {
  ServedWorld world;
  const HttpAnswer thread = world.ask("POST", "/v1/threads", world.writer, Json{{"externalId", "chat-1"}});
  REQUIRE(thread.status == 201);
  const std::string messages = "/v1/threads/" + thread.json().at("id").get<std::string>() + "/messages";
  CHECK(world.ask("POST", messages, world.writer, Json{{"role", "assistant"}, {"content", "hello"}}).status == 201);
  CHECK(world.ask("GET", messages, world.writer).json().at("items").at(0).at("content") == "hello");
  CHECK(world.ask("POST", "/v1/threads/open", world.writer, Json{{"externalId", "chat-1"}}).json().at("id") ==
        thread.json().at("id"));
  CHECK(world.ask("GET", messages, world.reader).status == 404);

  CHECK(world.ask("POST", "/v1/agents", world.writer, Json{{"slug", "bot"}}).status == 200);
  CHECK(world.ask("POST", "/v1/agents/bot/config", world.writer, Json{{"systemPrompt", "p"}, {"model", "m"}}).status ==
        201);
  CHECK(world.ask("GET", "/v1/agents/bot/config", world.writer).json().at("version") == 1);
  CHECK(world.ask("POST", "/v1/executions", world.writer, Json{{"agent", "bot"}, {"model", "m"}, {"inputTokens", 5}})
            .status == 201);
  const Json sums = world.ask("GET", "/v1/executions/rollup?groupBy=model", world.writer).json();
  CHECK(sums.at("items").at(0).at("inputTokens") == 5);
}

TEST_CASE("the metrics are for this machine, and name nothing of the data", "[server]") {
  server::ServerOptions options;
  options.metrics_token = "let-me-in";
  ServedWorld world(options);
  const EntityId id = world.create("note", {{"text", "t3xt"}, {"team", "north"}});
  world.ask("GET", "/v1/entities/note/" + id.str(), world.reader);
  const std::string text = world.ask("GET", "/metrics").body;
  CHECK(text.find("struere_http_requests_total{method=\"GET\",route=\"/v1/entities/{type}/{id}\",code=\"ok\"} 1") !=
        std::string::npos);
  CHECK(text.find(id.str()) == std::string::npos);
  for (const char* const count :
       {"struere_cache_lookups_total{cache=\"rules\",outcome=\"hit\"} ", "struere_environments_with_due_runs 0\n"})
    CHECK(text.find(count) != std::string::npos);
  const HttpClient::Headers proxy{{"X-Forwarded-For", "192.0.2.1"}};
  CHECK(world.ask("GET", "/metrics", {}, {}, proxy).status == 401);
  CHECK(world.ask("GET", "/metrics", {}, {}, {{"X-Real-IP", "192.0.2.1"}}).status == 401);
  CHECK(world.ask("GET", "/metrics", "let-me-im", {}, proxy).status == 401);
  CHECK(world.ask("GET", "/metrics", "let-me-in", {}, proxy).status == 200);
}

TEST_CASE("the events of a request carry the trace id of a valid traceparent", "[server][trace]") {
  ServedWorld world;
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", span = "-00f067aa0ba902b7";
  const auto trace_of_event = [&](const std::string& header) {
    world.ask("POST", "/v1/events", world.writer, Json{{"type", "note.seen"}}, {{"traceparent", header}});
    const Json newest = world.ask("GET", "/v1/events?limit=1", world.writer).json().at("items").at(0);
    return newest.value("traceId", "none");
  };
  for (const std::string& valid : {"00-" + trace + span + "-01", "00-" + trace + span + "-00",
                                   "cc-" + trace + span + "-01", "cc-" + trace + span + "-01-what-comes-later"}) {
    INFO(valid);
    CHECK(trace_of_event(valid) == trace);
  }
  for (const std::string& wrong :
       {std::string(), trace, "ff-" + trace + span + "-01", "0-" + trace + span + "-011",
        "00-" + std::string(32, '0') + span + "-01", "00-" + trace + "-" + std::string(16, '0') + "-01",
        "00-" + trace + span + "-01-more", "cc-" + trace + span + "-01.more", "00-" + trace + span + "-0g",
        "00-" + trace + span + "_01", "00-4BF92F3577B34DA6A3CE929D0E0E4736" + span + "-01"}) {
    INFO(wrong);
    CHECK(trace_of_event(wrong) == "none");
  }
}

TEST_CASE("the access log has no value, key or id", "[server]") {
  std::mutex mutex;
  std::vector<std::string> lines;
  server::ServerOptions options;
  options.access_log = [&](std::string_view line, unsigned) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  ServedWorld world(options);
  const HttpAnswer made = world.ask("POST", "/v1/entities/note", world.writer, Json{{"data", {{"text", "t3xt"}}}},
                                    {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
  world.ask("GET", "/v1/entities/note/" + made.json().at("id").get<std::string>() + "?fields=data.text", world.reader);
  world.server->stop();
  REQUIRE(lines.size() == 2);
  CHECK(Json::parse(lines[0]).at("traceId") == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(Json::parse(lines[1]).at("route") == "/v1/entities/{type}/{id}");
  for (const std::string& line : lines)
    for (const std::string& secret : {world.writer, world.reader, std::string("t3xt"), std::string("data.text"),
                                      made.json().at("id").get<std::string>()})
      CHECK(line.find(secret) == std::string::npos);
}
