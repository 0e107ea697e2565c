// Definitions as files: `entity-types/`, `roles/`, `agents/`, `triggers/` and `tools/` in a folder, one definition a
// file, YAML (.yaml, .yml) or JSON (.json). Folders that are missing are empty.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace struere {

// Throws Error{invalid_definition} with all that is wrong in the whole folder, a line for each: file:line:column, what
// it is, and the nearest right word. Error{not_found} where there is no such folder.
// `held` says which fields a mask may name though no schema does.
DefinitionSet read_definitions(const std::filesystem::path& folder, const HeldFields& held = {});

// Writes the set as files, such that read_definitions answers the same. Files of definitions that are in the set are
// replaced, others of those folders removed. Each file is there whole or not at all. Throws Error{storage}.
void write_definitions(const std::filesystem::path& folder, const DefinitionSet& definitions);

}  // namespace struere
