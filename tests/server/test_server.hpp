// A server of a test, with a type, some roles and keys.
#pragma once

#include <memory>
#include <string>

#include "server/core.hpp"
#include "server/listener.hpp"
#include "support/http_client.hpp"
#include "support/world.hpp"

namespace struere::test {

// The cookie `user=ana; organization=acme` stands for that user. For tests alone.
inline std::optional<server::SignedIn> named_operator(const server::SignInRequest& request) {
  const std::string cookie(request.header("cookie").value_or(""));
  const std::size_t middle = cookie.find("; organization=");
  if (!cookie.starts_with("user=") || middle == std::string::npos) return std::nullopt;
  return server::SignedIn{UserId(cookie.substr(5, middle - 5)), OrganizationId(cookie.substr(middle + 15))};
}

inline server::ServerOptions with_named_operators(server::ServerOptions options) {
  if (!options.sign_in) options.sign_in = named_operator;
  return options;
}

class RunningServer {
 public:
  explicit RunningServer(const Database& database, const server::ServerOptions& options = {})
      : core_(server::Services{database, with_named_operators(options)}), listener_(core_) {
    listener_.start();
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void stop() {
    listener_.stop();
    core_.stop_queues();
  }
  std::uint16_t port() const { return listener_.port(); }
  server::Core& core() { return core_; }

 private:
  server::Core core_;
  server::Listener listener_;
};

// Notes of the team north are what the role `reader` reads, without `data.secret`; `writer` may do everything to notes.
class ServedWorld : public World {
 public:
  explicit ServedWorld(const server::ServerOptions& options = {}, StorageKind kind = StorageKind::memory,
                       DatabaseOptions of_database = {})
      : World(kind, of_database) {
    define_type({{"slug", "note"},
                 {"schema",
                  {{"type", "object"},
                   {"properties",
                    {{"text", {{"type", "string"}}},
                     {"team", {{"type", "string"}}},
                     {"number", {{"type", "number"}}},
                     {"secret", {{"type", "string"}}}}}}},
                 {"unique", {{"text"}}}});
    define_role({{"name", "writer"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
    define_role(
        {{"name", "reader"},
         {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}},
         {"scopeRules", {{{"entityType", "note"}, {"field", "data.team"}, {"operator", "eq"}, {"value", "north"}}}},
         {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}});
    writer = key({"writer"});
    reader = key({"reader"});
    server = std::make_unique<RunningServer>(*database, options);
  }

  std::string key(const std::vector<std::string>& roles) const {
    return system().api_keys().create({.name = "test", .roles = roles}).secret;
  }
  static HttpClient::Headers as(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }
  HttpAnswer ask(const std::string& method, const std::string& target, const std::string& key = {},
                 const std::optional<Json>& body = {}, HttpClient::Headers more = {}) const {
    if (!key.empty()) more.emplace_back("Authorization", "Bearer " + key);
    return HttpClient(server->port()).ask(method, target, more, body ? std::optional(body->dump()) : std::nullopt);
  }

  // With a body as it is; `more` has its Content-Type.
  HttpAnswer ask_text(const std::string& method, const std::string& target, const std::string& key,
                      const std::string& body, HttpClient::Headers more) const {
    more.emplace_back("Authorization", "Bearer " + key);
    return HttpClient(server->port()).ask(method, target, more, body.empty() ? std::nullopt : std::optional(body));
  }

  std::string writer, reader;  // keys
  std::unique_ptr<RunningServer> server;
};

}  // namespace struere::test
