// The effects of a write of an entity in its transaction, in addition to the row and its event. The layer that
// defines them (triggers/trigger_matcher.cpp) is linked, not included, so the repositories do not depend on triggers.
#pragma once

#include <memory>
#include <string>

#include "repository/definition_sizes.hpp"
#include "struere/spi/record.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class GuardedOperation;

// The observers of one scope at one generation: read once, then used by many threads.
class EntityObserver {
 public:
  virtual ~EntityObserver() = default;

  // Adds the sizes of the definitions from which it was read.
  virtual void add_sizes(DefinitionSizes& sizes) const = 0;
  // Called after the row and its event are written. An exception refuses the write.
  virtual void created(GuardedOperation& operation, const std::string& type, const StoredEntity& row) const = 0;
  virtual void updated(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
                       const StoredEntity& before) const = 0;
  virtual void removed(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
                       const StoredEntity& before) const = 0;
};

// Reads the observers as the transaction sees them.
std::unique_ptr<const EntityObserver> read_entity_observer(Transaction& transaction);

}  // namespace struere
