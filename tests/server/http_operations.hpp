// The operations of scenario files (tests/conformance/README.md) over HTTP: the twin of
// tools/conformance/operations.hpp.
#pragma once

#include <optional>
#include <string>

#include "conformance/operations.hpp"
#include "conformance/world.hpp"
#include "support/http_client.hpp"

namespace struere::test {

// API keys ask as they are, users as operators (named_operator). The system actor has no way over HTTP, nor have
// definitions of a host: these steps are performed in process.
class HttpOperations {
 public:
  HttpOperations(conformance::World& world, HttpClient& client) : world_(world), client_(client), in_process_(world) {}

  // As Operations::perform.
  Json perform(const Json& step, std::size_t index);
  int over_http() const noexcept { return over_http_; }  // how many steps were

 private:
  Json perform_over_http(const Json& step, std::size_t index, const std::optional<std::string>& cursor);
  Json transaction(const Json& step);
  Json events(const Json& step);
  Json related(const Json& step);
  Json made(const Json& step, std::size_t index, const std::string& target, const Json& body);
  // The body of the answer. Throws Error with the code of a problem.
  Json ask(const std::string& method, const std::string& target, const std::optional<std::string>& body = {},
           HttpClient::Headers headers = {});
  std::string type_of(const Json& step);  // of the entity that `id` names
  std::string id_in(const Json& step, const char* key);
  Json query_in(const Json& step);
  Json shown_row(const Json& row) const;
  Json shown_rows(const Json& rows) const;

  conformance::World& world_;
  HttpClient& client_;
  conformance::Operations in_process_;
  Json actor_;
  std::optional<std::string> cursor_;
  std::optional<std::size_t> failed_at_;  // the index of the last problem
  int over_http_ = 0;
};

}  // namespace struere::test
