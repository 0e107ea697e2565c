// Definitions as files: `entity-types/`, `roles/`, `agents/`, `triggers/` and `tools/` in a folder, one definition a
// file, YAML (.yaml, .yml) or JSON (.json). Folders that are missing are empty.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace struere {

// Throws Error{invalid_definition} with all that is wrong in the whole folder, a line for each: file:line:column, what
// it is, and the nearest right word. Error{not_found} where there is no such folder.
// `held` says which fields a mask may name though no schema does.
DefinitionSet read_definitions(const std::filesystem::path& folder, const HeldFields& held = {});

// What brings the files of a folder to a set of definitions. Nothing is written yet.
struct DefinitionFilePlan {
  enum class Action { make, change, remove };
  struct Change {
    Action action;
    std::filesystem::path file;  // below the folder
    std::string text;            // that the file will have
  };

  std::vector<Change> changes;
  std::size_t unchanged = 0;                // files that say what the set says, whatever they look like
  std::vector<std::filesystem::path> kept;  // files of no definition in the set, which stay as they are
  bool empty() const noexcept { return changes.empty(); }
};

// Whether the file of a definition that is not in the set may be removed, as it is here (in normal form).
using MayRemoveDefinition = std::function<bool(DefinitionKind kind, const std::string& name, const Json& definition)>;

// A file that says what the set says is left as it is, byte for byte. One that says something else keeps the comments
// and the lines of what does not change. A file of a definition that is not in the set stays, unless `may_remove` is
// given and agrees. Throws Error{conflict} for a file to be written that is a link, has a second name or is no regular
// file, and Error{not_found} if the folder is missing.
DefinitionFilePlan plan_definition_files(const std::filesystem::path& folder, const DefinitionSet& definitions,
                                         const MayRemoveDefinition& may_remove = {});
// Carries it out; read_definitions then answers the set, and what was kept. Each file is there whole or not at all.
// Throws Error{conflict} as above, Error{storage}.
void write_definition_files(const std::filesystem::path& folder, const DefinitionFilePlan& plan);

}  // namespace struere
