#include "cli/session.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <vector>

#include "definitions/shape.hpp"

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

std::string full_path(const std::filesystem::path& folder) {
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

Project read_project(const Options& options) {
  const auto& folder = options.project;
  const auto file = folder / "struere.yaml";
  if (!std::filesystem::exists(file))
    throw UsageError(
        fmt::format("{} is no project: there is no struere.yaml in it; begin with `struere init`, or name "
                    "the folder with --project",
                    full_path(folder)));
  std::string database, organization;
  try {
    for (const auto& entry : YAML::LoadFile(file.string())) {
      const auto key = entry.first.as<std::string>();
      if (key == "database")
        database = entry.second.as<std::string>();
      else if (key == "organization")
        organization = entry.second.as<std::string>();
      else
        throw UsageError(fmt::format("struere.yaml:{}: unknown key `{}`; there are `database` and `organization`",
                                     entry.first.Mark().line + 1, key));
    }
  } catch (const YAML::Exception& error) {
    throw UsageError(fmt::format("struere.yaml cannot be read: {}", error.what()));
  }
  if (database.empty() || organization.empty())
    throw UsageError("struere.yaml names a `database` (a file) and an `organization` (its id)");
  return {folder, (folder / database).lexically_normal(), OrganizationId(organization)};
}

Session::Session(const Options& options, Missing missing) : project_(read_project(options)) {
  if (missing == Missing::refuse && !std::filesystem::exists(file()))
    throw Error(ErrorCode::not_found,
                fmt::format("there is no database {} yet; `struere sync` makes it", file().string()));
  database_ = Database::open(file().string());
  const auto known = database_->trusted_host().organizations();
  if (std::ranges::find(known, organization(), &Organization::id) != known.end()) return;
  if (missing == Missing::refuse)
    throw Error(ErrorCode::not_found, fmt::format("the database has no organization {}; correct struere.yaml, or let "
                                                  "`struere sync` make it",
                                                  Json(organization().str()).dump()));
  database_->trusted_host().create_organization(organization().str(), organization());
}

struere::Session Session::system(Environment environment) const {
  return database_->trusted_host().system_session(organization(), environment);
}

struere::Session Session::actor(const Options& options) const {
  const auto environment = *parse_environment(options.environment);
  if (options.key.empty() && options.user.empty()) return system(environment);
  if (options.key.empty()) try {
      return database_->trusted_host().user_session(UserId(options.user), organization(), environment);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      throw Error(ErrorCode::not_found,
                  fmt::format("{} is no member of {}; see `struere users list`, or `struere users add`", options.user,
                              organization().str()));
    }
  if (!options.user.empty()) throw UsageError("--as and --key are two actors; give one of them");
  struere::Session actor = database_->authenticate(options.key);
  if (actor.actor().organization() != organization())
    throw UsageError("the key is another organization's than struere.yaml names");
  return actor;
}

namespace {

void require_name(const Options& options, const char* what, const std::string& name,
                  const std::vector<std::string>& known) {
  if (std::ranges::find(known, name) != known.end()) return;
  throw Error(ErrorCode::not_found,
              fmt::format("there is no {} `{}` in {}.{}", what, name, options.environment, suggestion(name, known)));
}

}  // namespace

void Session::require_entity_type(const Options& options, const std::string& slug) const {
  if (!options.key.empty() || !options.user.empty()) return;
  std::vector<std::string> known;
  for (const EntityType& type : actor(options).entity_types().list()) known.push_back(type.slug);
  require_name(options, "entity type", slug, known);
}

void Session::require_role(const Options& options, const std::string& name) const {
  if (!options.key.empty() || !options.user.empty()) return;
  std::vector<std::string> known;
  for (const RoleRecord& role : actor(options).roles().list()) known.push_back(role.name);
  require_name(options, "role", name, known);
}

HeldFields Session::held_fields() const {
  return [development = definitions(Environment::development).held_fields(),
          production = definitions(Environment::production).held_fields()](const std::string& type,
                                                                           const FieldPath& field) {
    return development(type, field) || production(type, field);
  };
}

}  // namespace struere::cli
