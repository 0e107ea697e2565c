// Twins at random: a world, somebody in it, and all that this one may not see made anew.
#include "conformance/world.hpp"
#include "generator.hpp"
#include "sight.hpp"
#include "struere/core/error.hpp"
#include "twins.hpp"

namespace struere::proof {
namespace {

constexpr int steps_of_twins = 50;

OrderedJson twins_of(const Json& one, const Json& other) {
  if (one.dump() == other.dump()) return OrderedJson(one);
  return {{"twins", OrderedJson::array({OrderedJson(one), OrderedJson(other)})}};
}

void set(Json& data, const Path& path, Json value) {
  Json* at = &data;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    at = &(*at)[path[i]];
    if (!at->is_object()) *at = Json::object();
  }
  (*at)[path.back()] = std::move(value);
}

const Json* find(const Json& data, const Path& path) {
  const Json* at = &data;
  for (const std::string& key : path) {
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &at->at(key);
  }
  return at;
}

void erase(Json& data, const Path& path) {
  Json* at = &data;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (!at->is_object() || !at->contains(path[i])) return;
    at = &at->at(path[i]);
  }
  if (at->is_object()) at->erase(path.back());
}

class TwinMaker {
 public:
  explicit TwinMaker(std::uint64_t seed) : random_(seed), name_("twins-" + std::to_string(seed)) {}

  OrderedJson make() {
    world_ = random_world(random_);
    do actor_ = random_actor(random_, place());
    while (actor_.contains("user") && !members().contains(actor_["user"].get<std::string>()));
    renew_elsewhere();
    Sight sight(environment(), roles());
    sight_ = &sight;
    renew_roles_of_others();
    renew_entities();
    OrderedJson steps = OrderedJson::array();
    while (steps.size() < steps_of_twins) {
      if (random_.chance(60)) {
        for (int i = random_.between(1, 4); i > 0; --i) steps.push_back(OrderedJson(step_of_actor()));
      } else {
        steps.push_back(OrderedJson(step_of_others()));
      }
    }
    return {{"name", name_}, {"actor", OrderedJson(actor_)}, {"organizations", world_.organizations}, {"steps", steps}};
  }

 private:
  // The first, which has the most in it.
  Place& place() { return world_.places.front(); }
  OrderedJson& environment() { return world_.organizations.at(place().organization).at(place().environment); }
  const OrderedJson& members() { return world_.organizations.at(place().organization).at("members"); }
  std::vector<std::string> roles() {
    if (actor_.contains("roles")) return actor_.at("roles").get<std::vector<std::string>>();
    return environment()["assignments"].value(actor_.value("user", ""), std::vector<std::string>());
  }
  bool passes_policies() {
    return actor_.contains("system") ||
           (actor_.contains("user") && members().value(actor_.value("user", ""), "") == "admin");
  }

  // Other scopes may hold anything, under the same names.
  void renew_elsewhere() {
    int refs = static_cast<int>(place().refs.size());
    for (std::size_t i = 1; i < world_.places.size(); ++i) {
      Place& kept = world_.places[i];
      Place renewed{kept.organization, kept.environment, {}, {}, {}, {}};
      OrderedJson made = random_environment(random_, renewed, static_cast<int>(kept.refs.size()), refs);
      OrderedJson& before = world_.organizations.at(kept.organization).at(kept.environment);
      if (random_.chance(75)) before = OrderedJson{{"twins", OrderedJson::array({before, made})}};
    }
  }

  void renew_roles_of_others() {
    const auto held = roles();
    for (OrderedJson& role : environment()["roles"]) {
      const std::string name = role.at("name").get<std::string>();
      if (std::find(held.begin(), held.end(), name) == held.end() && random_.chance(60))
        role = twins_of(Json(role), random_role(random_, name, place().refs, false));
    }
  }

  void renew_entities() {
    if (passes_policies()) return;
    for (OrderedJson& entity : environment()["entities"]) {
      const std::string type = entity.at("type").get<std::string>();
      const Json data(entity.at("data"));
      // A row that nobody lets the actor see can be anything; whether it is one, the comparison finds out.
      if (sight_->has_static_rules(type) && random_.chance(30) && !is_admitted(entity)) {
        Json renewed = random_data(random_, type, place().refs, place().persons);
        if (const Path* user = sight_->user_field(type)) {
          erase(renewed, *user);
          if (const Json* value = find(data, *user)) set(renewed, *user, *value);
        }
        OrderedJson twin = entity;
        twin["data"] = renewed;
        if (!is_admitted(twin)) {
          unseen_.push_back({type, entity.at("ref").get<std::string>()});
          entity["data"] = twins_of(data, renewed);
          continue;
        }
      }
      Json renewed = data;
      for (int i = random_.between(2, 6); i > 0; --i) renewed = with_other_secret(type, data, renewed);
      entity["data"] = twins_of(data, renewed);
    }
  }

  // In a world of its own, with nothing but the definitions, the entities before and it.
  bool is_admitted(const OrderedJson& entity) {
    Scenario scenario;
    scenario.organizations[place().organization]["members"] =
        world_.organizations.at(place().organization).at("members");
    OrderedJson alone = environment();
    alone["entities"] = OrderedJson::array();
    alone["relations"] = OrderedJson::array();
    alone["roles"] = OrderedJson::array();
    const auto held = roles();
    for (const OrderedJson& role : environment()["roles"])
      if (role.contains("name") && std::find(held.begin(), held.end(), role.at("name")) != held.end())
        alone["roles"].push_back(role);
    alone["assignments"] = OrderedJson::object();
    if (actor_.contains("user")) alone["assignments"][actor_.value("user", "")] = held;
    for (OrderedJson& type : alone["entityTypes"]) {
      type.erase("schema");
      type.erase("boundToRole");
      type.erase("userIdField");
    }
    alone["entities"].push_back(entity);
    scenario.organizations[place().organization][place().environment] = alone;
    try {
      conformance::World world({conformance::StorageChoice::Kind::memory});
      world.build(scenario);
      const ActorContext about = world.actor(actor_);
      const ActorContext asker =
          world.actor({{"organization", place().organization}, {"environment", place().environment}, {"system", true}});
      const EntityId id(world.references().id_of(entity.at("ref").get<std::string>()));
      for (const Action action : {Action::read, Action::list, Action::update, Action::remove})
        for (const ExplainedGrant& grant :
             world.database().explain(asker, about, action, entity.at("type").get<std::string>(), id).grants)
          if (grant.admits) return true;
    } catch (const Error&) {
      return true;  // no world, so nothing is known
    }
    return false;
  }

  Path random_secret_path(const std::string& type) {
    const auto& masked = sight_->masked_paths(type);
    if (!masked.empty() && random_.chance(75)) {
      Path path = random_.pick(masked);
      if (path.size() > 1 && random_.chance(20)) path.pop_back();
      if (random_.chance(15)) path.push_back("a");
      return path;
    }
    const std::string text = random_data_path(random_);
    Path path;
    for (std::size_t begin = 5, dot = 0; dot != std::string::npos; begin = dot + 1)
      path.push_back(text.substr(begin, (dot = text.find('.', begin)) == std::string::npos ? dot : dot - begin));
    return path;
  }

  // `now` with one more value that looks the same as in `before`, if chance finds one.
  Json with_other_secret(const std::string& type, const Json& before, const Json& now) {
    const Path path = random_secret_path(type);
    Json tried = now;
    if (random_.chance(20))
      erase(tried, path);
    else
      set(tried, path, secret_like(find(now, path)));
    return sight_->looks_the_same(type, before, tried) && fits_schema(type, tried) ? tried : now;
  }

  static bool fits_schema(const std::string& type, const Json& data) {
    if (type != "task") return true;
    return data.contains("title") && data["title"].is_string() && (!data.contains("n") || data["n"].is_number());
  }

  // As long and with the same end, now and then, so that `keepLast` shows the same.
  Json secret_like(const Json* value) {
    if (value && value->is_string() && random_.chance(60)) {
      std::string text = value->get<std::string>();
      if (!text.empty() && static_cast<unsigned char>(text[0]) < 0x80) text[0] = random_.pick(std::string("abxg2 "));
      return text;
    }
    return random_.chance(60) ? Json(random_text(random_)) : random_value(random_, 2);
  }

  Json step_of_actor() { return random_step(random_, actor_, world_, 0); }

  Json system_of(const Place& at) {
    return {{"organization", at.organization}, {"environment", at.environment}, {"system", true}};
  }

  // What somebody else does meanwhile, a little different in each world.
  Json step_of_others() {
    const int kind = random_.below(100);
    if (kind < 25 && world_.places.size() > 1) return elsewhere();
    if (kind < 50 && !unseen_.empty()) return on_unseen();
    if (kind < 65) return create_in_both();
    if (kind < 90 && !passes_policies()) return on_masked();
    Json step;
    do step = random_step(random_, system_of(place()), world_, 0);
    while (step["op"] == "list");
    return step;
  }

  Json elsewhere() {
    const auto at = static_cast<std::size_t>(random_.between(1, static_cast<int>(world_.places.size()) - 1));
    const auto step = [&] {
      Json made;
      do made = random_step(random_, system_of(world_.places[at]), world_, at);
      while (made["op"] == "create" || made["op"] == "list");
      return made;
    };
    return {{"twins", {step(), step()}}};
  }

  Json on_unseen() {
    const auto& [type, ref] = random_.pick(unseen_);
    const auto step = [&, type = type, ref = ref]() -> Json {
      if (random_.chance(12)) return {{"actor", system_of(place())}, {"op", "delete"}, {"type", type}, {"id", ref}};
      if (random_.chance(12))
        return {{"actor", system_of(place())}, {"op", "can"}, {"action", "read"}, {"resource", type}};
      return {{"actor", system_of(place())},
              {"op", "update"},
              {"type", type},
              {"id", ref},
              {"patch", random_data(random_, type, place().refs, place().persons)}};
    };
    return {{"twins", {step(), step()}}};
  }

  Json create_in_both() {
    Json step;
    do step = random_step(random_, system_of(place()), world_, 0);
    while (step["op"] != "create" || step["type"] == "nothing");
    const std::string type = step["type"];
    const Json data = random_data(random_, type, place().refs, place().persons);
    Json twin = data;
    if (!passes_policies()) {
      if (random_.chance(50) && sight_->has_static_rules(type) && !sight_->user_field(type)) {
        twin = random_data(random_, type, place().refs, place().persons);
      } else {
        for (int i = 4; i > 0; --i) twin = with_other_secret(type, data, twin);
      }
    }
    step.erase("status");
    step["data"] = Json(twins_of(data, twin));
    return step;
  }

  Json on_masked() {
    const std::string type = random_.pick(type_names);
    const auto& fitting = place().refs_by_type[type];
    Json one = Json::object(), other;
    for (int i = 3; i > 0; --i) {
      const Path path = random_secret_path(type);
      set(one, path, secret_like(nullptr));
    }
    other = one;
    for (int i = 6; i > 0; --i) {
      Json tried = other;
      const Path path = random_secret_path(type);
      set(tried, path, secret_like(find(other, path)));
      if (sight_->looks_the_same(type, one, tried, true)) other = tried;
    }
    return {{"actor", system_of(place())},
            {"op", "update"},
            {"type", type},
            {"id", fitting.empty() ? "ghost" : random_.pick(fitting)},
            {"patch", Json(twins_of(one, other))}};
  }

  Random random_;
  std::string name_;
  GeneratedWorld world_;
  Json actor_;
  const Sight* sight_ = nullptr;
  std::vector<std::pair<std::string, std::string>> unseen_;  // type and name
};

}  // namespace

OrderedJson random_twins(std::uint64_t seed) { return TwinMaker(seed).make(); }

}  // namespace struere::proof
