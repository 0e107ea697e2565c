// A POST with an Idempotency-Key is carried out once: by routes that are one unit of work, across restarts as well.
#include <catch2/catch.hpp>

#include <map>
#include <optional>

#include "server/routes/all_routes.hpp"
#include "server/test_server.hpp"
#include "struere/triggers/trigger_repository.hpp"
#include "support/any_storage.hpp"

using namespace struere;
using namespace struere::test;
using server::Idempotency;

namespace {

// The server, and whatever it holds in memory, begin anew.
void restart(ServedWorld& world) {
  world.server.reset();
  world.database = std::make_unique<Database>(Database::open(world.place(), {.clock = &world.clock}));
  world.server = std::make_unique<RunningServer>(*world.database);
}

HttpAnswer post(const ServedWorld& world, const std::string& target, const std::string& key,
                const std::optional<Json>& body) {
  return world.ask("POST", target, world.writer, body, {{"Idempotency-Key", key}});
}

// What a client acts upon.
Json shown(const HttpAnswer& answer) {
  Json out{{"status", answer.status}, {"body", answer.body}};
  for (const char* const name : {"etag", "location", "content-type"})
    if (answer.headers.contains(name)) out[name] = answer.headers.at(name);
  return out;
}

}  // namespace

TEST_CASE("every POST that writes says where the answer to its Idempotency-Key is kept", "[server][once]") {
  for (const server::Route& route : server::all_routes()) {
    INFO(to_string(route.method) << " " << route.pattern);
    const bool is_kept = route.method == server::Method::post && route.lane == server::Lane::write &&
                         route.access == server::Access::session;
    CHECK(is_kept == (route.idempotency != Idempotency::none));
    if (!route.lost_answer.empty()) CHECK(route.idempotency != Idempotency::in_commit);  // a secret is not stored
  }
}

TEST_CASE("a request that is repeated after a restart gets the answer of the first", "[server][once]") {
  ServedWorld world({}, any_shared_storage());
  const Session system = world.system();
  const std::string note = world.create("note", {{"text", "old"}}).str();
  const std::string removed = world.create("note", {{"text", "removed"}}).str();
  system.entities("note").remove(EntityId(removed));
  system.agents().define({.slug = "tutor", .name = "Tutor"});
  const std::string thread = system.threads().create({.external_id = "t"}).id.str();
  system.triggers().define({{"slug", "greet"},
                            {"on", {{"entityType", "note"}, {"action", "created"}}},
                            {"schedule", {{"delay", "1h"}}},
                            {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "note.greeted"}}}}}}});
  world.create("note", {{"text", "greeted"}});
  const std::string run = system.triggers().runs({}).runs.front().id.str();
  system.triggers().define({{"slug", "wrong"},
                            {"on", {{"entityType", "note"}, {"action", "created"}}},
                            {"schedule", {{"at", "{{trigger.data.text}}"}}},
                            {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "note.greeted"}}}}}}});
  world.create("note", {{"text", "not a time"}});
  const std::string dead = system.triggers().runs({.status = TriggerRunStatus::dead}).runs.front().id.str();
  const std::string target = "/v1/entities/note";
  const std::map<std::string, std::pair<std::string, std::optional<Json>>> requests{
      {"/v1/entities/{type}", {target, Json{{"data", {{"text", "new"}}}}}},
      {"/v1/entities/{type}/upsert", {target + "/upsert", Json{{"key", {"text"}}, {"data", {{"text", "put"}}}}}},
      {"/v1/entities/{type}/{id}/restore", {target + "/" + removed + "/restore", std::nullopt}},
      {"/v1/transaction",
       {"/v1/transaction", Json{{"operations",
                                 {{{"op", "create"}, {"type", "note"}, {"data", {{"text", "of several"}}}},
                                  {{"op", "link"}, {"from", note}, {"relation", "about"}, {"to", note}}}}}}},
      {"/v1/events", {"/v1/events", Json{{"type", "note.seen"}, {"entityId", note}}}},
      {"/v1/threads", {"/v1/threads", Json{{"externalId", "mine"}}}},
      {"/v1/threads/open", {"/v1/threads/open", Json{{"externalId", "opened"}}}},
      {"/v1/threads/{id}/messages", {"/v1/threads/" + thread + "/messages", Json{{"content", "hello"}}}},
      {"/v1/agents", {"/v1/agents", Json{{"slug", "clerk"}}}},
      {"/v1/agents/{slug}/config", {"/v1/agents/tutor/config", Json{{"systemPrompt", "p"}, {"model", "m"}}}},
      {"/v1/executions", {"/v1/executions", Json{{"model", "m"}}}},
      {"/v1/runs/{id}/retry", {"/v1/runs/" + dead + "/retry", std::nullopt}},
      {"/v1/runs/{id}/cancel", {"/v1/runs/" + run + "/cancel", std::nullopt}}};
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  const auto ask = [&](const server::Route& route) {
    const auto& [path, body] = requests.at(route.pattern);
    const HttpClient::Headers headers{{"Cookie", "user=boss; organization=acme"},
                                      {"Sec-Fetch-Site", "same-origin"},
                                      {"Idempotency-Key", "key of " + route.pattern}};
    return world.ask("POST", path + "?environment=development", {}, body, headers);
  };
  std::map<std::string, Json> answers;
  const auto routes = server::all_routes();
  const auto each_route = [&](const auto& visit) {
    for (const server::Route& route : routes)
      if (route.idempotency == Idempotency::in_commit) visit(route);
  };
  each_route([&](const server::Route& route) {
    INFO(route.pattern);
    REQUIRE(requests.contains(route.pattern));
    const HttpAnswer first = ask(route);
    CHECK(first.status >= 200);
    CHECK(first.status < 300);
    INFO(first.body);
    CHECK_FALSE(first.headers.contains("idempotency-replayed"));
    answers[route.pattern] = shown(first);
  });
  CHECK(answers.size() == requests.size());
  const auto events = world.system().events().verify().verified;
  restart(world);
  each_route([&](const server::Route& route) {
    INFO(route.pattern);
    const HttpAnswer again = ask(route);
    CHECK(again.headers.contains("idempotency-replayed"));
    CHECK(shown(again) == answers.at(route.pattern));
  });
  CHECK(world.system().events().verify().verified == events);  // nothing was written
  CHECK(answers.at("/v1/entities/{type}").contains("etag"));
  CHECK(answers.at("/v1/entities/{type}").contains("location"));
  const Json other{{"data", {{"text", "another"}}}};
  CHECK(post(world, target, "k", other).status == 201);
  restart(world);
  CHECK(post(world, target, "k", Json{{"data", {{"text", "yet another"}}}}).code() == "idempotency_key_reused");
}

TEST_CASE("what a repeated request refused is tried again, and its problem names the operation", "[server][once]") {
  ServedWorld world({}, any_storage());
  const Json operation{{"op", "create"}, {"type", "note"}, {"data", {{"text", "taken"}}}};
  const Json body{{"operations", {{{"op", "event"}, {"type", "note.seen"}}, operation}}};
  const EntityId taken = world.create("note", {{"text", "taken"}});
  for (int time = 0; time < 2; ++time) {
    const HttpAnswer refused = post(world, "/v1/transaction", "k", body);
    CHECK(refused.status == 409);
    CHECK(refused.json().at("index") == 1);
    CHECK(refused.json().at("path") == "data.text");
  }
  world.system().entities("note").remove(taken);
  CHECK(post(world, "/v1/transaction", "k", body).status == 200);
  CHECK(post(world, "/v1/transaction", "k", body).headers.contains("idempotency-replayed"));
  CHECK(post(world, "/v1/transaction", "", body).status == 400);
  CHECK(post(world, "/v1/transaction", std::string(201, 'k'), body).status == 400);
}

TEST_CASE("an answer that is too long to be kept says so when the request is repeated", "[server][once]") {
  ServedWorld world({}, any_storage());
  const Json body{{"data", {{"text", std::string(70'000, 'x')}}}};
  CHECK(post(world, "/v1/entities/note", "k", body).status == 201);
  const HttpAnswer again = post(world, "/v1/entities/note", "k", body);
  CHECK(again.status == 409);
  CHECK(again.json().at("detail").get<std::string>().find("was carried out") != std::string::npos);
  CHECK(world.system().entities("note").count() == 1);
}

TEST_CASE("an import that failed after a batch is not made again by its key", "[server][once]") {
  ServedWorld world({}, any_storage());
  world.define_type({{"slug", "bulk"}});
  world.define_role(
      {{"name", "loader"}, {"policies", {{{"resource", "bulk"}, {"actions", {"create"}}, {"effect", "allow"}}}}});
  const std::string key = world.system().api_keys().create({.name = "loader", .roles = {"loader"}}).secret;
  std::string good;
  for (int i = 0; i < 1001; ++i) good += "{\"m\":1}\n";
  const auto import_with = [&](const std::string& text, const std::string& name) {
    return world.ask_text("POST", "/v1/entities/bulk/import", key, text,
                          {{"Content-Type", "application/x-ndjson"}, {"Idempotency-Key", name}});
  };
  const HttpAnswer first = import_with(good + "x\n", "k");
  CHECK(first.status == 422);
  for (int time = 0; time < 2; ++time) {
    const HttpAnswer again = import_with(good + "x\n", "k");
    CHECK(again.status == 409);
    CHECK(again.json().at("detail").get<std::string>().find("1000 entities were imported") != std::string::npos);
  }
  CHECK(import_with(good, "k").status == 422);  // the key belongs to the first request
  CHECK(world.system().entities("bulk").count() == 1000);
  // A failure before anything is written leaves the key free.
  CHECK(import_with("x\n", "early").status == 422);
  CHECK(import_with("x\n", "early").status == 422);
  CHECK(import_with("{}\n", "other").status == 200);
}

TEST_CASE("a request whose answer is far too long to be kept is carried out all the same", "[server][once]") {
  ServedWorld world({}, any_storage());
  const auto create = [](char c) {
    return Json{{"op", "create"}, {"type", "note"}, {"data", {{"text", std::string(600'000, c)}}}};
  };
  const Json body{{"operations", {create('a'), create('b')}}};
  CHECK(post(world, "/v1/transaction", "k", body).status == 200);
  CHECK(post(world, "/v1/transaction", "k", body).status == 409);
  CHECK(world.system().entities("note").count() == 2);
  const Json large{{"data", {{"text", std::string((1 << 20) - 100, 'x')}}}};
  CHECK(post(world, "/v1/entities/note", "l", large).status == 201);
  CHECK(post(world, "/v1/entities/note", "l", large).status == 409);
  CHECK(world.system().entities("note").count() == 3);
}

TEST_CASE("a method that keeps no answer refuses an Idempotency-Key", "[server][once]") {
  ServedWorld world({}, any_storage());
  const EntityId id = world.create("note", {{"text", "a"}});
  const std::string target = "/v1/entities/note/" + id.str();
  const Json patch{{"data", {{"text", "b"}}}};
  for (const auto& [method, body] :
       {std::pair("PATCH", std::optional(patch)), std::pair("DELETE", std::optional<Json>()),
        std::pair("PUT", std::optional<Json>())}) {
    INFO(method);
    const std::string path = std::string("PUT") == method ? "/v1/triggers/t" : target;
    const HttpAnswer refused = world.ask(method, path, world.writer, body, {{"Idempotency-Key", "k"}});
    CHECK(refused.status == 400);
    CHECK(refused.json().at("detail").get<std::string>().find("only a POST") != std::string::npos);
  }
  CHECK(world.system().entities("note").get(id).version() == 1);
}
