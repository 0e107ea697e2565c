#include "struere/repository/caller.hpp"

#include "core/authority.hpp"

namespace struere {

Caller::Caller(const Authority& authority, std::shared_ptr<Engine> engine, ActorContext actor,
               std::shared_ptr<UnitOfWork> unit)
    : state_(std::make_shared<const State>(State{std::move(engine), std::move(actor), std::move(unit)})) {
  require_authority(authority);
}

const std::shared_ptr<Engine>& Caller::shared_engine(const Authority& authority) const {
  require_authority(authority);
  return state_->engine;
}

}  // namespace struere
