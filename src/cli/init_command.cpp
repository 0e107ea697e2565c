// `struere init`: creates a project that works at once.
#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "core/folder_writer.hpp"
#include "core/text.hpp"

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
    {".gitignore", "*.db\n*.db-wal\n*.db-shm\n*.unfinished-*\n"},
};

}  // namespace

void add_init(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("init", "Make this folder a project, with an example");
  static std::string organization;
  command->add_option("--organization", organization, "The id of the organization; default: the folder's name");
  command->callback([&options] {
    const auto& folder = options.project;
    if (organization.empty())
      organization = std::filesystem::absolute(folder / ".").lexically_normal().parent_path().filename().string();
    if (!is_text(organization, longest_name))
      throw UsageError(
          fmt::format("an organization's id is valid UTF-8 of 1 to {} bytes; give another one with "
                      "--organization",
                      longest_name));
    std::vector<std::pair<std::filesystem::path, std::string>> all{
        {"struere.yaml", fmt::format("database: struere.db\norganization: {}\n", Json(organization).dump())}};
    all.insert(all.end(), std::begin(files), std::end(files));
    const FolderWriter writer(folder);
    Json made = Json::array();
    for (const auto& [name, text] : all) {
      const bool is_new = writer.make(name, text);
      if (is_new) made.push_back(name.string());
      if (!options.json) say("  {} {}", is_new ? "+" : "=", (folder / name).lexically_normal().string());
    }
    if (options.json) return say_json({{"made", std::move(made)}});
    say("Next: struere sync");
  });
}

}  // namespace struere::cli
