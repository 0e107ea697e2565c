// Definitions as files: `entity-types/`, `roles/`, `agents/`, `triggers/` and `tools/` in a folder, one definition a
// file, YAML (.yaml, .yml) or JSON (.json). A missing folder counts as empty.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace STRUERE_API struere {

// Throws Error{invalid_definition} with all mistakes in the folder, one a line: file:line:column, the mistake, and the
// nearest correct word; Error{not_found} if there is no such folder. `held` names fields that a mask may name although
// no schema does.
DefinitionSet read_definitions(const std::filesystem::path& folder, const HeldFields& held = {});

// The changes that bring the files of a folder to a set of definitions. Nothing is written yet.
struct DefinitionFilePlan {
  enum class Action { make, change, remove };
  struct Change {
    Action action;
    std::filesystem::path file;  // below the folder
    std::string text;            // the new text of the file
  };

  std::vector<Change> changes;
  std::size_t unchanged = 0;                // files that already have the meaning of the set
  std::vector<std::filesystem::path> kept;  // files whose definition is not in the set, which stay as they are
  bool empty() const noexcept { return changes.empty(); }
};

// Whether the file of this definition (in normal form), which is not in the set, may be removed.
using MayRemoveDefinition = std::function<bool(DefinitionKind kind, const std::string& name, const Json& definition)>;

// A file that already has the meaning of the set stays byte for byte. A file that differs keeps its comments and the
// lines that do not change. A file whose definition is not in the set stays, unless `may_remove` is given and returns
// true. Throws Error{conflict} if a file to be written is a link, has a second name or is not a regular file, and
// Error{not_found} if the folder is missing.
DefinitionFilePlan plan_definition_files(const std::filesystem::path& folder, const DefinitionSet& definitions,
                                         const MayRemoveDefinition& may_remove = {});
// Carries it out; read_definitions then returns the set and the kept files. Each file is written completely or not at
// all. Throws Error{conflict} as above, Error{storage}.
void write_definition_files(const std::filesystem::path& folder, const DefinitionFilePlan& plan);

}  // namespace struere
