// Where a command works: in the database that struere.yaml names, or on a server that has one.
//
// Commands ask a place, and say the same of both. Commands that only work on a database take a Workspace.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/workspace.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/operations/doctor.hpp"
#include "struere/repository/entity_repository.hpp"
#include "struere/repository/operator_sessions.hpp"
#include "struere/triggers/trigger_repository.hpp"

namespace struere::cli {

// Of a change that was sent to a server: the connection was lost, or the server failed, before it said whether the
// change was made.
class OutcomeUnknown : public Error {
 public:
  explicit OutcomeUnknown(const Error& error)
      : Error(error.with_message(std::string(error.what()) + "; it is not known whether a change was made")) {}
};

// The definitions of one environment; the functions of struere::Definitions.
class DefinitionPlace {
 public:
  virtual ~DefinitionPlace() = default;

  virtual DefinitionSet current() const = 0;
  virtual HeldFields held_fields() const = 0;
  virtual ChangePlan plan(const DefinitionSet& definitions, const PlanOptions& options = {}) const = 0;
  virtual ChangePlan plan_rollback(std::int64_t release, const PlanOptions& options) const = 0;
  virtual void apply(const ChangePlan& plan) const = 0;
  virtual Release deploy(const ChangePlan& plan, const std::string& note) const = 0;
  virtual std::vector<Release> releases() const = 0;
};

// The packs of one environment; the functions of struere::Packs.
class PackPlace {
 public:
  virtual ~PackPlace() = default;

  virtual std::vector<InstalledPack> list() const = 0;
  virtual PackPlan plan_install(const Pack& pack, const PackOptions& options) const = 0;
  virtual PackPlan plan_upgrade(const Pack& pack, const PackOptions& options) const = 0;
  // Keeps what the environment has now.
  virtual PackPlan plan_customize(const std::string& id, const PackOptions& options) const = 0;
  virtual PackPlan plan_repair(const std::string& id, const PackOptions& options) const = 0;
  virtual PackPlan plan_uninstall(const std::string& id, const PackOptions& options) const = 0;
  virtual void apply(const PackPlan& plan) const = 0;
};

// Agents of the organization, with their configuration, threads and executions in the actor's environment; the
// functions of AgentRepository, ThreadRepository and ExecutionRepository.
class AgentPlace {
 public:
  virtual ~AgentPlace() = default;

  virtual std::vector<Agent> list() const = 0;
  virtual std::vector<AgentConfig> history(const std::string& slug) const = 0;
  virtual ThreadPage threads(const ThreadQuery& query) const = 0;
  virtual MessagePage messages(const ThreadId& thread, std::int64_t limit,
                               const std::optional<std::string>& after) const = 0;
  virtual ExecutionPage executions(const ExecutionQuery& query, std::int64_t limit,
                                   const std::optional<std::string>& after) const = 0;
};

// Events of one environment, for one question.
class EventFeed {
 public:
  virtual ~EventFeed() = default;

  // The last `most` events, or the last ones before the event `before`, oldest first. Error{not_found} if none of them
  // has that id.
  virtual std::vector<Event> last(std::size_t most, const std::optional<std::string>& before) = 0;
  // Hands over the events that follow those of last(), until the process ends.
  virtual void follow(const std::function<void(const Event&)>& visit) = 0;
};

struct AskedExplanation {
  Action action;
  std::string resource;
  std::optional<EntityId> id;
  std::optional<ProposedWrite> write;
};

// A member of the organization, with the roles of the actor's environment.
// The assignment of a role to a member.
struct AssignedRole {
  std::string name;
  std::optional<Timestamp> expires_at = {};
  bool has_expired = false;
};

struct Member {
  UserId user;
  MembershipRole membership = MembershipRole::member;
  std::vector<AssignedRole> roles;  // expired ones too
};

// What became of a user who was to be a member.
struct PutMember {
  MembershipRole membership = MembershipRole::member;
  std::optional<MembershipRole> before = {};  // nullopt: the user was not a member
};

// The secret of a one-time link.
struct Invitation {
  std::string token;
  Timestamp expires_at = 0;
};

// What `struere doctor` looks at besides its own organization.
struct Examined {
  bool all_organizations = false;
  bool rows = false;
};

class Place {
 public:
  virtual ~Place() = default;

  const std::filesystem::path& folder() const noexcept { return folder_; }
  // Of the actor: that of the key, or of -e.
  virtual std::string environment() const = 0;

  virtual std::unique_ptr<DefinitionPlace> definitions(Environment environment) const = 0;
  virtual std::unique_ptr<PackPlace> packs(Environment environment) const = 0;
  // The fields that a mask may name although no schema does, because an environment still holds them.
  HeldFields held_fields() const;

  // Throw Error{not_found} with a similar name, if the actor sees all names.
  virtual void require_entity_type(const std::string& slug) const = 0;
  virtual void require_role(const std::string& name) const = 0;
  // Throws Error{not_found} with a similar name if there is no such member, and the actor may see the members.
  virtual void require_member(const std::string& user) const = 0;
  // The schema of a type; null if the actor may not read it.
  virtual Json schema_of(const std::string& type) const = 0;

  // The slugs and names of the entity types, and the names of the roles.
  virtual std::vector<std::pair<std::string, std::string>> entity_types() const = 0;
  virtual std::vector<std::string> roles() const = 0;
  virtual std::vector<Member> members() const = 0;
  // Also creates the user if the id is new. Without `membership` a member stays what they are, and a user who is not
  // one becomes an ordinary member.
  virtual PutMember put_member(const UserId& user, const std::string& name,
                               std::optional<MembershipRole> membership) const = 0;
  // Throws Error{not_found} if the user is not a member.
  virtual void remove_member(const UserId& user) const = 0;
  virtual void assign(const UserId& user, const std::string& role) const = 0;
  virtual bool unassign(const UserId& user, const std::string& role) const = 0;  // false: it was not assigned

  virtual std::vector<ApiKey> keys() const = 0;
  virtual CreatedApiKey create_key(const NewApiKey& key) const = 0;
  // The old key ends once `hand_over` returns.
  virtual void rotate_key(const ApiKeyId& id, std::chrono::milliseconds overlap,
                          const std::function<void(const CreatedApiKey&)>& hand_over) const = 0;
  virtual void revoke_key(const ApiKeyId& id) const = 0;

  // Whether no rule hides anything from the actor.
  virtual bool sees_everything() const = 0;
  virtual EntityPage list(const std::string& type, const Query& query) const = 0;
  virtual std::int64_t count(const std::string& type, const Query& query) const = 0;
  // As EntityRepository::import_all: all rows, each of which has a type, or none of them.
  virtual void import_all(const std::vector<ImportedRow>& rows) const = 0;
  virtual Entity get(const std::string& type, const EntityId& id) const = 0;
  virtual Written create(const std::string& type, const std::string& data,
                         const std::optional<std::string>& status) const = 0;
  virtual Written update(const std::string& type, const EntityId& id, const std::string& patch,
                         const UpdateOptions& options) const = 0;
  virtual void remove(const std::string& type, const EntityId& id) const = 0;
  virtual Written restore(const std::string& type, const EntityId& id) const = 0;
  virtual void purge(const std::string& type, const EntityId& id, const PurgeOptions& options) const = 0;

  virtual std::unique_ptr<AgentPlace> agents() const = 0;
  virtual EntityPage related(const EntityId& from, const std::string& relation, RelationDirection direction,
                             const RelatedQuery& query) const = 0;
  virtual void link(const EntityId& from, const std::string& relation, const EntityId& to) const = 0;
  virtual void unlink(const EntityId& from, const std::string& relation, const EntityId& to) const = 0;

  virtual std::unique_ptr<EventFeed> events(const EventQuery& query) const = 0;
  virtual Verification verify() const = 0;
  virtual Explanation explain(const AskedExplanation& asked) const = 0;

  // Sessions of operators and invitations; `user` is a member.
  virtual std::vector<OperatorSession> operators() const = 0;
  virtual Invitation invite(const UserId& user) const = 0;
  virtual std::int64_t end_sessions(const UserId& user) const = 0;  // returns how many
  virtual std::string server_address() const = 0;                   // or where `struere serve` listens by default

  // What struere::examine() finds. Throws UsageError where that cannot be had.
  virtual std::vector<Finding> examine(const Examined& what) const = 0;

  virtual TriggerRunPage runs(const TriggerRunQuery& query) const = 0;
  virtual TriggerRun retry_run(const TriggerRunId& id) const = 0;
  virtual TriggerRun cancel_run(const TriggerRunId& id) const = 0;

 protected:
  explicit Place(std::filesystem::path folder) : folder_(std::move(folder)) {}

 private:
  std::filesystem::path folder_;
};

// What struere.yaml names. Throws as Workspace does, and UsageError if nobody is logged in at the server.
std::unique_ptr<Place> open_place(const Options& options, Workspace::Missing missing = Workspace::Missing::refuse);

std::unique_ptr<Place> open_local_place(const Options& options, Workspace::Missing missing);
// The workspace must outlive it.
std::unique_ptr<Place> place_of(const Options& options, const Workspace& workspace);
std::unique_ptr<Place> open_remote_place(const Options& options, const Project& project);

}  // namespace struere::cli
