#include "server/request.hpp"

#include <algorithm>
#include <array>

#include "server/refusal.hpp"
#include "struere/core/json.hpp"

namespace struere::server {
namespace {

constexpr std::size_t most_parameters = 64;
constexpr std::size_t most_segments = 16;

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `form`: a plus is a space, as forms write it.
std::string decoded(std::string_view text, bool form) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        throw Refusal(400, "malformed_request", "a % in the target is not followed by two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && form) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      throw Refusal(400, "malformed_request", "the target contains a control character");
    out += c;
  }
  // The library's own check of UTF-8, which it applies to every text.
  JsonFault fault;
  if (std::any_of(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }) &&
      !canonical_json(Json(out), fault))
    throw Refusal(400, "malformed_request", "the target is not UTF-8");
  return out;
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::remove: return "DELETE";
  }
  return "";
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::optional<Method> parse_method(std::string_view text) noexcept {
  for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::remove})
    if (to_string(method) == text) return method;
  return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return std::nullopt;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::string Request::path() const { return target.substr(0, target.find('?')); }

void read_target(Request& request) {
  const std::string_view target = request.target;
  if (target.empty() || target.front() != '/' || target.find('#') != std::string_view::npos)
    throw Refusal(400, "malformed_request", "the target must be a path that begins with /");
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(1, mark == std::string_view::npos ? mark : mark - 1);
  for (;;) {
    const std::size_t slash = path.find('/');
    std::string segment = decoded(path.substr(0, slash), false);
    if (segment == "." || segment == "..")
      throw Refusal(400, "malformed_request",
                    "the path must not contain . or ..; write the ids . and .. as ~. and ~..");
    request.segments.push_back(std::move(segment));
    if (request.segments.size() > most_segments) throw Refusal(404, "not_found", "there is no such path");
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  if (mark == std::string_view::npos) return;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::string name = decoded(pair.substr(0, equals), true);
    std::string value = equals == std::string_view::npos ? "" : decoded(pair.substr(equals + 1), true);
    if (request.query.size() == most_parameters)
      throw Refusal(400, "malformed_request", "the query has more than 64 parameters");
    if (!request.query.emplace(std::move(name), std::move(value)).second)
      throw Refusal(400, "malformed_request", "the query has a parameter twice");
  }
}

void require_distinct_headers(const Request& request) {
  constexpr std::array single{"host",     "authorization", "content-type",    "content-length",   "transfer-encoding",
                              "if-match", "origin",        "idempotency-key", "last-event-id",    "struere-view-as",
                              "cookie",   "traceparent",   "sec-fetch-site",  "content-encoding", "expect"};
  for (const std::string_view name : single) {
    const auto has_name = [&](const auto& header) { return header.first == name; };
    if (std::count_if(request.headers.begin(), request.headers.end(), has_name) > 1)
      throw Refusal(400, "malformed_request", "the header " + std::string(name) + " must not be repeated");
  }
}

}  // namespace struere::server
