// What a write of an entity sets off inside its own transaction, beyond the row and its event. The room above that
// defines it (triggers/trigger_matcher.cpp) is linked, not included: the repositories do not know what a trigger is.
#pragma once

#include <memory>
#include <string>

#include "struere/spi/record.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class GuardedOperation;

// The observers of one scope at one generation: read once, used by many threads.
class EntityObserver {
 public:
  virtual ~EntityObserver() = default;

  // After the row and its event are written. An exception refuses the write.
  virtual void created(GuardedOperation& operation, const std::string& type, const StoredEntity& row) const = 0;
  virtual void updated(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
                       const StoredEntity& before) const = 0;
  virtual void removed(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
                       const StoredEntity& before) const = 0;
};

// As the transaction sees them.
std::unique_ptr<const EntityObserver> read_entity_observer(Transaction& transaction);

}  // namespace struere
