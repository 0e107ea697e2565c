// The operations of scenario files over HTTP (docs/http.md): the twin of operations.hpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "references.hpp"
#include "struere/core/json.hpp"

namespace struere::conformance {

struct HttpRequest {
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  std::string method;
  std::vector<std::string> segments;  // of the path, not encoded
  Parameters parameters = {};         // of the query, not encoded
  std::optional<Json> body = {};
  std::optional<std::string> if_match = {};
};

// How the operations reach a server that has the world of the scenario.
class HttpAsker {
 public:
  virtual ~HttpAsker() = default;

  virtual References& references() = 0;
  // The body of the answer to this actor of a step. Throws Error with the code of a problem, and its index.
  virtual Json ask(const Json& actor, const HttpRequest& request) = 0;
  // Runs `post`, whose answer says what became of the entity of the ref: `created`, unless it is true, and `entity`, or
  // the entity itself.
  virtual Json make(const std::string& ref, const std::string& type, const std::function<Json()>& post) = 0;
  // Runs the request of a unit of work.
  virtual Json in_unit(const std::function<Json()>& post) = 0;
};

// Why this step, without regard to its actor, cannot be said over HTTP; nullopt if it can.
std::optional<std::string> why_not_over_http(const Json& step);

class HttpOperations {
 public:
  explicit HttpOperations(HttpAsker& asker) : asker_(asker) {}

  // Performs the next step, of which why_not_over_http() is nullopt. Throws Error with the code of a problem.
  Json perform(const Json& actor, const Json& step, std::size_t index);

 private:
  using Segments = std::vector<std::string>;

  Json perform_as(const Json& step, std::size_t index, const std::optional<std::string>& cursor);
  Json about_one(const Json& step, const Segments& entities);
  Json aggregate(const Json& step, Segments entities);
  Json transaction(const Json& step);
  Json events(const Json& step);
  Json related(const Json& step);
  Json ask(const std::string& method, const Segments& segments, const std::optional<Json>& body = {});
  Json all_pages(HttpRequest request);
  std::string id_in(const Json& step, const char* key);
  Json query_in(const Json& step);
  Json shown_row(const Json& row) const;
  Json shown_rows(const Json& rows) const;

  HttpAsker& asker_;
  Json actor_;
  std::optional<std::string> cursor_;
};

}  // namespace struere::conformance
