// The actor that a repository works for.
#pragma once

#include <memory>

#include "struere/core/authority.hpp"
#include "struere/core/shared.hpp"
#include "struere/model/actor_context.hpp"

namespace STRUERE_API struere {

struct Engine;
class UnitOfWork;

// One actor on one database, inside or outside of a unit of work. Opaque: a session makes its repositories with one,
// and gives it to no other code. Immutable, cheap to copy.
class Caller {
 public:
  Caller(const Authority& authority, std::shared_ptr<Engine> engine, ActorContext actor,
         std::shared_ptr<UnitOfWork> unit = nullptr);

  const ActorContext& actor() const noexcept { return state_->actor; }
  Engine& engine() const noexcept { return *state_->engine; }
  // For the library itself.
  const std::shared_ptr<Engine>& shared_engine(const Authority& authority) const;
  const std::shared_ptr<UnitOfWork>& shared_unit() const noexcept { return state_->unit; }
  UnitOfWork* unit() const noexcept { return state_->unit.get(); }  // null outside of a unit

 private:
  struct State {
    std::shared_ptr<Engine> engine;
    ActorContext actor;
    std::shared_ptr<UnitOfWork> unit;
  };

  Shared<const State> state_;
};

}  // namespace struere
