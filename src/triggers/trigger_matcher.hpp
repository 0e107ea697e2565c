// Finds the triggers of a write and adds their runs, in the transaction of the write.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/trigger.hpp"
#include "struere/spi/transaction.hpp"
#include "triggers/trigger_definition.hpp"

namespace struere {

class GuardedOperation;

// The triggers of one scope, read once.
class TriggerBook {
 public:
  struct Entry {
    Trigger trigger;
    std::optional<TriggerDefinition> definition;  // none: it cannot be read, and its runs say so
  };

  explicit TriggerBook(Transaction& transaction);

  const std::vector<Entry>& of_type(const std::string& entity_type) const;

 private:
  std::map<std::string, std::vector<Entry>, std::less<>> by_type_;
  std::vector<Entry> none_;
};

// `before` is the row before an update or a removal. Throws Error{invalid_definition} if a chain of triggers is too
// deep or one write causes too many runs.
void enqueue_trigger_runs(GuardedOperation& operation, TriggerEvent event, const std::string& type,
                          const StoredEntity& row, const StoredEntity* before);

}  // namespace struere
