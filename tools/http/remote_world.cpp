#include "http/remote_world.hpp"

#include <array>
#include <chrono>
#include <random>
#include <thread>

#include "conformance/world.hpp"
#include "struere/core/error.hpp"

namespace struere::conformance {
namespace {

using cli::target_of;

constexpr std::array<const char*, 2> environments{"development", "production"};

// The begin of ids that sort by the number at their end, and that no other world has.
std::string own_range() {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  const auto draw = [&](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += digits[random() % digits.size()];
    return out;
  };
  return "018bcfe5-" + draw(4) + "-7" + draw(3) + "-8" + draw(3) + "-";
}

std::string with_environment(const std::vector<std::string>& segments, const std::string& environment) {
  return target_of(segments, {{"environment", environment}});
}

const OrderedJson& part_of(const OrderedJson& parts, const char* name) {
  static const OrderedJson nothing;
  return parts.contains(name) ? parts.at(name) : nothing;
}

// So that no two entities are of one millisecond.
void let_time_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

}  // namespace

RemoteWorld::RemoteWorld(const cli::HttpClient& admin, cli::ServerAddress address)
    : admin_(admin), address_(std::move(address)), references_(own_range()) {}

void RemoteWorld::build(const OrderedJson& organization, const std::vector<Json>& steps) {
  let_time_pass();
  const Json last =
      admin_.call("GET", target_of({"v1", "events"}, {{"environment", "development"}, {"limit", "1"}})).at("items");
  begun_ = last.empty() ? 0 : last[0].at("createdAt").get<Timestamp>() + 1;
  let_time_pass();
  for (const auto& [user, membership] : part_of(organization, "members").items()) {
    members_.insert(user);
    admin_.call("PUT", with_environment({"v1", "members", user}, "development"),
                Json{{"membership", Json(membership)}, {"name", user}});
  }
  // Reserved in the order in which they are made, so that ids sort like the entities.
  for (const char* const environment : environments)
    if (organization.contains(environment))
      for (const OrderedJson& entity : part_of(organization.at(environment), "entities"))
        references_.id_of(entity.at("ref").get<std::string>());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string op = steps[i].value("op", "");
    if (op == "create" || op == "upsert") references_.id_of(ref_of_create(steps[i], i));
  }
  for (const auto& [environment, parts] : organization.items())
    if (environment != "members") build_environment(environment, parts);
  let_time_pass();
}

void RemoteWorld::build_environment(const std::string& environment, const OrderedJson& parts) {
  for (const OrderedJson& type : part_of(parts, "entityTypes")) {
    const std::string slug = type.at("slug");
    entity_types_.emplace(environment, slug);
    admin_.call("PUT", with_environment({"v1", "types", slug}, environment), Json(type));
  }
  for (const OrderedJson& role : part_of(parts, "roles")) {
    const std::string name = role.at("name");
    roles_.emplace(environment, name);
    admin_.call("PUT", with_environment({"v1", "roles", name}, environment), resolved_role(Json(role), references_));
  }
  for (const auto& [user, names] : part_of(parts, "assignments").items())
    for (const OrderedJson& name : names)
      admin_.call("PUT", with_environment({"v1", "roles", name.get<std::string>(), "assignments", user}, environment),
                  Json::object());
  std::string lines;
  for (const OrderedJson& entity : part_of(parts, "entities")) {
    const std::string id = references_.id_of(entity.at("ref").get<std::string>());
    types_[id] = entity.at("type");
    Json line{{"type", entity.at("type").get<std::string>()},
              {"id", id},
              {"createdAt", next_time_++},
              {"data", references_.resolved(Json(entity.at("data")))}};
    if (entity.contains("status")) line["status"] = entity.at("status").get<std::string>();
    lines += line.dump() + "\n";
  }
  if (!lines.empty()) admin_.send_lines(with_environment({"v1", "import"}, environment), std::move(lines));
  for (const OrderedJson& relation : part_of(parts, "relations"))
    admin_.call("PUT", with_environment({"v1", "relations", references_.id_of(relation.at("from").get<std::string>()),
                                         relation.at("type").get<std::string>(),
                                         references_.id_of(relation.at("to").get<std::string>())},
                                        environment));
}

void RemoteWorld::attempt(const std::string& method, const std::string& target) noexcept {
  try {
    admin_.call(method, target);
  } catch (const std::exception&) {  // it is not there, or cannot be removed
  }
}

void RemoteWorld::tear_down() noexcept {
  for (const auto& [environment, id] : keys_) attempt("DELETE", with_environment({"v1", "keys", id}, environment));
  for (const char* const environment : environments)
    for (const auto& [id, type] : types_)
      attempt("POST", with_environment({"v1", "entities", type, id, "purge"}, environment));
  for (const std::string& user : members_) attempt("DELETE", with_environment({"v1", "members", user}, "development"));
  for (const auto& [environment, name] : roles_)
    attempt("DELETE", with_environment({"v1", "roles", name}, environment));
  for (const auto& [environment, slug] : entity_types_)
    attempt("DELETE", with_environment({"v1", "types", slug}, environment));
}

const cli::HttpClient& RemoteWorld::client_of(const Json& actor) {
  if (actor.value("system", false)) return admin_;  // an org admin passes everything, as the system does
  const auto found = clients_.find(actor);
  if (found != clients_.end()) return found->second;
  const std::string environment = actor.at("environment");
  std::string secret;
  if (actor.contains("roles")) {
    try {
      const Json made = admin_.call("POST", with_environment({"v1", "keys"}, environment),
                                    Json{{"name", "scenario"}, {"roles", actor.at("roles")}});
      keys_.emplace(environment, made.at("id").get<std::string>());
      secret = made.at("secret");
    } catch (const Error&) {
      throw NotOverHttp{"an API key with a role that does not exist"};
    }
  } else {
    const std::string user = actor.at("user");
    if (!members_.contains(user)) throw Error(ErrorCode::not_found, "the user is not a member");
    const Json invitation =
        admin_.call("POST", with_environment({"v1", "operators"}, environment), Json{{"user", user}});
    secret = cli::HttpClient(address_, "")
                 .call("POST", target_of({"v1", "operator", "session"}),
                       Json{{"token", invitation.at("token")}, {"client", "cli"}})
                 .at("secret");
  }
  return clients_.emplace(actor, cli::HttpClient(address_, secret)).first->second;
}

Json RemoteWorld::ask(const Json& actor, const HttpRequest& request) {
  const cli::HttpClient& client = client_of(actor);
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters(request.parameters.begin(),
                                                                             request.parameters.end());
  parameters.emplace_back("environment", actor.at("environment").get<std::string>());
  if (request.segments == std::vector<std::string>{"v1", "events"})
    parameters.emplace_back("since", std::to_string(begun_));
  const std::string target = target_of(request.segments, parameters);
  const Json out = request.if_match
                       ? client.with({{"if-match", *request.if_match}}).call(request.method, target, request.body)
                       : client.call(request.method, target, request.body);
  return out.is_null() ? Json::object() : out;
}

Json RemoteWorld::make(const std::string& ref, const std::string& type, const std::function<Json()>& post) {
  Json out = post();
  if (!out.value("created", true)) return out;
  const std::string id = (out.contains("entity") ? out.at("entity") : out).at("id");
  references_.learn(ref, id);
  types_[id] = type;
  let_time_pass();
  return out;
}

}  // namespace struere::conformance
