#include "yaml/definition_file.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include "struere/core/json.hpp"

namespace struere {
namespace {

// Files that editors and file managers leave are not definitions.
bool is_ignored(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp");
}

}  // namespace

const char* folder_of(DefinitionKind kind) noexcept {
  switch (kind) {
    case DefinitionKind::entity_type: return "entity-types";
    case DefinitionKind::role: return "roles";
    case DefinitionKind::agent: return "agents";
    case DefinitionKind::trigger: return "triggers";
    case DefinitionKind::tool: return "tools";
  }
  return "tools";
}

bool is_definition_file(const std::filesystem::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml" || file.extension() == ".json";
}

bool is_regular(const std::filesystem::path& file) {
  std::error_code failure;
  return std::filesystem::is_regular_file(file, failure);
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder, DefinitionKind kind) {
  std::vector<std::filesystem::path> out;
  const std::filesystem::path place = folder / folder_of(kind);
  std::error_code failure;
  // A link that leads nowhere is there: without its files, all their definitions would be removed.
  if (std::filesystem::symlink_status(place, failure).type() == std::filesystem::file_type::not_found) return out;
  auto entry = std::filesystem::directory_iterator(place, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure))
    if (!is_ignored(entry->path())) out.push_back(entry->path());
  if (failure) return {place};
  std::ranges::sort(out);
  return out;
}

std::optional<std::string> text_of_file(const std::filesystem::path& file) {
  if (!is_regular(file)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 16384> part;  // most files are smaller: room for the largest would be cleared for each
  do {
    stream.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
  } while (stream && text.size() <= json_max_bytes);
  if (!stream.eof() || stream.bad() || text.size() > json_max_bytes) return std::nullopt;
  return text;
}

}  // namespace struere
