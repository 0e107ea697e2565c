#include "server/call.hpp"

#include <charconv>

#include "server/refusal.hpp"
#include "struere/core/error.hpp"

namespace struere::server {

const Asker& Call::asker() const {
  if (!asker_) throw Error(ErrorCode::unauthenticated, "give an API key as a bearer token, or sign in");
  return *asker_;
}

const Session& Call::session() const { return asker().session; }

std::optional<std::string> Call::text(std::string_view parameter) const {
  const auto found = request_.parameter(parameter);
  return found ? std::optional(std::string(*found)) : std::nullopt;
}

std::optional<std::int64_t> Call::integer(std::string_view parameter) const {
  const auto found = request_.parameter(parameter);
  if (!found) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, fault] = std::from_chars(found->data(), found->data() + found->size(), out);
  if (fault != std::errc() || end != found->data() + found->size())
    throw Refusal(400, "malformed_request",
                  "the parameter `" + std::string(parameter) + "` must be a whole number" +
                      (parameter == "since" || parameter == "until" ? " of milliseconds since 1970" : ""));
  return out;
}

bool Call::flag(std::string_view parameter) const {
  const auto found = request_.parameter(parameter);
  if (!found || *found == "false") return false;
  if (*found == "true" || found->empty()) return true;
  throw Refusal(400, "malformed_request", "the parameter `" + std::string(parameter) + "` must be true or false");
}

}  // namespace struere::server
