#include "struere/access/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/reserved_words.hpp"
#include "core/single_line.hpp"
#include "struere/access/rule_book.hpp"

namespace struere {

std::string_view to_string(Effect effect) noexcept { return effect == Effect::allow ? "allow" : "deny"; }

bool is_system_resource(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 7> resources{"users",      "agents", "threads", "events",
                                                      "executions", "packs",  "api_keys"};
  return std::ranges::find(resources, name) != resources.end();
}

bool is_reserved_slug(std::string_view slug) noexcept { return is_system_resource(slug) || is_event_word(slug); }

bool Policy::matches(Action asked, std::string_view asked_resource) const noexcept {
  return (!action || *action == asked) && (resource == "*" || resource == asked_resource);
}

Policy read_policy(const PolicyRecord& record) {
  const auto action = parse_action(record.action);
  const bool known_effect = record.effect == "allow" || record.effect == "deny";
  if ((!action && record.action != "*") || !known_effect) return {"*", std::nullopt, Effect::deny};
  return {record.resource, action, record.effect == "allow" ? Effect::allow : Effect::deny};
}

Decision decide(std::span<const RolePolicies> roles, Action action, std::string_view resource) {
  const Policy* deciding = nullptr;
  std::string role_name;
  std::size_t considered = 0;
  for (const RolePolicies& role : roles) {
    considered += role.policies.size();
    for (const Policy& policy : role.policies) {
      if (!policy.matches(action, resource)) continue;
      if (deciding && (deciding->effect == Effect::deny || policy.effect == Effect::allow)) continue;
      deciding = &policy;
      role_name = role.role;
    }
  }
  if (!deciding) {
    return Decision(false,
                    message_line(fmt::format("no policy of the actor's roles allows `{}` on `{}`", to_string(action),
                                             resource.substr(0, longest_line))),
                    std::nullopt, considered);
  }
  const bool allowed = deciding->effect == Effect::allow;
  return Decision(allowed,
                  fmt::format("role `{}` {} `{}` on `{}`", role_name, allowed ? "allows" : "denies",
                              deciding->action ? to_string(*deciding->action) : "*", deciding->resource),
                  Decision::DecidingPolicy{role_name, *deciding}, considered);
}

}  // namespace struere
