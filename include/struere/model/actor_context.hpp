// The actor of a request: in one scope, with the roles that it has there (SPEC 2).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/authority.hpp"
#include "struere/core/id.hpp"
#include "struere/core/scope.hpp"
#include "struere/core/shared.hpp"
#include "struere/model/actor_name.hpp"
#include "struere/model/restriction.hpp"

namespace STRUERE_API struere {

enum class ActorType { user, agent, system, webhook };

std::string_view to_string(ActorType type) noexcept;

// A role that was resolved for an actor, identified by id: a new role with the name of a deleted one is another role.
struct ActorRole {
  RoleId id;
  std::string name;

  friend bool operator==(const ActorRole&, const ActorRole&) = default;
};

// The parts of an actor.
struct ActorParts {
  Scope scope;
  ActorType type;
  std::string id;
  std::vector<ActorRole> roles;
  bool is_org_admin = false;
  std::shared_ptr<const Restriction> restriction = nullptr;
  int cascade_depth = 0;
  std::string cascade_origin = {};
  std::shared_ptr<const ActorName> impersonated_by = nullptr;
  bool may_write = true;
};

// Says who the actor is. Operations need a Session (repository/session.hpp), and no function makes one from an actor.
// Immutable, cheap to copy, safe to share between threads. Made by the library alone.
class ActorContext {
 public:
  ActorContext(const Authority& authority, ActorParts parts);

  const Scope& scope() const noexcept { return state_->parts.scope; }
  const OrganizationId& organization() const noexcept { return scope().organization(); }
  Environment environment() const noexcept { return scope().environment(); }
  ActorType type() const noexcept { return state_->parts.type; }
  const std::string& id() const noexcept { return state_->parts.id; }
  const std::vector<ActorRole>& roles() const noexcept { return state_->parts.roles; }  // sorted by name
  bool is_org_admin() const noexcept { return state_->parts.is_org_admin; }

  // The restriction of the actor of a tool, which may be empty; null for other actors. It also applies to actors that
  // pass policies.
  const Restriction* restriction() const noexcept { return state_->parts.restriction.get(); }

  // The depth of the trigger run that this actor carries out; 0 if it is not the actor of a trigger run.
  int cascade_depth() const noexcept { return state_->parts.cascade_depth; }

  // The id of the first run of that chain, which a write of a caller triggered. Empty for other actors.
  const std::string& cascade_origin() const noexcept { return state_->parts.cascade_origin; }

  // The actor that acts as this one (Session::impersonate); null if none does.
  const ActorName* impersonated_by() const noexcept { return state_->parts.impersonated_by.get(); }

  // False if another actor acts as this one for reading only: each write is permission_denied.
  bool may_write() const noexcept { return state_->parts.may_write; }

  // System actors and org admins pass policies, rules and masks inside their own scope (SPEC 2). Nothing passes the
  // scope.
  bool passes_policies() const noexcept { return type() == ActorType::system || is_org_admin(); }

  // The trace that the actor's events carry (Session::traced); null if none.
  const std::string* trace_id() const noexcept { return trace_id_.get(); }

  // For the library itself: the same actor with another trace, or with none.
  ActorContext traced(const Authority& authority, std::shared_ptr<const std::string> trace_id) const;
  const std::shared_ptr<const std::string>& shared_trace_id() const noexcept { return trace_id_; }

  // For caches: unique among the actors made in this process; copies have the same number.
  std::uint64_t number() const noexcept { return state_->number; }

 private:
  struct State {
    ActorParts parts;
    std::uint64_t number;
  };

  Shared<const State> state_;
  std::shared_ptr<const std::string> trace_id_;  // no part of the state, which decides what the actor may do
};

}  // namespace struere
