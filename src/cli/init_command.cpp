// `struere init`: creates a project that works at once.
#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/sync_command.hpp"
#include "core/folder_writer.hpp"
#include "core/text.hpp"

namespace struere::cli {
namespace {

constexpr const char* default_database = "struere.db";

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

struct ExampleNote {
  const char *author, *text, *secret;
};
constexpr ExampleNote notes[]{
    {"ana", "Buy strings for the cello", "cash is in the blue tin"},
    {"ana", "Call the school about Tuesday", "ask for Mrs Lowe, not the office"},
    {"ana", "Lesson plan: fractions", "reuse last year's test"},
    {"ben", "Book the hall for the concert", "deposit was paid twice"},
    {"ben", "Tune the piano", "the second pedal sticks"},
    {"ben", "Write to the parents of 4b", "do not mention the trip"},
};

// Before anything is written.
void require_new(const Options& options) {
  const auto& folder = options.project;
  const Project project = is_there(folder / "struere.yaml")
                              ? read_project(options)
                              : Project{folder, DatabaseLocation(folder, default_database), {}, OrganizationId()};
  if (project.server) throw UsageError("--example makes a database, and struere.yaml names a server");
  if (is_begun(project))
    throw Error(ErrorCode::conflict,
                fmt::format("{} exists already; --example is for a new project", project.database.shown()));
}

// Members and rows of the example in development: what one member may see differs from what another may.
void fill_example(const Options& options) {
  sync_quietly(*open_place(options, Workspace::Missing::make), options);
  const Workspace workspace(options);
  const TrustedHost host = workspace.database().trusted_host();
  const Session system = workspace.system(Environment::development);
  const auto add = [&](const char* id, const char* name, MembershipRole role) {
    host.create_user(name, UserId(id));
    host.put_member(workspace.organization(), UserId(id), role);
  };
  add("mara", "Mara, who looks after it", MembershipRole::admin);
  add("ana", "Ana", MembershipRole::member);
  add("ben", "Ben", MembershipRole::member);
  for (const char* author : {"ana", "ben"}) system.roles().assign(UserId(author), "author");
  for (const ExampleNote& note : notes)
    system.entities("note").create({{"text", note.text}, {"author", note.author}, {"secret", note.secret}});
}

}  // namespace

void add_init(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("init", "Make this folder a project, with an example");
  static std::string organization;
  static bool with_data = false;
  command->add_flag("--example", with_data, "Make the database as well, with three members and six notes");
  command->add_option("--organization", organization, "The id of the organization; default: the folder's name");
  command->callback([&options] {
    const auto& folder = options.project;
    if (!organization.empty() && is_there(folder / "struere.yaml"))
      if (const Project project = read_project(options); project.organization.str() != organization)
        throw UsageError(
            fmt::format("this folder is a project of the organization `{}`; leave --organization out, or begin one for "
                        "`{}` in another folder with --project",
                        project.organization.str(), organization));
    if (organization.empty())
      organization = std::filesystem::absolute(folder / ".").lexically_normal().parent_path().filename().string();
    if (!is_text(organization, longest_name))
      throw UsageError(
          fmt::format("an organization's id is valid UTF-8 of 1 to {} bytes; give another one with "
                      "--organization",
                      longest_name));
    std::vector<std::pair<std::filesystem::path, std::string>> all{
        {"struere.yaml", fmt::format("database: {}\norganization: {}\n", default_database, Json(organization).dump())}};
    all.insert(all.end(), std::begin(files), std::end(files));
    if (with_data) require_new(options);
    const FolderWriter writer(folder);
    Json made = Json::array();
    for (const auto& [name, text] : all) {
      const bool is_new = writer.make(name, text);
      if (is_new) made.push_back(name.string());
      if (!options.json) say("  {} {}", is_new ? "+" : "=", (folder / name).lexically_normal().string());
    }
    if (with_data) fill_example(options);
    if (options.json) return say_json({{"made", std::move(made)}});
    if (with_data)
      say("The database has the notes of two authors, ana and ben, and the admin mara. Next: struere serve");
    else
      say("Next: struere sync, or struere serve");
  });
}

}  // namespace struere::cli
