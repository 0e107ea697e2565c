#include "server_published.hpp"

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "http_load.hpp"
#include "server_database.hpp"
#include "server_posts.hpp"

namespace struere::bench {
namespace {

// pocketbase/benchmarks: 10,000 posts by 500 users; the caller is one of them.
void run_pocketbase() {
  const ServerDatabase place;
  const Session system = place.system();
  define_posts(place);
  const std::string member = place.secret_of(user_name(7));
  const std::string anybody = system.api_keys().create({.name = "anybody", .roles = {"anybody"}}).secret;
  std::mt19937 random(1);
  std::vector<Json> posts;
  for (int i = 0; i < 10'000; ++i) posts.push_back(post_of(static_cast<int>(random() % users)));
  system.entities("post").create_all(posts);
  server::Server server(place.database(), many_at_once());
  server.start();
  const std::string query = "POST /v1/entities/post/query?environment=development";
  const std::vector page{request(member, query, R"({"limit":20})")};
  const std::vector open_page{request(anybody, query, R"({"limit":20})")};
  const std::string body = Json{{"data", post_of(7)}}.dump();
  const std::string create = "POST /v1/entities/post?environment=development";
  const std::vector open_create{request(anybody, create, body)}, ruled_create{request(member, create, body)};
  fmt::print("\nPocketBase's scenarios\n\n");
  print_head();
  print("list 20, no rule, 1 at once", measure_count(server.port(), open_page, 1000, {.at_once = 1, .threads = 1}));
  print("list 20, no rule, 1000 at once", measure_count(server.port(), open_page, 20'000, {.at_once = 1000}));
  print("list 20, author = me, 10 at once", measure_count(server.port(), page, 10'000, {.at_once = 10}));
  print("create, no rule, 500 at once", measure_count(server.port(), open_create, 12'500, {.at_once = 500}));
  print("create, author = me, 500 at once", measure_count(server.port(), ruled_create, 12'500, {.at_once = 500}));
}

// trailbase-benchmark: messages of a chat room, written and read by a member, 64 at once.
void run_trailbase() {
  const ServerDatabase place;
  const Session system = place.system();
  system.entity_types().define({{"slug", "room"}});
  system.entity_types().define(
      {{"slug", "message"},
       {"schema",
        {{"properties", {{"author", {{"type", "string"}}}, {"room", {{"type", "string"}, {"references", "room"}}}}}}}});
  Json member = role_of("member", "message", true);
  member["policies"].push_back({{"resource", "room"}, {"actions", {"read", "list"}}, {"effect", "allow"}});
  system.roles().define(member);
  add_users(place, "member");
  const std::string room = system.entities("room").create(Json{{"name", "a room"}}).id.str();
  const std::string secret = place.secret_of(user_name(7));
  const Json message{{"author", user_name(7)}, {"room", room}, {"text", "a message of some words"}};
  std::vector<Json> stored(10'000, message);
  const auto ids = system.entities("message").create_all(stored);
  server::Server server(place.database(), many_at_once());
  server.start();
  const std::vector create{
      request(secret, "POST /v1/entities/message?environment=development", Json{{"data", message}}.dump())};
  std::vector<std::string> gets;
  for (std::size_t i = 0; i < ids.size(); i += 7)
    gets.push_back(request(secret, "GET /v1/entities/message/" + ids[i].str() + "?environment=development"));
  fmt::print("\nTrailBase's scenarios\n\n");
  print_head();
  print("100,000 creates, author = me and a reference, 64 at once", measure_count(server.port(), create, 100'000));
  print("get, author = me, 64 at once", measure_count(server.port(), gets, 200'000));
}

}  // namespace

void run_published() {
  run_pocketbase();
  run_trailbase();
}

}  // namespace struere::bench
