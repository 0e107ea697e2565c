// Migrates the data of entities from one version of a pack to another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/definitions/pack.hpp"
#include "struere/model/former_name.hpp"

namespace struere {

class EntityMigration {
 public:
  // Takes the shortest path from version `from` to the pack's version. Throws Error{invalid_definition} if there is no
  // path.
  EntityMigration(const Pack& pack, const std::string& from);

  const std::vector<std::string>& versions() const noexcept { return versions_; }  // includes the first and the last
  std::vector<std::string> types() const;                                          // the types whose data it changes
  bool mentions(const std::string& type) const;  // whether some step says that it changes, its data or its schema

  // The fields that it renames, in order.
  std::vector<FormerName> former_names() const;
  bool moves_fields(const std::string& type) const;
  // The new place of the leaf at this place of an entity's data; `nullopt` if the leaf is removed.
  std::optional<std::vector<std::string>> moved(const std::string& type, std::vector<std::string> place) const;

  // How a step changes `data` at, above or under this field, such as "renames `fee` to `price`"; `nullopt` if no step
  // does. With `unless_added`, a step that adds the field where it is absent does not count.
  std::optional<std::string> change_of(const std::string& type, const std::string& field, bool unless_added) const;

  // Throws Error{invalid_data} if a step would lose data.
  Json migrated(const std::string& type, Json data) const;

 private:
  std::vector<std::string> versions_;
  std::vector<MigrationStep> steps_;
};

}  // namespace struere
