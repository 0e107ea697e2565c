// The HTTP server: the same operations as in process, for clients elsewhere (docs/server.md, docs/http.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/repository/database.hpp"
#include "struere/repository/operator_sessions.hpp"

namespace struere {
namespace STRUERE_API server {

// The bounds of one server (docs/limits.md). A client that exceeds one is refused or disconnected; others notice
// nothing.
struct ServerLimits {
  std::size_t header_bytes = 16 * 1024;               // of the request line and all headers
  std::size_t body_bytes = 1024 * 1024 + 4096;        // of a body, except where a route says otherwise
  std::size_t bodies_bytes = 256 << 20;               // of all bodies that are held at once
  std::size_t answers_bytes = 256 << 20;              // of all answers that clients have not read yet
  std::chrono::milliseconds header_time{10'000};      // from the first byte of a request to the end of its headers
  std::chrono::milliseconds body_time{30'000};        // for a body; twice that for an import
  std::chrono::milliseconds write_time{30'000};       // for each part of an answer
  std::chrono::milliseconds idle_time{60'000};        // between two requests of a connection
  std::chrono::milliseconds query_time{30'000};       // of one operation that reads
  std::chrono::milliseconds transaction_time{2'000};  // then no further operation of /v1/transaction begins
  std::chrono::milliseconds stop_time{10'000};        // for running requests when the server stops
  std::size_t connections = 2048;
  std::size_t requests_per_connection = 100'000;
  std::size_t waiting_requests = 4096;  // that wait for a thread
  std::size_t waiting_requests_per_organization = 512;
  // Zero: as many as there are. A burst may be as large as what a second allows.
  std::uint32_t requests_per_second = 0;  // of one key or operator
  std::uint32_t requests_per_second_of_organization = 0;
  std::size_t streams = 512;  // of events; an organization has at most as many as it leaves free
  std::size_t streams_per_actor = 8;
};

// The certificate chain and its private key, as PEM files.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

// What a host's own sign-in sees of a request (docs/server.md).
struct SignInRequest {
  std::string_view peer;  // the address of the client, or of the proxy
  // The value of a header, by its name in lower case; nullopt if the request does not have it.
  std::function<std::optional<std::string_view>(std::string_view lower_case_name)> header;
};

struct SignedIn {
  UserId user;
  OrganizationId organization;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free port
  // The names by which clients reach the server, in addition to localhost and the address; without ports. Requests for
  // another name are refused, so that a page of another site cannot use a server on loopback.
  std::vector<std::string> hosts = {};
  std::optional<TlsFiles> tls = {};
  ServerLimits limits = {};
  unsigned io_threads = 2;
  unsigned read_threads = 4;   // for operations that read
  unsigned write_threads = 8;  // for operations that write: waiting writers share a commit
  // When the sessions of operators end by themselves: those of browsers, and those of `struere login`.
  OperatorSessionTerms browser_session = {};
  OperatorSessionTerms cli_session = {std::chrono::hours(7 * 24), std::chrono::hours(30 * 24)};
  // The host's own sign-in: which member of which organization a request without an API key comes from; nullopt if it
  // does not know, and the session's cookie decides. Called for each request, from many threads; must be quick. It is
  // trusted: it must not believe a header that a client can send itself.
  std::function<std::optional<SignedIn>(const SignInRequest& request)> sign_in = {};
  // Takes each line of the access log with the status of the answer: JSON without a value, key or id of the data.
  // Called from many threads.
  std::function<void(std::string_view line, unsigned status)> access_log = {};
  // Who may read /metrics, in addition to clients on this machine that no proxy speaks for: a bearer token.
  std::optional<std::string> metrics_token = {};
};

// Serves one database. Knows no storage. Safe to use from several threads.
class Server {
 public:
  // Throws Error{invalid_data} if the options contradict, and Error{storage} if the address cannot be bound or the
  // certificate cannot be read. Accepts connections once start() is called.
  Server(Database database, ServerOptions options = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  // Accepts no more connections, finishes the requests that run, at most for `stop_time`, and closes all others.
  // Returns when all threads ended. May be called more than once.
  void stop();

  std::uint16_t port() const noexcept;
  std::string url() const;  // http://127.0.0.1:8080

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace server
}  // namespace struere
