// A request as handlers see it: bounded, checked and decoded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace struere::server {

enum class Method { get, post, put, patch, remove };

std::string_view to_string(Method method) noexcept;  // "DELETE"
std::optional<Method> parse_method(std::string_view text) noexcept;
std::string lower_case(std::string_view text);  // of ASCII letters, for what a header says in any case

class Request {
 public:
  Method method = Method::get;
  bool is_head = false;               // a GET whose answer has no body
  bool is_http_1_0 = false;           // knows no chunks
  std::string target;                 // as sent
  std::vector<std::string> segments;  // of the path, decoded
  std::map<std::string, std::string, std::less<>> query;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string peer;  // the address of the client
  bool is_loopback = false;
  bool is_secure = false;  // came by TLS

  // nullopt if the header is missing.
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;  // of the query
  std::string path() const;                                                // without the query
};

// Fills `segments` and `query` from `target`. Throws Refusal{400} for a target that is not a path with a query of
// distinct names, or that does not decode to UTF-8 without control characters.
void read_target(Request& request);

// Throws Refusal{400} if a header that means one thing is there twice.
void require_distinct_headers(const Request& request);

}  // namespace struere::server
