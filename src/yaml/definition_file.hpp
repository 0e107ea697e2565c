// The files of definitions in a folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/definitions/definition_set.hpp"

namespace STRUERE_COMPANION_API struere {

const char* folder_of(DefinitionKind kind) noexcept;
bool is_definition_file(const std::filesystem::path& file);  // decides by the extension
// All files except those that editors and file managers leave, sorted.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, DefinitionKind kind);
// `nullopt` if it cannot be read or is larger than 1 MiB.
std::optional<std::string> text_of_file(const std::filesystem::path& file);

}  // namespace struere
