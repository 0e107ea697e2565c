// A pack: definitions that are made once and installed by many, with what its versions make of data. As files:
// yaml/pack_folder.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace STRUERE_API struere {

// A step of a migration. A field is a path inside `data`.
struct MigrationStep {
  enum class Kind {
    add_field,     // `value`, if the entity has no such field
    remove_field,  // with its content
    rename_field,  // to `to`
    add_type,      // these two change no entity: they say that the change is intended
    modify_schema
  };

  Kind kind;
  std::string entity_type;
  std::string field = {};
  std::string to = {};
  Json value = nullptr;
};

std::string_view to_string(MigrationStep::Kind kind) noexcept;  // "addField", as in pack.yaml

struct Migration {
  std::string from, to;  // versions
  std::vector<MigrationStep> steps;
};

// A value. Its content may have mistakes, which installing it reports.
struct Pack {
  std::string id;
  std::string version;
  std::string name;
  std::string description;
  DefinitionSet definitions;  // they refer only to each other
  std::vector<Migration> migrations;
};

}  // namespace struere
