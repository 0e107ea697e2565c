#include "server_published.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "http_load.hpp"
#include "server_database.hpp"

namespace struere::bench {
namespace {

void print(const std::string& what, const Figures& found) {
  fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} |\n", what, found.rate, found.p50, found.p99);
  std::fflush(stdout);
}

void print_head() { fmt::print("| what | a second | p50 ms | p99 ms |\n| --- | --- | --- | --- |\n"); }

// Both ends of 1,000 connections are in this process, and all of them are of one organization.
server::ServerOptions many_at_once() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server::ServerOptions out;
  out.limits.waiting_requests_per_organization = out.limits.waiting_requests;
  return out;
}

constexpr int users = 500;
std::string user_name(int i) { return fmt::format("user{}", i); }

void add_users(const ServerDatabase& place, const std::string& role) {
  const TrustedHost host = place.database().trusted_host();
  for (int i = 0; i < users; ++i) {
    host.create_user(user_name(i), UserId(user_name(i)));
    host.put_member(ServerDatabase::acme(), UserId(user_name(i)));
    place.system().roles().assign(UserId(user_name(i)), role);
  }
}

const Json mine{{"field", "data.author"}, {"operator", "eq"}, {"value", "actor.userId"}};

Json role_of(const std::string& name, const std::string& type, bool has_rule) {
  Json out{{"name", name}, {"policies", {{{"resource", type}, {"actions", {"*"}}, {"effect", "allow"}}}}};
  if (!has_rule) return out;
  out["scopeRules"] = Json::array({mine});
  out["scopeRules"][0]["entityType"] = type;
  return out;
}

Json post_of(int author) {
  return {{"author", user_name(author)},
          {"title", "A title of a few words"},
          {"description", std::string(200, 'd')},
          {"public", true},
          {"type", {"a", "b"}}};
}

// pocketbase/benchmarks: 10,000 posts by 500 users; the caller is one of them.
void run_pocketbase() {
  const ServerDatabase place;
  const Session system = place.system();
  system.entity_types().define(
      {{"slug", "post"}, {"schema", {{"properties", {{"author", {{"type", "string"}, {"x-index", true}}}}}}}});
  system.roles().define(role_of("author", "post", true));
  system.roles().define(role_of("anybody", "post", false));
  add_users(place, "author");
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

void run_million() {
  constexpr int all = 1'000'000, batch = 10'000;
  const ServerDatabase place;
  const Session system = place.system();
  system.entity_types().define(
      {{"slug", "post"}, {"schema", {{"properties", {{"author", {{"type", "string"}, {"x-index", true}}}}}}}});
  system.roles().define(role_of("anybody", "post", false));
  system.roles().define(role_of("author", "post", true));
  add_users(place, "author");
  std::mt19937 random(1);
  std::vector<Json> posts(batch);
  for (int i = 0; i < all / batch; ++i) {
    for (Json& post : posts) post = post_of(static_cast<int>(random() % users));
    system.entities("post").create_all(posts);
  }
  const std::string anybody = system.api_keys().create({.name = "anybody", .roles = {"anybody"}}).secret;
  const std::string member = place.secret_of(user_name(7));
  server::Server server(place.database(), many_at_once());
  server.start();
  const std::string query = "POST /v1/entities/post/query?environment=development";
  Line line(server.port());
  // Half of the rows are before this page.
  Json deep{{"limit", 1000}};
  for (int i = 0; i < all / 2 / 1000; ++i)
    deep["cursor"] = Json::parse(line.ask(request(anybody, query, deep.dump()))).at("cursor");
  deep["limit"] = 20;
  const Json filter{{"field", "data.author"}, {"operator", "eq"}, {"value", user_name(9)}};
  fmt::print("\nA million rows, one client\n\n");
  print_head();
  const auto measure = [&](const std::string& what, const std::string& key, const Json& body) {
    print(what, measure_count(server.port(), {request(key, query, body.dump())}, 500, {.at_once = 1, .threads = 1}));
  };
  measure("first page of 20", anybody, Json{{"limit", 20}});
  measure("page of 20 after 500,000 rows", anybody, deep);
  measure("page of 20 of one author of 500, by a filter", anybody, Json{{"limit", 20}, {"where", {filter}}});
  measure("page of 20, author = me by a rule", member, Json{{"limit", 20}});
  measure("page of 20 in the order of the author", anybody,
          Json{{"limit", 20}, {"order", {{{"field", "data.author"}}}}});
}

}  // namespace struere::bench
