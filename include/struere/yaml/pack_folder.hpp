// A pack as files: a folder with `pack.yaml` beside the folders of definition_folder.hpp.
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

#include "struere/definitions/pack.hpp"

namespace STRUERE_API struere {

// Throws as read_definitions does; Error{not_found} if the folder has no pack.yaml.
Pack read_pack(const std::filesystem::path& folder);

}  // namespace struere
