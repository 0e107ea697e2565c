// The common part of all commands: their options, the project folder, the open database.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/database_location.hpp"
#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/repository/database.hpp"

namespace struere::cli {

// Exit codes.
enum ExitCode {
  ok = 0,
  failed = 1,
  wrong_usage = 2,
  denied = 3,
  missing = 4,
  conflicting = 5,
  invalid = 6,
  broken_storage = 7
};

int exit_code(ErrorCode code) noexcept;

struct Options {
  std::filesystem::path project = ".";
  std::string environment = "development";
  bool environment_is_given = false;
  bool json = false;
  std::string color = "auto";
  bool yes = false;
  // The actor, if the command can act as one (reach.hpp): at most one of the two, and never empty.
  std::optional<std::string> user, key;
};

// Ends the program; all output is already written.
struct Finished {
  int code;
};

// An obstacle prevents a plan. With --json, the plan is part of the answer.
class RefusedPlan : public Error {
 public:
  // `what` names the environment or thing that stays unchanged.
  RefusedPlan(const Options& options, const std::string& what, Json plan);
  const Json& plan() const noexcept { return plan_; }

 private:
  Json plan_;
};

// A usage error that CLI11 cannot detect.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string full_path(const std::filesystem::path& folder);  // for output
// Whether there is a file or folder. Opening says what is wrong with a path at which that cannot be told, such as a
// loop of links.
bool is_there(const std::filesystem::path& path) noexcept;

// The content of struere.yaml: {database: FILE or URL, organization: ID}, or {server: URL, organization: ID}.
struct Project {
  std::filesystem::path folder;
  DatabaseLocation database;          // none if it is on a server
  std::optional<std::string> server;  // an address
  OrganizationId organization;
};

// Throws UsageError if the folder is not a project.
Project read_project(const Options& options);

// Whether the project's database, which is no server's, is there: a file, or an organization in a PostgreSQL database.
bool is_begun(const Project& project);

// For commands that open the database themselves. Throws UsageError if the project is on a server.
Project read_local_project(const Options& options);

// A project, its open database, and the actor of the command: the system by default, because the user of the command
// can read and write the file.
class Workspace {
 public:
  enum class Missing {
    refuse,
    make
  };  // a database or an organization; a command that only reads must not create a mistyped one

  // Throws UsageError if there is no project, Error{not_found} if the database or organization does not exist.
  // `longest_write`: SqliteOptions; zero is no limit.
  explicit Workspace(const Options& options, Missing missing = Missing::refuse,
                     std::chrono::milliseconds longest_write = {});

  const std::filesystem::path& folder() const noexcept { return project_.folder; }
  const DatabaseLocation& location() const noexcept { return project_.database; }
  const OrganizationId& organization() const noexcept { return project_.organization; }
  const Database& database() const noexcept { return *database_; }
  // Throws Error{storage} if the location names another database by now, or none. A server that does not answer says
  // neither.
  void require_in_place() const;
  bool is_in_place() const noexcept;
  Session system(Environment environment) const;
  // The actor that the options name, in the environment of the key or of -e; otherwise the system.
  const Session& actor() const noexcept { return *actor_; }
  bool acts_as_system() const noexcept { return actor().actor().type() == ActorType::system; }
  std::string environment() const { return std::string(to_string(actor().actor().environment())); }  // of the actor
  // If the actor is the system, which sees everything, throws Error{not_found} for an unknown name, with a similar one.
  // To other actors, a hidden type and an unknown one look the same.
  void require_entity_type(const std::string& slug) const;
  void require_role(const std::string& name) const;
  void require_member(const std::string& user) const;
  Definitions definitions(Environment environment) const { return Definitions(system(environment)); }
  // The fields that a mask may name although no schema does, because an environment still holds them.
  HeldFields held_fields() const;

 private:
  Session make_actor(const Options& options) const;

  Project project_;
  std::optional<Database> database_;
  DatabaseLocation::Identity identity_;
  std::optional<Session> actor_;
};

// Throws Error{not_found}, with a similar name, if the user is not one of the members that are known.
void require_user(const std::vector<std::string>& known, const std::string& user, const OrganizationId& organization);

// Runs `body`; if it throws not_found, the error names `what` and `name`.
template <class Body>
decltype(auto) naming(const char* what, const std::string& name, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::not_found, std::string("there is no ") + what + " `" + name + "` that this actor may see");
  }
}

}  // namespace struere::cli
