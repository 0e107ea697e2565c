// Files that a command makes for the user, and never over one that is there.
#pragma once

#include <filesystem>
#include <string>

namespace struere::cli {

// False where something has this name, be it a link to nowhere. Makes the folders. Throws Error{storage}.
bool write_new_file(const std::filesystem::path& file, const std::string& text);

}  // namespace struere::cli
