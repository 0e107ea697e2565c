// The place that is a database of this machine, opened by this process.
#include <fmt/format.h>

#include <set>
#include <thread>

#include "cli/last_events.hpp"
#include "cli/place.hpp"

namespace struere::cli {
namespace {

class LocalDefinitions final : public DefinitionPlace {
 public:
  explicit LocalDefinitions(Definitions definitions) : definitions_(std::move(definitions)) {}

  DefinitionSet current() const override { return definitions_.current(); }
  HeldFields held_fields() const override { return definitions_.held_fields(); }
  ChangePlan plan(const DefinitionSet& definitions, const PlanOptions& options) const override {
    return definitions_.plan(definitions, options);
  }
  ChangePlan plan_rollback(std::int64_t release, const PlanOptions& options) const override {
    return definitions_.plan_rollback(release, options);
  }
  void apply(const ChangePlan& plan) const override { definitions_.apply(plan); }
  Release deploy(const ChangePlan& plan, const std::string& note) const override {
    return definitions_.deploy(plan, note);
  }
  std::vector<Release> releases() const override { return definitions_.releases(); }

 private:
  Definitions definitions_;
};

class LocalPacks final : public PackPlace {
 public:
  LocalPacks(const Session& session, Definitions definitions) : packs_(session), definitions_(std::move(definitions)) {}

  std::vector<InstalledPack> list() const override { return packs_.list(); }
  PackPlan plan_install(const Pack& pack, const PackOptions& options) const override {
    return packs_.plan_install(pack, options);
  }
  PackPlan plan_upgrade(const Pack& pack, const PackOptions& options) const override {
    return packs_.plan_upgrade(pack, options);
  }
  PackPlan plan_customize(const std::string& id, const PackOptions& options) const override {
    return packs_.plan_customize(id, definitions_.current(), options);
  }
  PackPlan plan_repair(const std::string& id, const PackOptions& options) const override {
    return packs_.plan_repair(id, options);
  }
  PackPlan plan_uninstall(const std::string& id, const PackOptions& options) const override {
    return packs_.plan_uninstall(id, options);
  }
  void apply(const PackPlan& plan) const override { packs_.apply(plan); }

 private:
  Packs packs_;
  Definitions definitions_;
};

class LocalAgents final : public AgentPlace {
 public:
  explicit LocalAgents(Session session) : session_(std::move(session)) {}

  std::vector<Agent> list() const override { return session_.agents().list(); }
  std::vector<AgentConfig> history(const std::string& slug) const override { return session_.agents().history(slug); }
  ThreadPage threads(const ThreadQuery& query) const override { return session_.threads().list(query); }
  MessagePage messages(const ThreadId& thread, std::int64_t limit,
                       const std::optional<std::string>& after) const override {
    return session_.threads().messages(thread, limit, after);
  }
  ExecutionPage executions(const ExecutionQuery& query, std::int64_t limit,
                           const std::optional<std::string>& after) const override {
    return session_.executions().list(query, limit, after);
  }

 private:
  Session session_;
};

class LocalFeed final : public EventFeed {
 public:
  LocalFeed(EventRepository events, EventQuery query) : events_(std::move(events)), query_(std::move(query)) {}

  std::vector<Event> last(std::size_t most, const std::optional<std::string>& before) override {
    end_ = events_.end(query_);
    std::vector<Event> out = last_events(most, before, [&](std::int64_t limit, const EventPageVisitor& visit) {
      EventQuery back = query_;
      back.newest_first = true;
      back.limit = limit;
      do {
        const EventPage page = events_.list(back);
        if (visit(page) == PageUse::last) return;
        back.after = page.next;
      } while (back.after);
    });
    for (const Event& event : out) known_.insert(event.id().str());
    return out;
  }
  // An event that was committed while last() read is after end_ and may be one that it returned.
  void follow(const std::function<void(const Event&)>& visit) override {
    EventQuery forward = query_;
    forward.after = end_;
    constexpr std::chrono::seconds pause(1);
    for (EventSubscription subscription = events_.subscribe(forward);;) try {
        for (const Event& event : subscription.next(pause))
          if (!known_.contains(event.id().str())) visit(event);
      } catch (const Error& error) {  // a server that is being started again, say
        if (!error.is_transient()) throw;
        std::this_thread::sleep_for(pause);
      }
  }

 private:
  EventRepository events_;
  EventQuery query_;
  std::optional<std::string> end_;  // of the log before last()
  std::set<std::string> known_;
};

class LocalPlace final : public Place {
 public:
  LocalPlace(const Options& options, std::shared_ptr<const Workspace> workspace)
      : Place(options.project), workspace_(std::move(workspace)) {}

  std::string environment() const override { return workspace_->environment(); }
  std::unique_ptr<DefinitionPlace> definitions(Environment environment) const override {
    return std::make_unique<LocalDefinitions>(workspace_->definitions(environment));
  }
  std::unique_ptr<PackPlace> packs(Environment environment) const override {
    return std::make_unique<LocalPacks>(workspace_->system(environment), workspace_->definitions(environment));
  }
  void require_entity_type(const std::string& slug) const override { workspace_->require_entity_type(slug); }
  void require_role(const std::string& name) const override { workspace_->require_role(name); }
  void require_member(const std::string& user) const override {
    if (workspace_->acts_as_system()) workspace_->require_member(user);
  }
  std::vector<std::pair<std::string, std::string>> entity_types() const override {
    std::vector<std::pair<std::string, std::string>> out;
    for (const EntityType& type : session().entity_types().list()) out.emplace_back(type.slug, type.name);
    return out;
  }
  std::vector<std::string> roles() const override {
    std::vector<std::string> out;
    for (const RoleRecord& role : session().roles().list()) out.push_back(role.name);
    return out;
  }
  std::vector<Member> members() const override {
    std::vector<Member> out;
    for (const Membership& member : workspace_->database().trusted_host().members(workspace_->organization())) {
      out.push_back({member.user, member.role, {}});
      for (const Assignment& assignment : session().roles().assignments(member.user))
        out.back().roles.push_back({assignment.role_name, assignment.expires_at, assignment.has_expired});
    }
    return out;
  }
  PutMember put_member(const UserId& user, const std::string& name,
                       std::optional<MembershipRole> membership) const override {
    const TrustedHost host = workspace_->database().trusted_host();
    const auto found = host.member(workspace_->organization(), user);
    if (found && !membership) return {found->role, found->role};
    try {
      host.create_user(name.empty() ? user.str() : name, user);
    } catch (const Error& error) {  // a user may belong to several organizations
      if (error.code() != ErrorCode::conflict) throw;
    }
    const MembershipRole now = membership.value_or(MembershipRole::member);
    host.put_member(workspace_->organization(), user, now);
    return {now, found ? std::optional(found->role) : std::nullopt};
  }
  void remove_member(const UserId& user) const override {
    if (!workspace_->database().trusted_host().remove_member(organization(), user))
      throw Error(ErrorCode::not_found, fmt::format("there is no user `{}` in {}", user.str(), organization().str()));
  }
  void assign(const UserId& user, const std::string& role) const override { session().roles().assign(user, role); }
  bool unassign(const UserId& user, const std::string& role) const override {
    return session().roles().unassign(user, role);
  }
  Json schema_of(const std::string& type) const override {
    if (!workspace_->acts_as_system()) return nullptr;
    for (const EntityType& known : session().entity_types().list())
      if (known.slug == type) return parse_canonical_json(known.schema);
    return nullptr;
  }

  std::vector<ApiKey> keys() const override { return session().api_keys().list(); }
  CreatedApiKey create_key(const NewApiKey& key) const override { return session().api_keys().create(key); }
  void rotate_key(const ApiKeyId& id, std::chrono::milliseconds overlap,
                  const std::function<void(const CreatedApiKey&)>& hand_over) const override {
    session().api_keys().rotate(id, overlap, hand_over);
  }
  void revoke_key(const ApiKeyId& id) const override { session().api_keys().revoke(id); }

  bool sees_everything() const override { return workspace_->acts_as_system(); }
  EntityPage list(const std::string& type, const Query& query) const override {
    return session().entities(type).list(query);
  }
  std::int64_t count(const std::string& type, const Query& query) const override {
    return session().entities(type).count(query);
  }
  void import_all(const std::vector<ImportedRow>& rows) const override {
    if (!rows.empty()) session().entities(rows.front().type.value()).import_all(rows);
  }
  Entity get(const std::string& type, const EntityId& id) const override { return session().entities(type).get(id); }
  Written create(const std::string& type, const std::string& data,
                 const std::optional<std::string>& status) const override {
    return session().entities(type).create(JsonTextView{data}, {status});
  }
  Written update(const std::string& type, const EntityId& id, const std::string& patch,
                 const UpdateOptions& options) const override {
    return session().entities(type).update(id, JsonTextView{patch}, options);
  }
  void remove(const std::string& type, const EntityId& id) const override { session().entities(type).remove(id); }
  Written restore(const std::string& type, const EntityId& id) const override {
    return session().entities(type).restore(id);
  }
  void purge(const std::string& type, const EntityId& id, const PurgeOptions& options) const override {
    session().entities(type).purge(id, options);
  }

  std::unique_ptr<AgentPlace> agents() const override { return std::make_unique<LocalAgents>(session()); }
  EntityPage related(const EntityId& from, const std::string& relation, RelationDirection direction,
                     const RelatedQuery& query) const override {
    return session().relations().related(from, relation, direction, query);
  }
  void link(const EntityId& from, const std::string& relation, const EntityId& to) const override {
    session().relations().link(from, relation, to);
  }
  void unlink(const EntityId& from, const std::string& relation, const EntityId& to) const override {
    session().relations().unlink(from, relation, to);
  }

  std::unique_ptr<EventFeed> events(const EventQuery& query) const override {
    return std::make_unique<LocalFeed>(session().events(), query);
  }
  Verification verify() const override { return session().events().verify(); }
  Explanation explain(const AskedExplanation& asked) const override {
    return workspace_->system(session().actor().environment())
        .explain(session(), asked.action, asked.resource, asked.id, asked.write);
  }

  std::vector<OperatorSession> operators() const override { return operator_sessions().list(organization()); }
  Invitation invite(const UserId& user) const override {
    const OperatorSecret made = operator_sessions().invite(organization(), user);
    return {made.secret, made.session.expires_at};
  }
  std::int64_t end_sessions(const UserId& user) const override {
    return operator_sessions().end_all(organization(), user);
  }
  std::string server_address() const override { return "http://127.0.0.1:8787"; }

  std::vector<Finding> examine(const Examined& what) const override {
    DoctorOptions options{.rows = what.rows};
    if (!what.all_organizations) options.organization = organization();
    return struere::examine(workspace_->database(), options);
  }

  TriggerRunPage runs(const TriggerRunQuery& query) const override { return session().triggers().runs(query); }
  TriggerRun retry_run(const TriggerRunId& id) const override {
    session().triggers().retry(id);
    return session().triggers().run(id);
  }
  TriggerRun cancel_run(const TriggerRunId& id) const override {
    session().triggers().cancel(id);
    return session().triggers().run(id);
  }

 private:
  const Session& session() const noexcept { return workspace_->actor(); }
  const OrganizationId& organization() const noexcept { return workspace_->organization(); }
  OperatorSessions operator_sessions() const { return workspace_->database().trusted_host().operator_sessions(); }

  std::shared_ptr<const Workspace> workspace_;
};

}  // namespace

HeldFields Place::held_fields() const {
  const std::shared_ptr<DefinitionPlace> development = definitions(Environment::development),
                                         production = definitions(Environment::production);
  return [development, production](const std::string& type, const FieldPath& field) {
    return development->held_fields()(type, field) || production->held_fields()(type, field);
  };
}

std::unique_ptr<Place> open_local_place(const Options& options, Workspace::Missing missing) {
  return std::make_unique<LocalPlace>(options, std::make_shared<const Workspace>(options, missing));
}

std::unique_ptr<Place> place_of(const Options& options, const Workspace& workspace) {
  return std::make_unique<LocalPlace>(options, std::shared_ptr<const Workspace>(std::shared_ptr<void>(), &workspace));
}

#ifndef STRUERE_HAS_SERVER
std::unique_ptr<Place> open_remote_place(const Options&, const Project& project) {
  throw UsageError(
      fmt::format("this build of struere cannot reach the server {}: it was built without "
                  "STRUERE_BUILD_SERVER",
                  *project.server));
}
#endif

std::unique_ptr<Place> open_place(const Options& options, Workspace::Missing missing) {
  const Project project = read_project(options);
  return project.server ? open_remote_place(options, project) : open_local_place(options, missing);
}

}  // namespace struere::cli
