// A pack: definitions that are made once and installed by many, with what its versions make of data. As files:
// yaml/pack_folder.hpp.
#pragma once

#include <string>
#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace struere {

// What a version changes. A field is a path inside `data`.
struct MigrationStep {
  enum class Kind {
    add_field,     // `value` where the entity has no such field
    remove_field,  // and what is in it
    rename_field,  // to `to`
    add_type,      // entities are none of these two's business: they say that the change is meant
    modify_schema
  };

  Kind kind;
  std::string entity_type;
  std::string field = {};
  std::string to = {};
  Json value = nullptr;
};

struct Migration {
  std::string from, to;  // versions
  std::vector<MigrationStep> steps;
};

// A value. What is in it need not be right: whoever installs it is told.
struct Pack {
  std::string id;
  std::string version;
  std::string name;
  std::string description;
  DefinitionSet definitions;  // they speak of one another and of nothing else
  std::vector<Migration> migrations;
};

}  // namespace struere
