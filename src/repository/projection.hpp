// Applies `fields` and `expand` to the rows of an answer (SPEC 6): removes leaves, and adds the referenced entities.
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

  // Adds the values that the storage must return in addition to each row.
  void prepare(Selection& selection);

  // The rows of a page of such a selection. Throws invalid_query if the entities that `expand` adds are too large.
  std::vector<Entity> rows(Page page) const;

 private:
  struct Expanded {
    std::string asked;  // as the caller wrote it
    FieldPath path;
    std::vector<std::string> types;       // the types that a single id may be of
    std::vector<std::string> list_types;  // the types that the ids of an array may be of
  };

  std::vector<Entity> find(const std::string& type, const std::vector<std::string>& ids) const;

  GuardedOperation& operation_;
  std::optional<std::vector<FieldPath>> fields_;
  std::vector<Expanded> expanded_;
  Interruption interruption_;  // as in the selection
};

}  // namespace struere
