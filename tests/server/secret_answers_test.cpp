// Answers that hold a secret are given once: the server keeps none of them for a repeated request.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "server/idempotency.hpp"
#include "server/reference.hpp"
#include "server/routes/all_routes.hpp"
#include "server/test_server.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Whether a value of this schema holds a secret, at any depth.
bool has_secret(const Json& schema) {
  if (schema.is_object()) {
    if (schema.value("format", Json()) == "password") return true;
    constexpr std::string_view folder = "#/components/schemas/";
    if (const auto other = schema.find("$ref"); other != schema.end())
      return has_secret(server::schemas().at(other->get<std::string>().substr(folder.size())));
  }
  return schema.is_structured() && std::ranges::any_of(schema, has_secret);
}

const HttpClient::Headers as_boss{{"Cookie", "user=boss; organization=acme"}, {"Sec-Fetch-Site", "same-origin"}};

}  // namespace

TEST_CASE("a route whose answer holds a secret says what a client does that lost it, and no other does", "[server]") {
  int secret_routes = 0;
  for (const server::Route& route : server::all_routes()) {
    INFO(to_string(route.method) << " " << route.pattern);
    const bool is_secret = !route.answer.empty() && has_secret(server::schemas().at(route.answer));
    CHECK(is_secret == !route.lost_answer.empty());
    secret_routes += is_secret;
    if (route.answer.empty()) continue;
    const Json& schema = server::schemas().at(route.answer);
    for (const char* const name : {"secret", "token", "password"})
      if (schema.contains("properties") && schema.at("properties").contains(name))
        CHECK(schema.at("properties").at(name).value("format", "") == "password");
  }
  CHECK(secret_routes >= 4);
}

TEST_CASE("a secret is not in the answers that are kept, and a repeated request says how to get another", "[server]") {
  ServedWorld world;
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  const ApiKey own = world.system().api_keys().list().front();
  const std::map<std::string, std::pair<std::string, Json>> requests{
      {"/v1/keys", {"/v1/keys", {{"name", "app"}, {"roles", {"reader"}}}}},
      {"/v1/keys/{id}/rotate", {"/v1/keys/" + own.id.str() + "/rotate", Json::object()}},
      {"/v1/operators", {"/v1/operators", {{"user", "boss"}}}}};
  std::size_t asked = 0;
  for (const server::Route& route : server::all_routes()) {
    if (route.lost_answer.empty() || route.access != server::Access::session) continue;
    INFO(route.pattern);
    REQUIRE(requests.contains(route.pattern));
    ++asked;
    const auto& [target, body] = requests.at(route.pattern);
    const auto ask = [&, target = target, body = body](const std::string& idempotency_key) {
      auto headers = as_boss;
      headers.emplace_back("Idempotency-Key", idempotency_key + std::to_string(asked));
      return world.ask("POST", target + "?environment=development", {}, body, headers);
    };
    CHECK(ask("once").status == 201);
    const auto keys = world.system().api_keys().list().size();
    const HttpAnswer again = ask("once");
    CHECK(again.status == 409);
    CHECK(again.json().at("detail").get<std::string>().find(route.lost_answer) != std::string::npos);
    CHECK(world.system().api_keys().list().size() == keys);                            // not made twice
    if (route.pattern != "/v1/keys/{id}/rotate") CHECK(ask("another").status == 201);  // it ended by its rotation
  }
  CHECK(asked == requests.size());
  CHECK(world.server->core().application().services().idempotent_answers->bytes_of_answers() == 0);
}
