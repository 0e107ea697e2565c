// A small company behind a real server on a port of its own, and a client that sends what a test says, byte for byte.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cctype>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "struere/server/server.hpp"
#include "support/json_in_passing.hpp"
#include "support/world.hpp"

namespace struere::test {

struct SentAnswer : AnswerWithBody {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

using SentHeaders = std::map<std::string, std::string>;

// One request on a connection of its own.
inline void require_io(bool is_done, const char* what) {  // not by Catch: threads send as well
  if (!is_done) throw std::runtime_error(what);
}

inline SentAnswer send_request(std::uint16_t port, const std::string& method, const std::string& target,
                               const SentHeaders& headers = {}, const std::string& body = {}) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  require_io(connection >= 0, "no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require_io(connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "no server");
  std::string sent = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", method, target, port);
  for (const auto& [name, value] : headers) sent += fmt::format("{}: {}\r\n", name, value);
  if (!body.empty() || method != "GET") sent += fmt::format("Content-Length: {}\r\n", body.size());
  sent += "\r\n" + body;
  for (std::size_t at = 0; at < sent.size();) {
    const ssize_t went = send(connection, sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
    if (went <= 0) break;  // the server has answered already
    at += static_cast<std::size_t>(went);
  }
  std::string got;
  char part[16384];
  for (ssize_t size = 0; (size = recv(connection, part, sizeof part, 0)) > 0;)
    got.append(part, static_cast<std::size_t>(size));
  close(connection);

  SentAnswer out;
  const std::size_t end = got.find("\r\n\r\n");
  require_io(end != std::string::npos, "the answer has no end of its headers");
  out.status = std::stoi(got.substr(9, 3));
  for (std::size_t at = got.find("\r\n") + 2; at < end;) {
    const std::size_t next = got.find("\r\n", at), colon = got.find(':', at);
    std::string name = got.substr(at, colon - at);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    out.headers.emplace(name, got.substr(colon + 2, next - colon - 2));
    at = next + 2;
  }
  std::string rest = got.substr(end + 4);
  if (out.header("transfer-encoding") != "chunked") {
    out.body = std::move(rest);
    return out;
  }
  for (std::size_t at = 0;;) {
    const std::size_t line = rest.find("\r\n", at);
    require_io(line != std::string::npos, "a chunk is cut off");
    const std::size_t size = std::stoul(rest.substr(at, line - at), nullptr, 16);
    if (size == 0) return out;
    out.body += rest.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
}

// `boss` is an org admin, `olga` a member who may read notes in development.
class SignInWorld : public World {
 public:
  explicit SignInWorld(server::ServerOptions options = {}, StorageKind kind = StorageKind::memory)
      : World(kind), server_(prepared(), std::move(options)) {
    server_.start();
  }

  std::uint16_t port() const { return server_.port(); }
  std::string origin() const { return fmt::format("http://127.0.0.1:{}", port()); }

  SentAnswer send(const std::string& method, const std::string& target, SentHeaders headers = {},
                  const std::optional<Json>& body = {}) const {
    if (body) headers.emplace("Content-Type", "application/json");
    return send_request(port(), method, target, headers, body ? body->dump() : "");
  }

  std::string link_of(const std::string& user) const {
    return host().operator_sessions().invite(OrganizationId("acme"), UserId(user)).secret;
  }
  // The header with which a browser comes back.
  std::string cookie_of(const std::string& user) const {
    const SentAnswer made =
        send("POST", "/v1/operator/session", {{"Sec-Fetch-Site", "same-origin"}}, Json{{"token", link_of(user)}});
    REQUIRE(made.status == 201);
    const std::string cookie = made.header("set-cookie");
    return cookie.substr(0, cookie.find(';'));
  }
  // A request of a page of this server, in an environment.
  SentAnswer as(const std::string& cookie, const std::string& method, const std::string& path,
                const std::optional<Json>& body = {}, const std::string& environment = "development") const {
    const char separator = path.find('?') == std::string::npos ? '?' : '&';
    return send(method, fmt::format("{}{}environment={}", path, separator, environment),
                {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}}, body);
  }

 private:
  Database prepared() const {
    define_type({{"slug", "note"}, {"schema", {{"properties", {{"text", {{"type", "string"}}}}}}}});
    define_role({{"name", "reader"},
                 {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}}});
    user("boss", {}, Environment::development, "acme", MembershipRole::admin);
    user("olga", {"reader"});
    return *database;
  }

  server::Server server_;
};

}  // namespace struere::test
