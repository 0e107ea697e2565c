#include "server/who_asks.hpp"

#include "server/refusal.hpp"
#include "server/sign_in.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Session session_of_key(const Request& request, const Services& services, std::string_view key) {
  Session session = services.database.authenticate(key);
  const auto environment = request.parameter("environment");
  if (environment && *environment != to_string(session.actor().environment()))
    throw Refusal(400, "contradictory_environment",
                  "the key is for another environment than `environment` says; leave the parameter out");
  return session;
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
  if (auto person = find_operator(request, services)) {
    if (person->is_ambient && request.method != Method::get) require_same_origin(request);
    Session session = session_of_operator(request, services, *person);
    asker = Asker{std::move(session), std::move(person)};
  } else if (const auto key = bearer_token(request)) {
    asker = Asker{session_of_key(request, services, *key)};
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
