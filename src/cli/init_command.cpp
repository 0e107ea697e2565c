// `struere init`: a project that works at once.
#include <fmt/format.h>

#include <fstream>

#include "cli/commands.hpp"

namespace struere::cli {
namespace {

constexpr std::pair<const char*, const char*> files[]{
    {"entity-types/note.yaml", R"(slug: note
name: Note
schema:
  type: object
  required: [text]
  properties:
    text: {type: string}
    author: {type: string}
    secret: {type: string}
searchFields: [text]
)"},
    {"roles/author.yaml", R"(# Sees and changes only their own notes, and no secrets.
name: author
policies:
  - {resource: note, actions: [create, read, update, list], effect: allow}
scopeRules:
  - {entityType: note, field: data.author, operator: eq, value: actor.userId}
fieldMasks:
  - {entityType: note, fieldPath: data.secret, maskType: hide}
)"},
    {".gitignore", "*.db\n*.db-wal\n*.db-shm\n"},
};

void write_new(const std::filesystem::path& file, const std::string& text) {
  if (std::filesystem::exists(file)) {
    fmt::print("  = {}\n", file.string());
    return;
  }
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file);
  stream << text;
  stream.close();
  if (!stream) throw Error(ErrorCode::storage, fmt::format("{} cannot be written", file.string()));
  fmt::print("  + {}\n", file.string());
}

}  // namespace

void add_init(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("init", "Make a project of this folder, with an example to begin from");
  static std::string organization;
  command->add_option("--organization", organization, "Its id; the folder's name unless given");
  command->callback([&options] {
    const auto& folder = options.project;
    if (organization.empty())
      organization = std::filesystem::absolute(folder / ".").lexically_normal().parent_path().filename().string();
    std::filesystem::create_directories(folder);
    write_new(folder / "struere.yaml",
              fmt::format("database: struere.db\norganization: {}\n", Json(organization).dump()));
    for (const auto& [name, text] : files) write_new(folder / name, text);
    fmt::print("Next: struere sync\n");
  });
}

}  // namespace struere::cli
