#include "server_million.hpp"

#include <fmt/format.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server_posts.hpp"

namespace struere::bench {
namespace {

constexpr int many = 1'000'000, batch = 10'000;

void fill(const ServerDatabase& place) {
  const Session system = place.system();
  define_posts(place);
  std::mt19937 random(1);
  std::vector<Json> posts(batch);
  for (int i = 0; i < many / batch; ++i) {
    for (Json& post : posts) post = post_of(static_cast<int>(random() % users));
    posts[0]["title"] = fmt::format("needle{} in a haystack", i);
    system.entities("post").create_all(posts);
  }
}

}  // namespace

void run_million() {
  const ServerDatabase place;
  fill(place);
  const TrustedHost host = place.database().trusted_host();
  host.create_user("Boss", UserId("boss"));
  host.put_member(ServerDatabase::acme(), UserId("boss"), MembershipRole::admin);
  const std::string boss = place.secret_of("boss"), member = place.secret_of(user_name(7));
  server::Server server(place.database(), many_at_once());
  server.start();
  Line line(server.port());
  const std::string scope = "environment=development";
  const std::string query = "POST /v1/entities/post/query?" + scope;
  const auto measure = [&](const std::string& what, const std::string& message, std::size_t count = 200) {
    print(what, measure_count(server.port(), {message}, count, {.at_once = 1, .threads = 1}));
  };
  const auto rows = [&](const std::string& what, const std::string& key, const Json& body, std::size_t count = 200) {
    measure(what, request(key, query, body.dump()), count);
  };
  const auto list = [&](const std::string& what, const std::string& path, std::size_t count = 200) {
    measure(what, request(boss, "GET " + path + (path.find('?') != std::string::npos ? "&" : "?") + scope), count);
  };
  // Half of the rows are before this page.
  Json deep{{"limit", 1000}};
  for (int i = 0; i < many / 2 / 1000; ++i)
    deep["cursor"] = Json::parse(line.ask(request(boss, query, deep.dump()))).at("cursor");
  deep["limit"] = 20;
  const std::string one = Json::parse(line.ask(request(boss, query, R"({"limit":1})"))).at("items")[0].at("id");
  const auto equal = [](const std::string& field, const Json& value) {
    return Json::array({Json{{"field", field}, {"operator", "eq"}, {"value", value}}});
  };
  fmt::print("\n{} posts and events; one client\n\n", many);
  print_head();
  rows("first page of 20", boss, Json{{"limit", 20}});
  rows("page of 20 after 500,000 rows", boss, deep);
  rows("author = one of 500, indexed", boss, Json{{"limit", 20}, {"where", equal("data.author", user_name(9))}});
  rows("author = me by a rule", member, Json{{"limit", 20}});
  rows("in the order of the author, indexed", boss, Json{{"limit", 20}, {"order", {{{"field", "data.author"}}}}});
  rows("search for a word of 100 rows", boss, Json{{"limit", 20}, {"search", "needle7"}}, 20);
  rows("search for a word of every row", boss, Json{{"limit", 20}, {"search", "title"}}, 20);
  rows("title = one row, not indexed", boss,
       Json{{"limit", 20}, {"where", equal("data.title", "needle7 in a haystack")}}, 5);
  rows("in the order of the title, not indexed", boss, Json{{"limit", 20}, {"order", {{{"field", "data.title"}}}}}, 5);
  measure("count of all", request(boss, "POST /v1/entities/post/count?" + scope, "{}"), 5);
  list("audit: newest 50", "/v1/events?limit=50");
  list("audit: of one row", "/v1/events?limit=50&entity=" + one);
}

}  // namespace struere::bench
