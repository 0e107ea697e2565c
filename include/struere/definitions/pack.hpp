// A pack: definitions that are made once and installed by many, with what its versions make of data. A folder with
// `pack.yaml` beside the folders of definition_folder.hpp.
//
//   id: tutoring
//   version: 1.1.0                       # semantic
//   name: Tutoring                       # optional, as are description and migrations
//   migrations:
//     - from: 1.0.0
//       to: 1.1.0
//       steps:
//         - renameField: {entityType: session, field: fee, to: price}
//         - addField: {entityType: session, field: location.room, value: none}
//         - removeField: {entityType: session, field: notes}
//         - addType: payment
//         - modifySchema: student
#pragma once

#include <filesystem>
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

// Throws as read_definitions does; Error{not_found} where the folder has no pack.yaml.
Pack read_pack(const std::filesystem::path& folder);

}  // namespace struere
