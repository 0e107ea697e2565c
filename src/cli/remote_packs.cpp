#include "cli/remote_parts.hpp"

#include <array>
#include <string_view>

#include "cli/remote_json.hpp"

namespace struere::cli {
namespace {

constexpr std::array<std::string_view, 5> action_words{"install", "upgrade", "customize", "repair", "uninstall"};

std::string_view action_word(PackAction action) { return action_words.at(static_cast<std::size_t>(action)); }

Json step_json(const MigrationStep& step) {
  Json out{{"entityType", step.entity_type}, {"value", step.value}};
  if (!step.field.empty()) out["field"] = step.field;
  if (!step.to.empty()) out["to"] = step.to;
  return {{std::string(to_string(step.kind)), std::move(out)}};
}

Json pack_json(const Pack& pack) {
  Json migrations = Json::array();
  for (const Migration& migration : pack.migrations) {
    Json steps = Json::array();
    for (const MigrationStep& step : migration.steps) steps.push_back(step_json(step));
    migrations.push_back({{"from", migration.from}, {"to", migration.to}, {"steps", std::move(steps)}});
  }
  return {{"id", pack.id},
          {"version", pack.version},
          {"name", pack.name},
          {"description", pack.description},
          {"definitions", pack.definitions.to_json()},
          {"migrations", std::move(migrations)}};
}

Json pack_options_json(const PackOptions& options) {
  const auto side = [](MergeSide each) { return each == MergeSide::ours ? "ours" : "theirs"; };
  Json out = json_of(options.plan);
  out["takeOver"] = options.take_over;
  out["removeEntities"] = options.remove_entities;
  if (options.prefer) out["prefer"] = side(*options.prefer);
  out["choices"] = Json::object();
  for (const auto& [place, choice] : options.choices) out["choices"][place] = side(choice);
  return out;
}

// The inputs of a plan, of which apply() sends what the plan was made of.
Json request_of(const PackPlan& plan) {
  Json out{{"action", action_word(plan.action)}, {"options", pack_options_json(plan.options)}};
  if (plan.action == PackAction::install || plan.action == PackAction::upgrade)
    out["pack"] = pack_json(plan.pack);
  else
    out["id"] = plan.pack_id;
  return out;
}

class RemotePacks final : public PackPlace {
 public:
  RemotePacks(std::shared_ptr<const HttpClient> client, Environment environment)
      : client_(std::move(client)), environment_(environment) {}

  std::vector<InstalledPack> list() const override {
    std::vector<InstalledPack> out;
    const Json page = client_->call("GET", target({"v1", "packs"}));
    for (const Json& item : page.at("items"))
      out.push_back({item.at("id"), item.at("version"), item.at("overrides"), item.at("history"),
                     item.at("installedBy"), item.at("installedAt"), item.at("updatedAt")});
    return out;
  }
  PackPlan plan_install(const Pack& pack, const PackOptions& options) const override {
    return plan(PackAction::install, pack.id, options, pack);
  }
  PackPlan plan_upgrade(const Pack& pack, const PackOptions& options) const override {
    return plan(PackAction::upgrade, pack.id, options, pack);
  }
  PackPlan plan_customize(const std::string& id, const PackOptions& options) const override {
    return plan(PackAction::customize, id, options);
  }
  PackPlan plan_repair(const std::string& id, const PackOptions& options) const override {
    return plan(PackAction::repair, id, options);
  }
  PackPlan plan_uninstall(const std::string& id, const PackOptions& options) const override {
    return plan(PackAction::uninstall, id, options);
  }
  // The server makes the plan again, and refuses if the environment has changed since this one.
  void apply(const PackPlan& plan) const override {
    Json body = request_of(plan);
    body["base"] = plan.definitions.base;
    client_->call("POST", target({"v1", "packs", "apply"}), body);
  }

 private:
  std::string target(const std::vector<std::string>& segments) const {
    return target_of(segments, {{"environment", std::string(to_string(environment_))}});
  }

  PackPlan plan(PackAction action, const std::string& id, const PackOptions& options, const Pack& pack = {}) const {
    PackPlan out;
    out.action = action;
    out.pack_id = id;
    out.options = options;
    out.pack = pack;
    const Json json = client_->call("POST", target({"v1", "packs", "plan"}), request_of(out));
    out.definitions = plan_of(json, environment_, options.plan);
    out.versions = json.at("versions").get<std::vector<std::string>>();
    out.entities = json.at("entities").get<std::map<std::string, std::int64_t>>();
    out.kept_types = json.at("keptTypes").get<std::vector<std::string>>();
    out.changes_record = json.at("changesRecord");
    const auto side_of = [](const Json& conflict, const char* name) {
      return conflict.contains(name) ? std::optional<Json>(conflict.at(name)) : std::nullopt;
    };
    for (const Json& conflict : json.at("conflicts"))
      out.conflicts.push_back(
          {conflict.at("place"), side_of(conflict, "base"), side_of(conflict, "ours"), side_of(conflict, "theirs")});
    return out;
  }

  std::shared_ptr<const HttpClient> client_;
  Environment environment_;
};

}  // namespace

std::unique_ptr<PackPlace> remote_packs(std::shared_ptr<const HttpClient> client, Environment environment) {
  return std::make_unique<RemotePacks>(std::move(client), environment);
}

}  // namespace struere::cli
