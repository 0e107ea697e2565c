// One row of the route table: what is served, how it is documented, and what carries it out.
//
// Routes stand in src/server/routes/: a file has a function `void add_…(std::vector<Route>& routes)`, which
// routes/all_routes.hpp declares and all_routes.cpp calls. OpenAPI and docs/http.md are made from the same rows.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/call.hpp"
#include "server/response.hpp"

namespace struere::server {

enum class Access {
  open,     // anybody
  session,  // an API key or an operator: Call::session()
};

// On which threads a handler runs, and whether it is a read that "view as" allows.
enum class Lane {
  brief,  // microseconds, and never a wait: on the thread of the connection
  read,
  write,
};

// Where the answer of a POST with an `Idempotency-Key` is kept for a repeated one.
enum class Idempotency {
  none,        // nowhere: the route only reads, or is no POST
  in_commit,   // in the database, by the commit of the write: the handler does nothing but one unit of work
  in_process,  // in memory until the process ends: several transactions, an answer that holds a secret, or a purge,
               // whose commit keeps no answer
};

// A parameter of the query. All others are refused.
struct Parameter {
  std::string name;
  std::string description;
  std::string type = "string";  // of JSON Schema: "string", "integer", "boolean"
};

struct Route {
  Method method = Method::get;
  std::string pattern;  // "/v1/entities/{type}/{id}"; a segment is literal or a parameter
  std::string summary;  // one sentence of a reference, without a full stop
  std::function<Response(const Call&)> handler;
  Lane lane = Lane::read;
  Access access = Access::session;
  std::vector<Parameter> parameters = {};
  std::string request = {};  // the names of schemas in schemas.cpp; empty: no body
  std::string answer = {};
  unsigned status = 200;      // of success
  unsigned other_status = 0;  // of success too, with the same answer; 0: there is none
  std::string request_type = "application/json";
  std::string answer_type = "application/json";
  std::optional<std::size_t> body_bytes = {};  // nullopt: ServerLimits::body_bytes
  // Set if the answer holds a secret, which is shown once: what a client does that lost the answer. The server keeps
  // no such answer, so a repeated request with the same Idempotency-Key gets these words.
  std::string lost_answer = {};
  Idempotency idempotency = Idempotency::none;
  bool takes_if_match = false;  // the handler checks the header If-Match; other routes refuse it
};

}  // namespace struere::server
