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
// Whether it is a file that can be read without waiting for another process. False for a link that leads nowhere.
bool is_regular(const std::filesystem::path& file);
// All files except those that editors and file managers leave, sorted. Only the place of the folder itself if that is
// there and cannot be read as a folder.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, DefinitionKind kind);
// `nullopt` if it is not regular, cannot be read or is larger than 1 MiB.
std::optional<std::string> text_of_file(const std::filesystem::path& file);

}  // namespace struere
