#include "server/who_asks.hpp"

#include <algorithm>

#include "server/refusal.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

constexpr std::string_view bearer = "bearer ";

bool begins_with_bearer(std::string_view text) noexcept {
  return text.size() > bearer.size() && std::ranges::equal(text.substr(0, bearer.size()), bearer, {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
         });
}

Session session_of_key(const Request& request, const Services& services, std::string_view authorization) {
  if (!begins_with_bearer(authorization))
    throw Error(ErrorCode::unauthenticated, "Authorization must be `Bearer` followed by an API key");
  std::string_view key = authorization.substr(bearer.size());
  while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
  Session session = services.database.authenticate(key);
  const auto environment = request.parameter("environment");
  if (environment && *environment != to_string(session.actor().environment()))
    throw Refusal(400, "contradictory_environment",
                  "the key is for another environment than `environment` says; leave the parameter out");
  return session;
}

// A browser sends cookies with what another site makes it request. Sec-Fetch-Site and Origin cannot be forged by a
// page.
void require_same_site(const Request& request) {
  if (const auto site = request.header("sec-fetch-site")) {
    if (*site == "same-origin") return;
  } else if (const auto origin = request.header("origin")) {
    const auto host = request.header("host");
    const std::string own = std::string(request.is_secure ? "https://" : "http://") + std::string(host.value_or(""));
    if (host && *origin == own) return;
  }
  throw Refusal(403, "cross_site", "a request with a cookie must come from a page of this server");
}

Session session_of_operator(const Request& request, const Services& services, const Operator& person) {
  const auto named = request.parameter("environment");
  if (!named) throw Refusal(400, "missing_environment", "add ?environment=development or ?environment=production");
  const auto environment = parse_environment(*named);
  if (!environment) throw Refusal(400, "missing_environment", "an environment is development or production");
  try {
    return services.database.trusted_host().user_session(person.user, person.organization, *environment);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::permission_denied, "you are not a member of this organization any more");
  }
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (comma != 0 && !text.empty()) out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

ImpersonateOptions read_actor_name(std::string_view text) {
  ImpersonateOptions out;
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string name(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (kind == "user" && !name.empty())
    out.user = UserId(name);
  else if (kind == "agent" && !name.empty())
    out.agent = name;
  else if (kind == "key" && !name.empty())
    out.api_key = ApiKeyId(name);
  else if (kind == "roles" && colon != std::string_view::npos)
    out.roles = split(name);
  else
    throw Refusal(400, "malformed_request", "an actor is user:ID, agent:SLUG, key:KEY_ID or roles:NAME,NAME");
  return out;
}

Asker who_asks(const Request& request, const Services& services, bool is_read) {
  std::optional<Asker> asker;
  if (const auto authorization = request.header("authorization")) {
    asker = Asker{session_of_key(request, services, *authorization)};
  } else if (services.operators && request.header("cookie")) {
    const auto person = services.operators->find(request);
    if (!person) throw Error(ErrorCode::unauthenticated, "the session has ended; sign in again");
    if (request.method != Method::get) require_same_site(request);
    asker = Asker{session_of_operator(request, services, *person), person};
  } else {
    throw Error(ErrorCode::unauthenticated, "give an API key as `Authorization: Bearer …`, or sign in");
  }
  const auto view_as = request.header("struere-view-as");
  if (!view_as) return *std::move(asker);
  if (!is_read)
    throw Refusal(403, "permission_denied", "Struere-View-As only reads; leave the header out to write as yourself");
  return {asker->session.impersonate(read_actor_name(*view_as)), asker->operator_session, std::string(*view_as)};
}

}  // namespace struere::server
