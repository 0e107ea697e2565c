#include "server_posts.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>

namespace struere::bench {

void print(const std::string& what, const Figures& found) {
  fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} |\n", what, found.rate, found.p50, found.p99);
  std::fflush(stdout);
}

void print_head() { fmt::print("| what | a second | p50 ms | p99 ms |\n| --- | --- | --- | --- |\n"); }

server::ServerOptions many_at_once() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server::ServerOptions out;
  out.limits.waiting_requests_per_organization = out.limits.waiting_requests;
  return out;
}

std::string user_name(int i) { return fmt::format("user{}", i); }

void add_users(const ServerDatabase& place, const std::string& role) {
  const TrustedHost host = place.database().trusted_host();
  for (int i = 0; i < users; ++i) {
    host.create_user(user_name(i), UserId(user_name(i)));
    host.put_member(ServerDatabase::acme(), UserId(user_name(i)));
    place.system().roles().assign(UserId(user_name(i)), role);
  }
}

namespace {

const Json mine{{"field", "data.author"}, {"operator", "eq"}, {"value", "actor.userId"}};

}  // namespace

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

void define_posts(const ServerDatabase& place) {
  const Session system = place.system();
  system.entity_types().define(
      {{"slug", "post"}, {"schema", {{"properties", {{"author", {{"type", "string"}, {"x-index", true}}}}}}}});
  system.roles().define(role_of("author", "post", true));
  system.roles().define(role_of("anybody", "post", false));
  add_users(place, "author");
}

}  // namespace struere::bench
