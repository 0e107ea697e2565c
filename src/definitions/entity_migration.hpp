// What the way from one version of a pack to another makes of the data of entities.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/definitions/pack.hpp"
#include "struere/model/former_name.hpp"

namespace struere {

class EntityMigration {
 public:
  // The shortest way from that version to the pack's. Throws Error{invalid_definition} where there is none.
  EntityMigration(const Pack& pack, const std::string& from);

  const std::vector<std::string>& versions() const noexcept { return versions_; }  // the first and the last too
  std::vector<std::string> types() const;                                          // whose data it changes
  bool mentions(const std::string& type) const;  // whether some step says that it changes, its data or its schema

  // What it renames, in order.
  std::vector<FormerName> former_names() const;
  bool moves_fields(const std::string& type) const;
  // Where the leaf at this place of an entity's data comes to stand; nothing where it is removed.
  std::optional<std::vector<std::string>> moved(const std::string& type, std::vector<std::string> place) const;

  // Throws Error{invalid_data} where a step cannot be taken without the loss of something.
  Json migrated(const std::string& type, Json data) const;

 private:
  std::vector<std::string> versions_;
  std::vector<MigrationStep> steps_;
};

}  // namespace struere
