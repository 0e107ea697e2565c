// What every command begins with: the options that all of them have, the project folder, the open database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/repository/database.hpp"

namespace struere::cli {

// What a shell sees of an error.
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
  // The actor, if the command can act as one (reach.hpp): of the two at most one, and never empty.
  std::optional<std::string> user, key;
};

// Ends the program; everything is said already.
struct Finished {
  int code;
};

// Something stands in the way of a plan. In JSON the plan is part of the one answer.
class RefusedPlan : public Error {
 public:
  // `what` is left as it is.
  RefusedPlan(const Options& options, const std::string& what, Json plan);
  const Json& plan() const noexcept { return plan_; }

 private:
  Json plan_;
};

// A usage error that CLI11 could not see.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string full_path(const std::filesystem::path& folder);  // to be shown

// What struere.yaml says: {database: FILE, organization: ID}.
struct Project {
  std::filesystem::path folder;
  std::filesystem::path database;
  OrganizationId organization;
};

// Throws UsageError where the folder is no project.
Project read_project(const Options& options);

// A project and its database, open, and the actor of the command: the system unless the options name another, as
// whoever runs the command owns the file.
class Session {
 public:
  enum class Missing {
    refuse,
    make
  };  // a database or an organization: a mistyped one must not be made by a look at it

  // Throws UsageError where there is no project, Error{not_found} for what is missing.
  explicit Session(const Options& options, Missing missing = Missing::refuse);

  const std::filesystem::path& folder() const noexcept { return project_.folder; }
  const std::filesystem::path& file() const noexcept { return project_.database; }
  const OrganizationId& organization() const noexcept { return project_.organization; }
  const Database& database() const noexcept { return *database_; }
  // Whether the path still leads to the file that was opened.
  bool is_file_in_place() const noexcept;
  struere::Session system(Environment environment) const;
  // The one that the options name, in the key's environment or that of -e; otherwise the system.
  const struere::Session& actor() const noexcept { return *actor_; }
  bool acts_as_system() const noexcept { return actor().actor().type() == ActorType::system; }
  std::string environment() const { return std::string(to_string(actor().actor().environment())); }  // of the actor
  // What an actor may not see and what is not there are the same to it. The system sees all: it is told that there is
  // no such name, and which is near. Error{not_found}.
  void require_entity_type(const std::string& slug) const;
  void require_role(const std::string& name) const;
  void require_member(const std::string& user) const;
  Definitions definitions(Environment environment) const { return Definitions(system(environment)); }
  // Which fields a mask in the files may name though no schema does: those that either environment holds.
  HeldFields held_fields() const;

 private:
  struere::Session make_actor(const Options& options) const;

  Project project_;
  std::optional<Database> database_;
  std::pair<std::uint64_t, std::uint64_t> file_;  // its device and inode
  std::optional<struere::Session> actor_;
};

// Runs `body`, and says of what is not found which thing that is.
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
