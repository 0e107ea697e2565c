#include "server/response.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

#include "server/public_words.hpp"
#include "server/refusal.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

unsigned status_of(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::unauthenticated: return 401;
    case ErrorCode::permission_denied: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::storage: return error.is_transient() ? 503 : 500;
    default: return 422;
  }
}

Response problem_of(unsigned status, std::string code, Json members) {
  members.update(Json{{"type", "about:blank"}, {"title", reason_of(status)}, {"status", status}, {"code", code}});
  Response out = json_response(members, status);
  out.content_type = "application/problem+json";
  out.code = std::move(code);
  if (status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (status == 503) out.headers.emplace_back("Retry-After", "1");
  return out;
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text.data(), size);
}

const std::string& cached_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  if (const std::time_t now = std::time(nullptr); now != second) {
    text = date();
    second = now;
  }
  return text;
}

}  // namespace

Response json_response(const Json& value, unsigned status) {
  Response out;
  out.status = status;
  out.body = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out;
}

Response text_response(std::string text, std::string content_type) {
  Response out;
  out.body = std::move(text);
  out.content_type = std::move(content_type);
  return out;
}

Response no_content() {
  Response out;
  out.status = 204;
  out.content_type.clear();
  return out;
}

Response problem(const std::exception& thrown) {
  if (const auto* const error = dynamic_cast<const Error*>(&thrown)) {
    // A storage names files and statements, which are not for clients.
    Json members{{"detail", error->code() != ErrorCode::storage ? in_public_words(error->what())
                            : error->is_transient()             ? "the database is busy; try again"
                                                    : "the database cannot answer; the server's log says why"}};
    if (!error->path().empty()) members["path"] = error->path();
    if (error->index()) members["index"] = *error->index();
    if (error->is_transient()) members["transient"] = true;
    Response out = problem_of(status_of(*error), std::string(to_string(error->code())), std::move(members));
    if (error->code() == ErrorCode::storage) out.hidden_detail = error->what();
    return out;
  }
  if (const auto* const refusal = dynamic_cast<const Refusal*>(&thrown)) {
    Response out = problem_of(refusal->status(), refusal->code(), {{"detail", refusal->what()}});
    out.headers.insert(out.headers.end(), refusal->headers().begin(), refusal->headers().end());
    return out;
  }
  Response out = problem_of(500, "internal", {{"detail", "the server failed; its log says why"}});
  out.hidden_detail = thrown.what();
  return out;
}

std::string_view reason_of(unsigned status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

std::string head_of(const Response& response, bool keeps_connection) {
  std::string out;
  out.reserve(768);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason_of(response.status),
                 cached_date());
  if (!response.content_type.empty())
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", response.content_type);
  if (response.stream)
    out += "Transfer-Encoding: chunked\r\n";
  else if (response.status != 204 && response.status != 304)
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  out +=
      "X-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "X-Frame-Options: DENY\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n"
      "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
      "frame-ancestors 'none'; require-trusted-types-for 'script'\r\n";
  out += response.is_public ? "Cache-Control: public, max-age=31536000, immutable\r\n" : "Cache-Control: no-store\r\n";
  for (const auto& [name, value] : response.headers) {
    // A name or value with a line end would begin another header.
    if (name.find_first_of("\r\n") != std::string::npos ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      continue;
    fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
  }
  out += keeps_connection ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return out;
}

}  // namespace struere::server
