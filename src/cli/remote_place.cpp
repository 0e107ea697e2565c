// The place that is a server: each function is a request of docs/http.md.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/http_client.hpp"
#include "cli/login.hpp"
#include "cli/place.hpp"
#include "cli/remote_json.hpp"
#include "cli/remote_parts.hpp"
#include "core/suggestion.hpp"

namespace struere::cli {
namespace {

MembershipRole membership_of(const Json& member) {
  return member.at("membership") == "admin" ? MembershipRole::admin : MembershipRole::member;
}

class RemotePlace final : public Place {
 public:
  RemotePlace(const Options& options, const Project& project, std::shared_ptr<const HttpClient> client,
              std::optional<Environment> environment)
      : Place(options.project),
        options_(options),
        organization_(project.organization),
        client_(std::move(client)),
        environment_(environment) {}

  // That of a key is the server's to say.
  std::string environment() const override {
    if (environment_) return std::string(to_string(*environment_));
    return client_->call("GET", target({"v1", "me"})).at("environment");
  }
  std::unique_ptr<DefinitionPlace> definitions(Environment environment) const override {
    return remote_definitions(client_, environment);
  }
  std::unique_ptr<PackPlace> packs(Environment environment) const override {
    return remote_packs(client_, environment);
  }

  void require_entity_type(const std::string& slug) const override {
    require_name("entity type", "types", "slug", slug);
  }
  void require_role(const std::string& name) const override { require_name("role", "roles", "name", name); }
  void require_member(const std::string& user) const override {
    try {
      client_->call("GET", target({"v1", "members", user}));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::permission_denied) return;  // this actor does not see them
      if (error.code() != ErrorCode::not_found) throw;
      std::vector<std::string> known;
      for (const Member& member : members()) known.push_back(member.user.str());
      require_user(known, user, organization_);
    }
  }
  std::vector<std::pair<std::string, std::string>> entity_types() const override {
    std::vector<std::pair<std::string, std::string>> out;
    const Json page = client_->call("GET", target({"v1", "types"}));
    for (const Json& item : page.at("items")) out.emplace_back(item.at("slug"), item.value("name", ""));
    return out;
  }
  std::vector<std::string> roles() const override {
    std::vector<std::string> out;
    const Json page = client_->call("GET", target({"v1", "roles"}));
    for (const Json& item : page.at("items")) out.push_back(item.at("name"));
    return out;
  }
  std::vector<Member> members() const override {
    std::vector<Member> out;
    each_item("members", [&](const Json& item) {
      out.push_back({UserId(item.at("id").get<std::string>()), membership_of(item), {}});
      for (const Json& one : item.at("assignments"))
        out.back().roles.push_back({one.at("role"), time_in(one, "expiresAt"), one.value("expired", false)});
    });
    return out;
  }
  PutMember put_member(const UserId& user, const std::string& name,
                       std::optional<MembershipRole> membership) const override {
    std::optional<MembershipRole> before;
    try {
      before = membership_of(client_->call("GET", target({"v1", "members", user.str()})));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
    }
    if (before && !membership) return {*before, before};
    Json body{{"membership", to_string(membership.value_or(MembershipRole::member))}};
    if (!name.empty()) body["name"] = name;
    return {membership_of(client_->call("PUT", target({"v1", "members", user.str()}), body)), before};
  }
  void assign(const UserId& user, const std::string& role) const override {
    client_->call("PUT", target({"v1", "roles", role, "assignments", user.str()}), Json::object());
  }
  void remove_member(const UserId& user) const override {
    client_->call("DELETE", target({"v1", "members", user.str()}));
  }
  bool unassign(const UserId& user, const std::string& role) const override {
    try {
      client_->call("DELETE", target({"v1", "roles", role, "assignments", user.str()}));
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::not_found) throw;
      return false;
    }
  }
  Json schema_of(const std::string& type) const override {
    try {
      return client_->call("GET", target({"v1", "types", type})).value("schema", Json());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::permission_denied || error.code() == ErrorCode::not_found) return nullptr;
      throw;
    }
  }

  std::vector<ApiKey> keys() const override {
    std::vector<ApiKey> out;
    each_item("keys", [&](const Json& item) { out.push_back(key_of(item)); });
    std::ranges::stable_sort(out, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id.str()); });
    return out;
  }
  CreatedApiKey create_key(const NewApiKey& key) const override {
    Json body{{"name", key.name}, {"roles", key.roles}, {"kind", to_string(key.kind)}};
    if (key.expires_at) body["expiresAt"] = *key.expires_at;
    const Json made = client_->call("POST", target({"v1", "keys"}), body);
    return {made.at("secret"), key_of(made)};
  }
  // With an overlap first, so that the old key is valid until the new secret is written; then the old key ends.
  void rotate_key(const ApiKeyId& id, std::chrono::milliseconds overlap,
                  const std::function<void(const CreatedApiKey&)>& hand_over) const override {
    constexpr std::chrono::milliseconds time_to_write = std::chrono::minutes(1);
    const Json made = client_->call("POST", target({"v1", "keys", id.str(), "rotate"}),
                                    Json{{"expiresInSeconds", std::max(overlap, time_to_write).count() / 1000}});
    const CreatedApiKey created{made.at("secret"), key_of(made)};
    try {
      hand_over(created);
    } catch (...) {
      revoke_key(created.key.id);
      throw;
    }
    if (overlap.count() == 0) revoke_key(id);
  }
  void revoke_key(const ApiKeyId& id) const override { client_->call("DELETE", target({"v1", "keys", id.str()})); }

  bool sees_everything() const override {
    const Json me = client_->call("GET", target({"v1", "me"}));
    return me.at("isOrgAdmin") == true && !me.contains("viewedAs");
  }
  EntityPage list(const std::string& type, const Query& query) const override {
    Json body = filter_of(query);
    body["limit"] = query.limit;
    if (query.after) body["cursor"] = *query.after;
    for (const OrderBy& by : query.order)
      body["order"].push_back(
          {{"field", by.field}, {"direction", by.direction == Direction::ascending ? "asc" : "desc"}});
    const Json page = client_->call("POST", target({"v1", "entities", type, "query"}), body);
    std::vector<Entity> rows;
    for (const Json& item : page.at("items")) rows.push_back(entity_of(type, item));
    return {std::move(rows), next_of(page, query.after)};
  }
  std::int64_t count(const std::string& type, const Query& query) const override {
    return client_->call("POST", target({"v1", "entities", type, "count"}), filter_of(query))
        .at("count")
        .get<std::int64_t>();
  }
  void import_all(const std::vector<ImportedRow>& rows) const override {
    std::string lines;
    for (const ImportedRow& row : rows) {
      Json line{{"type", row.type.value()}, {"data", row.data}};
      if (row.options.id) line["id"] = row.options.id->str();
      if (row.options.status) line["status"] = *row.options.status;
      if (row.options.created_at) line["createdAt"] = *row.options.created_at;
      lines += line.dump() + "\n";
    }
    client_->send_lines(target({"v1", "import"}), std::move(lines));
  }
  Entity get(const std::string& type, const EntityId& id) const override {
    return entity_of(type, client_->call("GET", target({"v1", "entities", type, id.str()})));
  }
  Written create(const std::string& type, const std::string& data,
                 const std::optional<std::string>& status) const override {
    return written_of(type, client_->call("POST", target({"v1", "entities", type}), body_of("`data`", data, status)));
  }
  Written update(const std::string& type, const EntityId& id, const std::string& patch,
                 const UpdateOptions& options) const override {
    return written_of(
        type,
        (options.version ? client_with({{"if-match", fmt::format("\"{}\"", *options.version)}}) : client_)
            ->call("PATCH", target({"v1", "entities", type, id.str()}), body_of("the patch", patch, options.status)));
  }
  void remove(const std::string& type, const EntityId& id) const override {
    client_->call("DELETE", target({"v1", "entities", type, id.str()}));
  }
  Written restore(const std::string& type, const EntityId& id) const override {
    return written_of(type, client_->call("POST", target({"v1", "entities", type, id.str(), "restore"})));
  }
  void purge(const std::string& type, const EntityId& id, const PurgeOptions& options) const override {
    if (options.hold_writers)
      throw UsageError("--hold-writers works on a database, not on a server: run the command where the server runs");
    client_->call("POST", target({"v1", "entities", type, id.str(), "purge"}));
  }

  std::unique_ptr<EventFeed> events(const EventQuery& query) const override {
    Parameters parameters = scope();
    parameters.emplace_back("type", query.type);
    parameters.emplace_back("prefix", query.type_prefix);
    parameters.emplace_back("actor", query.actor);
    parameters.emplace_back("entity", query.entity ? std::optional(query.entity->str()) : std::nullopt);
    parameters.emplace_back("since", query.since ? std::optional(std::to_string(*query.since)) : std::nullopt);
    return remote_feed(client_, std::move(parameters));
  }
  Verification verify() const override {
    const Json found = client_->call("POST", target({"v1", "events", "verify"}));
    Verification out;
    out.ok = found.at("ok");
    out.problem = found.value("problem", "");
    // Absent unless the actor sees all events.
    if (found.contains("verified")) out.verified = found.at("verified").get<std::int64_t>();
    if (found.contains("purged")) out.purged = found.at("purged").get<std::int64_t>();
    if (found.contains("head")) out.head = found.at("head").get<std::string>();
    return out;
  }
  Explanation explain(const AskedExplanation& asked) const override;

  std::unique_ptr<AgentPlace> agents() const override { return remote_agents(client_, scope()); }
  EntityPage related(const EntityId& from, const std::string& relation, RelationDirection direction,
                     const RelatedQuery& query) const override {
    Parameters parameters = scope();
    parameters.emplace_back("direction", direction == RelationDirection::out ? "forward" : "backward");
    parameters.emplace_back("limit", std::to_string(query.limit));
    parameters.emplace_back("cursor", query.after);
    const Json page = client_->call("GET", target_of({"v1", "relations", from.str(), relation}, parameters));
    std::vector<Entity> rows;
    for (const Json& item : page.at("items")) rows.push_back(entity_of(item.at("type"), item));
    return {std::move(rows), next_of(page, query.after)};
  }
  void link(const EntityId& from, const std::string& relation, const EntityId& to) const override {
    client_->call("PUT", target({"v1", "relations", from.str(), relation, to.str()}));
  }
  void unlink(const EntityId& from, const std::string& relation, const EntityId& to) const override {
    client_->call("DELETE", target({"v1", "relations", from.str(), relation, to.str()}));
  }

  std::vector<OperatorSession> operators() const override {
    std::vector<OperatorSession> out;
    const Json page = client_->call("GET", target({"v1", "operators"}));
    for (const Json& item : page.at("items")) out.push_back(operator_session_of(item));
    return out;
  }
  Invitation invite(const UserId& user) const override {
    const Json made = client_->call("POST", target({"v1", "operators"}), Json{{"user", user.str()}});
    return {made.at("token"), made.at("expiresAt")};
  }
  std::int64_t end_sessions(const UserId& user) const override {
    return client_->call("DELETE", target({"v1", "operators", user.str()})).at("ended").get<std::int64_t>();
  }
  std::string server_address() const override { return client_->address().url(); }

  std::vector<Finding> examine(const Examined& what) const override {
    if (what.rows) throw UsageError("--rows works on a database, not on a server; run it where the database is");
    if (what.all_organizations)
      throw UsageError("--all works on a database file: a server shows only the organization of struere.yaml");
    std::vector<Finding> out;
    const Json found = client_->call("GET", target({"v1", "doctor"}));
    for (const Json& item : found.at("findings")) out.push_back(finding_of(item));
    return out;
  }

  TriggerRunPage runs(const TriggerRunQuery& query) const override {
    Parameters parameters = scope();
    parameters.emplace_back("trigger", query.trigger);
    parameters.emplace_back("status",
                            query.status ? std::optional(std::string(to_string(*query.status))) : std::nullopt);
    parameters.emplace_back("limit", std::to_string(query.limit));
    parameters.emplace_back("cursor", query.after);
    const Json page = client_->call("GET", target_of({"v1", "runs"}, parameters));
    TriggerRunPage out;
    for (const Json& item : page.at("items")) out.runs.push_back(run_of(item));
    out.next = text_in(page, "cursor");
    return out;
  }
  TriggerRun retry_run(const TriggerRunId& id) const override {
    return run_of(client_->call("POST", target({"v1", "runs", id.str(), "retry"})));
  }
  TriggerRun cancel_run(const TriggerRunId& id) const override {
    return run_of(client_->call("POST", target({"v1", "runs", id.str(), "cancel"})));
  }

 private:
  Parameters scope() const {
    return {{"environment", environment_ ? std::optional(std::string(to_string(*environment_))) : std::nullopt}};
  }
  std::string target(const std::vector<std::string>& segments) const { return target_of(segments, scope()); }
  std::shared_ptr<const HttpClient> client_with(const std::map<std::string, std::string>& headers) const {
    return std::make_shared<const HttpClient>(client_->with(headers));
  }

  // Of all pages of a list.
  void each_item(const char* list, const std::function<void(const Json&)>& visit) const {
    const auto target_after = [&](const std::optional<std::string>& cursor) {
      Parameters parameters = scope();
      parameters.emplace_back("limit", "1000");
      parameters.emplace_back("cursor", cursor);
      return target_of({"v1", list}, parameters);
    };
    client_->pages(target_after, [&](const Json& page) {
      for (const Json& item : page.at("items")) visit(item);
      return PageUse::kept;
    });
  }

  // What gives the cursor to the next page. An export asks until there is none.
  std::function<std::string()> next_of(const Json& page, const std::optional<std::string>& asked) const {
    const auto next = text_in(page, "cursor");
    if (next && (page.at("items").empty() || next == asked))
      throw Error(ErrorCode::storage, fmt::format("{} answered a page that leads nowhere; is it a server of struere?",
                                                  client_->address().url()));
    if (!next) return nullptr;
    return [cursor = *next] { return cursor; };
  }

  static Json filter_of(const Query& query) {
    Json out = Json::object();
    if (!query.where.empty()) out["where"] = query.where.nodes();
    if (query.status) out["status"] = *query.status;
    if (query.search) out["search"] = *query.search;
    return out;
  }

  static Json body_of(const char* what, const std::string& data, const std::optional<std::string>& status) {
    JsonFault fault;
    auto parsed = parse_json(data, fault);
    if (!parsed)
      throw Error(ErrorCode::invalid_data, fmt::format("{} is not acceptable JSON: {}", what, fault.message));
    Json out{{"data", *std::move(parsed)}};
    if (status) out["status"] = *status;
    return out;
  }

  void require_name(const char* what, const char* folder, const char* key, const std::string& name) const {
    std::vector<std::string> known;
    try {
      const Json page = client_->call("GET", target({"v1", folder}));
      for (const Json& item : page.at("items")) known.push_back(item.at(key).get<std::string>());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::permission_denied) return;  // this actor does not see all names
      throw;
    }
    if (std::ranges::find(known, name) == known.end())
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no {} `{}` in {}.{}", what, name, environment(), suggestion(name, known)));
  }

  Options options_;
  OrganizationId organization_;
  std::shared_ptr<const HttpClient> client_;
  std::optional<Environment> environment_;  // nullopt: that of a key
};

Explanation RemotePlace::explain(const AskedExplanation& asked) const {
  // About the key, the user of --as, or the operator. Who asks is always the operator.
  const Json me = client_->with({}, {"struere-view-as"}).call("GET", target({"v1", "me"}));
  const std::string about = options_.user ? "user:" + *options_.user
                                          : (options_.key ? "key:" : "user:") + me.at("actorId").get<std::string>();
  const HttpClient asker(client_->address(), [&] {
    try {
      return require_login(client_->address(), organization_, false).secret;
    } catch (const UsageError& error) {
      if (!options_.key) throw;
      throw UsageError(fmt::format("a key is explained to an operator, not to the key itself, and {}", error.what()));
    }
  }());
  const std::string environment = me.at("environment");
  Json body{{"about", about}, {"action", to_string(asked.action)}, {"resource", asked.resource}};
  if (asked.id) body["id"] = asked.id->str();
  if (asked.write) {
    body["write"] = Json{{"data", asked.write->data}};
    if (asked.write->status) body["write"]["status"] = *asked.write->status;
  }
  return explanation_of(asker.call("POST", target_of({"v1", "explain"}, {{"environment", environment}}), body));
}

}  // namespace

std::unique_ptr<Place> open_remote_place(const Options& options, const Project& project) {
  const ServerAddress address = ServerAddress::parse(*project.server, "`server` in struere.yaml");
  std::map<std::string, std::string> headers;
  std::optional<Environment> environment = parse_environment(options.environment);
  std::string secret;
  if (options.key) {
    secret = *options.key;
    if (!options.environment_is_given) environment.reset();
  } else {
    secret = require_login(address, project.organization).secret;
    if (options.user) headers["struere-view-as"] = "user:" + *options.user;
  }
  return std::make_unique<RemotePlace>(
      options, project, std::make_shared<const HttpClient>(address, std::move(secret), std::move(headers)),
      environment);
}

}  // namespace struere::cli
