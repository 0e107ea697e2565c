// Policies and what they decide: deny overrides, and nothing is allowed by default (SPEC 3).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/shared.hpp"
#include "struere/model/action.hpp"
#include "struere/model/role.hpp"

namespace STRUERE_API struere {

enum class Effect { allow, deny };

std::string_view to_string(Effect effect) noexcept;

// The resources that are not entity types: users, agents, threads, events, executions, packs, api_keys.
bool is_system_resource(std::string_view name) noexcept;

// Whether no new entity type may have this slug: it is a system resource, or begins the types of the library's own
// events (SPEC 3).
bool is_reserved_slug(std::string_view slug) noexcept;

struct Policy {
  std::string resource;          // a slug, a system resource or "*"
  std::optional<Action> action;  // none stands for "*"
  Effect effect = Effect::deny;

  bool matches(Action asked, std::string_view asked_resource) const noexcept;

  friend bool operator==(const Policy&, const Policy&) = default;
};

// A stored policy. One whose words are not known denies everything to its role: an unread `deny` must not allow.
Policy read_policy(const PolicyRecord& record);

// The answer to `can`, with its reason. True iff allowed. Immutable; copies share what it says.
class Decision {
 public:
  struct DecidingPolicy {
    std::string role;
    Policy policy;
  };

  static Decision allow(std::string reason) { return Decision(true, std::move(reason), std::nullopt, 0); }
  Decision(bool allowed, std::string reason, std::optional<DecidingPolicy> policy, std::size_t considered)
      : said_(std::make_shared<const Said>(Said{allowed, std::move(reason), std::move(policy), considered})) {}

  bool allowed() const noexcept { return said_->allowed; }
  explicit operator bool() const noexcept { return said_->allowed; }
  const std::string& reason() const& noexcept { return said_->reason; }
  std::string reason() && { return said_->reason; }
  // The one that decided, if one did.
  const std::optional<DecidingPolicy>& policy() const& noexcept { return said_->policy; }
  std::optional<DecidingPolicy> policy() && { return said_->policy; }
  std::size_t considered() const noexcept { return said_->considered; }  // how many policies were looked at

 private:
  struct Said {
    bool allowed;
    std::string reason;
    std::optional<DecidingPolicy> policy;
    std::size_t considered;
  };

  Shared<const Said> said_;
};

}  // namespace struere
