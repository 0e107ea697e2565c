#include "server/route_table.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string_view>

#include "server/refusal.hpp"

namespace struere::server {
namespace {

bool is_parameter(const std::string& segment) noexcept { return !segment.empty() && segment.front() == '{'; }

std::vector<std::string> segments_of(const std::string& pattern) {
  std::vector<std::string> out;
  std::size_t at = 1;
  for (;;) {
    const std::size_t slash = pattern.find('/', at);
    out.push_back(pattern.substr(at, slash - at));
    if (slash == std::string::npos) return out;
    at = slash + 1;
  }
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (is_parameter(pattern[i]) ? segments[i].empty() : pattern[i] != segments[i]) return false;
  return true;
}

// The value of a parameter. `~.`, `~..` and `~export` stand for `.`, `..` and `export`, which are ids like others, but
// which clients remove from a path, or which is a route; `~~.` stands for `~.`, and so on.
std::string value_of(const std::string& segment) {
  const std::size_t first = segment.find_first_not_of('~');
  if (first == 0 || first == std::string::npos) return segment;
  const std::string_view rest = std::string_view(segment).substr(first);
  return rest == "." || rest == ".." || rest == "export" ? segment.substr(1) : segment;
}

// "0" for a literal, "1" for a parameter: sorts literals before parameters, from the left.
std::string shape_of(const std::vector<std::string>& pattern) {
  std::string out;
  for (const std::string& segment : pattern) out += is_parameter(segment) ? '1' : '0';
  return out;
}

void require_known_parameters(const Request& request, const Route& route) {
  for (const auto& [name, value] : request.query) {
    if (name == "environment" && route.access == Access::session) continue;
    if (std::ranges::find(route.parameters, name, &Parameter::name) == route.parameters.end())
      throw Refusal(400, "malformed_request",
                    "this route has no parameter `" + name + "`; docs/http.md lists those it has");
  }
}

// JSON is UTF-8. A body that says something else is not read as if it were.
void require_utf8(const Request& request, const Route& route) {
  if (route.request.empty()) return;
  std::string type = lower_case(request.header("content-type").value_or(""));
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  const std::size_t at = type.find(";charset=");
  if (at == std::string::npos) return;
  const std::size_t begin = at + std::string_view(";charset=").size();
  const std::string charset = type.substr(begin, type.find(';', begin) - begin);
  if (charset != "utf-8" && charset != "us-ascii")
    throw Refusal(415, "unsupported_media_type", "send the body as UTF-8; leave the charset out");
}

// A condition that is not checked must not be dropped, nor a key that nothing is kept by: the client relies on it.
// Conditions that only save a transfer (If-None-Match of a GET) are dropped.
void require_no_dropped_condition(const Request& request, const Route& route) {
  const auto refuse = [&](const char* name) {
    throw Refusal(400, "malformed_request",
                  std::string("this route does not check ") + name + "; leave it out (docs/http.md says which do)");
  };
  if (request.header("if-match") && !route.takes_if_match) refuse("If-Match");
  if (request.header("idempotency-key") && request.method != Method::get && request.method != Method::post)
    throw Refusal(400, "malformed_request",
                  "only a POST takes an Idempotency-Key; repeat a PUT or DELETE as it is, and send a PATCH with "
                  "If-Match, so that it is carried out once");
  if (request.header("if-unmodified-since")) refuse("If-Unmodified-Since");
  if (request.method == Method::get) return;
  if (request.header("if-none-match")) refuse("If-None-Match");
  if (request.header("if-modified-since")) refuse("If-Modified-Since");
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::set<std::string> seen;
  for (const Route& route : routes_) {
    auto segments = segments_of(route.pattern);
    std::string key(to_string(route.method));
    for (const std::string& segment : segments) key += "/" + (is_parameter(segment) ? std::string("{}") : segment);
    if (!seen.insert(key).second) throw std::logic_error("two routes are " + key);
    const std::size_t length = segments.size();
    by_length_[length].push_back({&route, std::move(segments)});
  }
  for (auto& [length, rows] : by_length_)
    std::ranges::stable_sort(rows, {}, [](const Row& row) { return shape_of(row.segments); });
}

bool RouteTable::knows(const Request& request) const {
  const auto rows = by_length_.find(request.segments.size());
  return rows != by_length_.end() &&
         std::ranges::any_of(rows->second, [&](const Row& row) { return matches(row.segments, request.segments); });
}

RouteTable::Match RouteTable::find(const Request& request) const {
  const auto rows = by_length_.find(request.segments.size());
  std::set<std::string> allowed;
  if (rows != by_length_.end())
    for (const Row& row : rows->second) {
      if (!matches(row.segments, request.segments)) continue;
      allowed.emplace(to_string(row.route->method));
      if (row.route->method != request.method) continue;
      require_known_parameters(request, *row.route);
      require_no_dropped_condition(request, *row.route);
      require_utf8(request, *row.route);
      Match out{row.route, {}};
      for (std::size_t i = 0; i < row.segments.size(); ++i)
        if (is_parameter(row.segments[i]))
          out.parameters.emplace(row.segments[i].substr(1, row.segments[i].size() - 2), value_of(request.segments[i]));
      return out;
    }
  if (allowed.empty()) throw Refusal(404, "not_found", "there is no such path; docs/http.md lists them");
  if (allowed.contains("GET")) allowed.emplace("HEAD");
  std::string list;
  for (const std::string& method : allowed) list += (list.empty() ? "" : ", ") + method;
  throw Refusal(405, "method_not_allowed", "this path takes " + list, {{"Allow", list}});
}

}  // namespace struere::server
