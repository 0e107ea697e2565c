#include "cli/workspace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "core/suggestion.hpp"
#include "yaml/definition_file.hpp"
#include "yaml/document.hpp"

namespace struere::cli {

int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unauthenticated:
    case ErrorCode::permission_denied: return denied;
    case ErrorCode::not_found: return missing;
    case ErrorCode::conflict: return conflicting;
    case ErrorCode::storage: return broken_storage;
    default: return invalid;
  }
}

RefusedPlan::RefusedPlan(const Options& options, const std::string& what, Json plan)
    : Error(ErrorCode::conflict,
            fmt::format("{} is left as it is; {}", what, options.json ? "the plan says why" : "see the lines with !")),
      plan_(std::move(plan)) {}

bool is_there(const std::filesystem::path& path) noexcept {
  std::error_code unknown;
  return std::filesystem::exists(path, unknown) || unknown;
}

std::string full_path(const std::filesystem::path& folder) {
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

namespace {

// What is meant for libpq must not become the name of a file, with a password in it.
void require_location(const std::string& text) {
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto has = [&](std::string_view part) { return lower.find(part) != std::string::npos; };
  if (lower.starts_with("http://") || lower.starts_with("https://"))
    throw UsageError("`database` of struere.yaml is an address; write it as `server`");
  const bool is_url = text.starts_with("postgresql://") || text.starts_with("postgres://");
  if (!is_url && (has("postgres:") || has("postgresql:") || has("password=") || has("dbname=") || has("host=")))
    throw UsageError(
        "`database` of struere.yaml is neither a file nor a URL; write it as postgresql://user@host:port/database, in "
        "small letters and without spaces before it");
  for (const std::string_view prefix : {"file:", "sqlite:", "sqlite3:"})
    if (lower.starts_with(prefix))
      throw UsageError(
          fmt::format("`database` of struere.yaml is the path of a file or postgresql://…; leave out `{}`", prefix));
}

}  // namespace

Project read_project(const Options& options) {
  const auto& folder = options.project;
  const auto file = folder / "struere.yaml";
  if (!is_there(file))
    throw UsageError(
        fmt::format("{} is not a project, because it has no struere.yaml; begin with `struere init`, or name "
                    "the folder with --project",
                    full_path(folder)));
  std::map<std::string, std::string> values;
  const auto refuse = [](DocumentPlace at, const std::string& why) {
    throw UsageError(fmt::format("struere.yaml:{}:{}: {}", at.line, at.column, why));
  };
  try {
    const auto text = text_of_file(file);
    if (!text) throw UsageError("struere.yaml cannot be read");
    const Document document(*text);
    const Json& settings = document.value();
    if (!settings.is_object()) refuse({}, "this is not a mapping with `database` or `server`, and `organization`");
    for (const auto& [key, value] : settings.items()) {
      const DocumentPlace at = document.position_of(Json::json_pointer() / key);
      if (key != "database" && key != "server" && key != "organization")
        refuse(at, fmt::format("unknown key `{}`; there are `database`, `server` and `organization`", key));
      if (!value.is_string() || value == "") refuse(at, fmt::format("`{}` must be a text that is not empty", key));
      values[key] = value.get<std::string>();
    }
  } catch (const DocumentFault& fault) {
    refuse(fault.position, fault.message);
  }
  if (values.size() != 2 || !values.contains("organization"))
    throw UsageError(
        "struere.yaml names a `database` (a file, or postgresql://…), or a `server` (an address), and an "
        "`organization` (its id)");
  const OrganizationId organization(values.at("organization"));
  if (const auto server = values.find("server"); server != values.end())
    return {folder, {}, server->second, organization};
  require_location(values.at("database"));
  return {folder, DatabaseLocation(folder, values.at("database")), {}, organization};
}

Project read_local_project(const Options& options) {
  Project out = read_project(options);
  if (out.server)
    throw UsageError(
        fmt::format("this command works on a database, and this project is on the server {}; run it where the "
                    "database is (docs/cli.md lists what works on a server)",
                    *out.server));
  return out;
}

bool is_begun(const Project& project) {
  if (project.database.is_file()) return project.database.is_there();
  return !Database::open(project.database.text()).trusted_host().organizations().empty();
}

Workspace::Workspace(const Options& options, Missing missing, std::chrono::milliseconds longest_write)
    : project_(read_local_project(options)) {
  if (missing == Missing::refuse && !location().is_there())
    throw Error(ErrorCode::not_found,
                fmt::format("there is no database {} yet; `struere sync` makes it", location().shown()));
  location().refuse_empty_file();
  const bool must_exist = location().is_file() && missing == Missing::refuse;
  database_ = Database::open(
      location().text(),
      {.sqlite = {.longest_write = longest_write, .must_exist = must_exist, .read_only = location().is_read_only()}});
  identity_ = location().identity();
  const auto known = database_->trusted_host().organizations();
  if (std::ranges::find(known, organization(), &Organization::id) == known.end()) {
    if (missing == Missing::refuse)
      throw Error(ErrorCode::not_found, fmt::format("the database has no organization `{}`; correct struere.yaml, or "
                                                    "let `struere sync` make it",
                                                    organization().str()));
    try {
      database_->trusted_host().create_organization(organization().str(), organization());
    } catch (const Error& error) {  // another process has just created it
      if (error.code() != ErrorCode::conflict) throw;
      const auto now = database_->trusted_host().organizations();
      if (std::ranges::find(now, organization(), &Organization::id) == now.end())
        throw Error(ErrorCode::conflict,
                    fmt::format("a copy of `{}` into this database is not complete; run `struere copy` again",
                                organization().str()));
    }
  }
  actor_ = make_actor(options);
}

bool Workspace::is_in_place() const noexcept {
  if (location().is_file()) return location().identity() == identity_;
  try {
    database_->trusted_host().require_storage();
    return true;
  } catch (const Error& error) {
    return error.is_transient();
  } catch (const std::exception&) {
    return true;
  }
}

void Workspace::require_in_place() const {
  if (is_in_place()) return;
  throw Error(ErrorCode::storage, fmt::format("the database {} was removed or replaced", location().shown()));
}

Session Workspace::system(Environment environment) const {
  return database_->trusted_host().system_session(organization(), environment);
}

Session Workspace::make_actor(const Options& options) const {
  const auto environment = *parse_environment(options.environment);
  if (options.key) {
    Session actor = database_->authenticate(*options.key);
    if (actor.actor().organization() != organization())
      throw UsageError("the key belongs to another organization than the one in struere.yaml");
    if (options.environment_is_given && actor.actor().environment() != environment)
      throw UsageError(fmt::format("the key is for {}, not for {}; leave -e out, or give another key",
                                   to_string(actor.actor().environment()), options.environment));
    return actor;
  }
  if (!options.user) return system(environment);
  require_member(*options.user);
  return database_->trusted_host().user_session(UserId(*options.user), organization(), environment);
}

namespace {

void require_name(const std::string& what, const std::string& name, const std::string& where,
                  const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) != known.end()) return;
  throw Error(ErrorCode::not_found,
              fmt::format("there is no {} `{}` in {}.{}", what, name, where, suggestion(name, known)));
}

}  // namespace

void Workspace::require_entity_type(const std::string& slug) const {
  if (!acts_as_system()) return;
  std::vector<std::string> known;
  for (const EntityType& type : actor().entity_types().list()) known.push_back(type.slug);
  require_name("entity type", slug, environment(), known);
}

void Workspace::require_role(const std::string& name) const {
  if (!acts_as_system()) return;
  std::vector<std::string> known;
  for (const RoleRecord& role : actor().roles().list()) known.push_back(role.name);
  require_name("role", name, environment(), known);
}

void Workspace::require_member(const std::string& user) const {
  if (database().trusted_host().member(organization(), UserId(user))) return;
  std::vector<std::string> known;
  for (const Membership& member : database().trusted_host().members(organization())) known.push_back(member.user.str());
  require_user(known, user, organization());
}

void require_user(const std::vector<std::string>& known, const std::string& user, const OrganizationId& organization) {
  if (std::ranges::find(known, user) != known.end()) return;
  throw Error(
      ErrorCode::not_found,
      fmt::format("there is no user `{}` in {}.{} `struere users list` shows them, `struere users add` adds one", user,
                  organization.str(), suggestion(user, known)));
}

HeldFields Workspace::held_fields() const {
  return [development = definitions(Environment::development).held_fields(),
          production = definitions(Environment::production).held_fields()](const std::string& type,
                                                                           const FieldPath& field) {
    return development(type, field) || production(type, field);
  };
}

}  // namespace struere::cli
