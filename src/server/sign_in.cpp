#include "server/sign_in.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "server/refusal.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

// The prefix makes browsers refuse it from other hosts and paths, and without TLS; they make an exception of loopback.
constexpr std::string_view cookie_name = "__Host-struere";
constexpr std::string_view cookie_attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";

// The value of the cookie; empty if there is none. Two of the name are none: somebody else may have set one.
std::string_view cookie_of(const Request& request) {
  std::string_view rest = request.header("cookie").value_or("");
  std::optional<std::string_view> found;
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name) continue;
    if (found) return {};
    found = pair.substr(equals + 1);
  }
  return found.value_or("");
}

Operator session_of_secret(const Services& services, std::string_view secret, bool is_ambient) {
  auto found = services.database.trusted_host().operator_sessions().find(secret);
  if (!found) throw Error(ErrorCode::unauthenticated, "the session has ended; sign in again");
  return {found->user, found->organization, *found, std::string(secret), is_ambient};
}

bool is_operator_secret(std::string_view token) noexcept { return token.starts_with("op_"); }

}  // namespace

std::optional<std::string_view> bearer_token(const Request& request) {
  constexpr std::string_view scheme = "bearer ";
  const auto header = request.header("authorization");
  if (!header) return std::nullopt;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (header->size() <= scheme.size() || !std::ranges::equal(header->substr(0, scheme.size()), scheme, {}, lower))
    throw Error(ErrorCode::unauthenticated, "Authorization must be `Bearer` followed by an API key");
  std::string_view token = header->substr(scheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

std::optional<Operator> find_operator(const Request& request, const Services& services) {
  if (const auto token = bearer_token(request))
    return is_operator_secret(*token) ? std::optional(session_of_secret(services, *token, false)) : std::nullopt;
  if (services.options.sign_in) {
    const SignInRequest asked{request.peer, [&](std::string_view name) { return request.header(name); }};
    if (auto person = services.options.sign_in(asked))
      return Operator{std::move(person->user), std::move(person->organization)};
  }
  if (const std::string_view secret = cookie_of(request); !secret.empty())
    return session_of_secret(services, secret, true);
  return std::nullopt;
}

void require_same_origin(const Request& request) {
  if (const auto site = request.header("sec-fetch-site")) {
    if (*site == "same-origin") return;
  } else if (const auto origin = request.header("origin")) {
    const std::string own =
        (request.is_secure ? "https://" : "http://") + std::string(request.header("host").value_or(""));
    if (*origin == own) return;
  }
  throw Refusal(403, "cross_site", "a change must come from a page of this server");
}

std::string session_cookie(const OperatorSecret& made) {
  constexpr Timestamp second = 1000;
  return fmt::format("{}={}; Max-Age={}; {}", cookie_name, made.secret,
                     (made.session.expires_at - made.session.created_at) / second, cookie_attributes);
}

std::string ended_cookie() { return fmt::format("{}=; Max-Age=0; {}", cookie_name, cookie_attributes); }

}  // namespace struere::server
