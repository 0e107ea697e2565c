// The definitions of an environment of a server.
#include "cli/remote_json.hpp"
#include "cli/remote_parts.hpp"

namespace struere::cli {
namespace {

class RemoteDefinitions final : public DefinitionPlace {
 public:
  RemoteDefinitions(std::shared_ptr<const HttpClient> client, Environment environment)
      : client_(std::move(client)), environment_(environment) {}

  DefinitionSet current() const override {
    return DefinitionSet::from_json(client_->call("GET", target({"v1", "definitions"})));
  }
  HeldFields held_fields() const override {
    return [client = client_, environment = environment_](const std::string& type, const FieldPath& field) {
      return client
          ->call("GET", target_of({"v1", "definitions", "held"}, {{"environment", std::string(to_string(environment))},
                                                                  {"type", type},
                                                                  {"field", field.str()}}))
          .at("held")
          .get<bool>();
    };
  }
  ChangePlan plan(const DefinitionSet& definitions, const PlanOptions& options) const override {
    ChangePlan out = plan_of(client_->call("POST", target({"v1", "definitions", "plan"}),
                                           Json{{"definitions", definitions.to_json()}, {"options", json_of(options)}}),
                             environment_, options);
    out.definitions = definitions;
    return out;
  }
  ChangePlan plan_rollback(std::int64_t release, const PlanOptions& options) const override {
    ChangePlan out = plan_of(client_->call("POST", target({"v1", "releases", std::to_string(release), "plan"}),
                                           Json{{"options", json_of(options)}}),
                             environment_, options);
    out.restores = release;
    return out;
  }
  void apply(const ChangePlan& plan) const override {
    client_->call(
        "POST", target({"v1", "definitions", "apply"}),
        Json{{"definitions", plan.definitions.to_json()}, {"options", json_of(plan.options)}, {"base", plan.base}});
  }
  Release deploy(const ChangePlan& plan, const std::string& note) const override {
    Json body{{"confirm", "production"}, {"note", note}, {"options", json_of(plan.options)}, {"base", plan.base}};
    if (plan.restores)
      return release_of(
          client_->call("POST", target({"v1", "releases", std::to_string(*plan.restores), "rollback"}), body));
    body["definitions"] = plan.definitions.to_json();
    return release_of(client_->call("POST", target({"v1", "definitions", "deploy"}), body));
  }
  std::vector<Release> releases() const override {
    std::vector<Release> out;
    const Json page = client_->call("GET", target({"v1", "releases"}));
    for (const Json& item : page.at("items")) out.push_back(release_of(item));
    return out;
  }

 private:
  std::string target(const std::vector<std::string>& segments) const {
    return target_of(segments, {{"environment", std::string(to_string(environment_))}});
  }

  std::shared_ptr<const HttpClient> client_;
  Environment environment_;
};

}  // namespace

std::unique_ptr<DefinitionPlace> remote_definitions(std::shared_ptr<const HttpClient> client, Environment environment) {
  return std::make_unique<RemoteDefinitions>(std::move(client), environment);
}

}  // namespace struere::cli
