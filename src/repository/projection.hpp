// What `fields` and `expand` make of the rows that answer (SPEC 6): less of their data, and others beside them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/query/query.hpp"

namespace struere {

class Projection {
 public:
  // Throws invalid_query.
  Projection(GuardedOperation& operation, const EntityType& type, const std::optional<std::vector<std::string>>& fields,
             const std::vector<std::string>& expand);

  // What the storage has to tell of each row in addition.
  void prepare(Selection& selection);

  // The rows of a page that was selected so. Throws invalid_query if what stands beside them grows too large.
  std::vector<Entity> rows(const std::string& type, Page page) const;

 private:
  struct Expanded {
    std::string asked;  // as it was written
    FieldPath path;
    std::vector<std::string> types;       // that a single id may be of
    std::vector<std::string> list_types;  // that the ids of a list may be of
  };

  std::vector<Entity> find(const std::string& type, const std::vector<std::string>& ids) const;

  GuardedOperation& operation_;
  std::optional<std::vector<FieldPath>> fields_;
  std::vector<Expanded> expanded_;
  Interruption interruption_;  // of the selection
};

}  // namespace struere
