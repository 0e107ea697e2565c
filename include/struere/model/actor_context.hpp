// Who asks: one actor, in one scope, with the roles it has there (SPEC 2).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/id.hpp"
#include "struere/core/scope.hpp"
#include "struere/model/restriction.hpp"

namespace struere {

enum class ActorType { user, agent, system, webhook };

std::string_view to_string(ActorType type) noexcept;

// A role that was resolved for an actor. Held by id: a role that is deleted and made anew is another one.
struct ActorRole {
  RoleId id;
  std::string name;

  friend bool operator==(const ActorRole&, const ActorRole&) = default;
};

// Immutable, cheap to copy, safe to share between threads. Made only by authenticating a key or by the trusted host;
// its scope cannot be changed, and no operation takes a scope or an environment beside it.
class ActorContext {
 public:
  const Scope& scope() const noexcept { return state_->scope; }
  const OrganizationId& organization() const noexcept { return state_->scope.organization(); }
  Environment environment() const noexcept { return state_->scope.environment(); }
  ActorType type() const noexcept { return state_->type; }
  const std::string& id() const noexcept { return state_->id; }
  const std::vector<ActorRole>& roles() const noexcept { return state_->roles; }  // sorted by name
  bool is_org_admin() const noexcept { return state_->is_org_admin; }

  // Of an actor that a tool acts as; nothing for everybody else. It holds for whoever passes policies, too.
  const Restriction* restriction() const noexcept { return state_->restriction.get(); }

  // How many triggers led to what this actor does: 0 for everybody but the tools of trigger runs.
  int cascade_depth() const noexcept { return state_->cascade_depth; }
  // Of these, the first run that the write of a caller set off: its id. Empty for everybody else.
  const std::string& cascade_origin() const noexcept { return state_->cascade_origin; }

  // System actors and org admins pass policies, rules and masks inside their own scope (SPEC 2). Nothing passes the
  // scope.
  bool passes_policies() const noexcept { return type() == ActorType::system || is_org_admin(); }

 private:
  friend class Authentication;
  friend class ActorResolver;
  friend class TrustedHost;
  friend class ToolIdentityResolver;
  friend class TriggerActors;
  friend struct Engine;

  struct State {
    Scope scope;
    ActorType type;
    std::string id;
    std::vector<ActorRole> roles;
    bool is_org_admin;
    std::shared_ptr<const Restriction> restriction = nullptr;
    int cascade_depth = 0;
    std::string cascade_origin = {};
    std::uint64_t number = 0;  // no two that were made in this process have the same; copies do
  };

  explicit ActorContext(State state);

  std::shared_ptr<const State> state_;
};

}  // namespace struere
