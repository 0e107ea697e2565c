// Makes random twins: a world, an actor in it, and a second world that differs in all that the actor must not see.
#include <algorithm>
#include <array>
#include <optional>

#include "conformance/world.hpp"
#include "generator.hpp"
#include "questions.hpp"
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

// A row that no grant shows to the actor, and its data in each world.
struct Unseen {
  std::string type, ref;
  std::array<Json, 2> data;
};

class TwinMaker {
 public:
  explicit TwinMaker(std::uint64_t seed) : random_(seed), name_("twins-" + std::to_string(seed)) {}

  OrderedJson make() {
    // Most random worlds hide nothing from the actor, so they could not reveal anything; such a world is made again.
    for (int tries = 0; tries < 20 && secrets_.empty(); ++tries) {
      make_world();
      if (passes_policies() && random_.chance(50)) break;
    }
    OrderedJson steps = OrderedJson::array();
    while (steps.size() < steps_of_twins) {
      if (random_.chance(60)) {
        for (int i = random_.between(1, 3); i > 0; --i)
          for (const Json& step : steps_of_actor()) steps.push_back(OrderedJson(step));
      } else {
        steps.push_back(OrderedJson(step_of_others()));
      }
    }
    return {{"name", name_}, {"actor", OrderedJson(actor_)}, {"organizations", world_.organizations}, {"steps", steps}};
  }

 private:
  void make_world() {
    unseen_.clear();
    world_ = random_world(random_);
    do actor_ = random_actor(random_, place());
    while (actor_.contains("user") && !members().contains(actor_["user"].get<std::string>()));
    if (!passes_policies()) let_in();
    renew_elsewhere();
    sight_.emplace(environment(), roles());
    renew_roles_of_others();
    renew_entities();
  }

  // An actor with many roles often has one that shows everything, and an actor without roles sees nothing. So the
  // actor gets one or two roles that hide similar fields and admit most rows.
  void let_in() {
    if (random_.chance(10) || place().roles.empty()) return;
    auto held = random_.some(place().roles, 40);
    held.resize(std::min<std::size_t>(held.size(), 2));
    if (held.empty()) held.push_back(random_.pick(place().roles));
    if (actor_.contains("roles"))
      actor_["roles"] = held;
    else
      environment()["assignments"][actor_["user"].get<std::string>()] = held;
    const bool alike = random_.chance(70);
    const OrderedJson* first = nullptr;
    for (OrderedJson& role : environment()["roles"]) {
      if (std::ranges::find(held, role.at("name").get<std::string>()) == held.end()) continue;
      for (const std::string& type : type_names) {
        if (random_.chance(60))
          role["policies"].push_back({{"resource", type}, {"actions", {"list", "read"}}, {"effect", "allow"}});
        if (role.contains("scopeRules") && random_.chance(40)) drop(role["scopeRules"], type);
        if (role.contains("visibleFields") && random_.chance(50)) drop(role["visibleFields"], type);
      }
      // A mask on a path inside an array hides the whole array.
      for (const std::string& type : type_names)
        if (random_.chance(30))
          role["fieldMasks"].push_back({{"entityType", type},
                                        {"fieldPath", random_.chance(50) ? "data.tags.a" : "data.list.b"},
                                        {"maskType", "hide"}});
      if (first && alike)
        for (const char* part : {"fieldMasks", "visibleFields"}) {
          role.erase(part);
          if (first->contains(part)) role[part] = first->at(part);
        }
      first = &role;
    }
  }

  static void drop(OrderedJson& list, const std::string& type) {
    OrderedJson kept = OrderedJson::array();
    for (OrderedJson& entry : list)
      if (entry.at("entityType") != type) kept.push_back(std::move(entry));
    list = std::move(kept);
  }

  // The first place, which has the most content.
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

  // Other scopes may hold any content, with the same names.
  void renew_elsewhere() {
    int refs = static_cast<int>(place().refs.size());
    for (std::size_t i = 1; i < world_.places.size(); ++i) {
      Place& kept = world_.places[i];
      Place renewed{kept.organization, kept.environment, {}, {}, {}, {}, {}};
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
      // A row that no grant admits may have any content. The comparison checks again that no grant admits it.
      if (sight_->has_static_rules(type) && !sight_->has_keys(type) && random_.chance(30) && !is_admitted(entity)) {
        Json renewed = random_data(random_, type, place().refs, place().persons);
        if (const Path* user = sight_->user_field(type)) {
          erase(renewed, *user);
          if (const Json* value = find(data, *user)) set(renewed, *user, *value);
        }
        OrderedJson twin = entity;
        twin["data"] = renewed;
        if (!is_admitted(twin)) {
          const std::string ref = entity.at("ref").get<std::string>();
          if (!sight_->user_field(type)) unseen_.push_back({type, ref, {data, renewed}});
          add_secrets(type, ref, data, renewed);
          entity["data"] = twins_of(data, renewed);
          continue;
        }
      }
      Json renewed = data;
      for (int i = random_.between(3, 8); i > 0; --i) renewed = with_other_secret(type, data, renewed);
      add_secrets(type, entity.at("ref").get<std::string>(), data, renewed);
      entity["data"] = twins_of(data, renewed);
    }
  }

  void add_secrets(const std::string& type, const std::string& ref, const Json& one, const Json& other) {
    for (Secret& secret : secrets_of(type, ref, one, other)) secrets_.push_back(std::move(secret));
  }

  bool is_admitted(const OrderedJson& entity, Json data) {
    OrderedJson other = entity;
    other["data"] = OrderedJson(std::move(data));
    return is_admitted(other);
  }

  // Whether a grant admits the entity, checked in a separate world with the definitions and this entity only.
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
      const Session about = world.actor(actor_);
      const Session asker =
          world.actor({{"organization", place().organization}, {"environment", place().environment}, {"system", true}});
      const EntityId id(world.references().id_of(entity.at("ref").get<std::string>()));
      for (const Action action : {Action::read, Action::list, Action::update, Action::remove})
        for (const ExplainedGrant& grant :
             asker.explain(about, action, entity.at("type").get<std::string>(), id).grants)
          if (grant.admits) return true;
    } catch (const Error&) {
      return true;  // there is no world, so assume the worst
    }
    return false;
  }

  Path random_secret_path(const std::string& type) {
    const auto& masked = sight_->masked_paths(type);
    if (!masked.empty() && random_.chance(75)) {
      Path path = random_.pick(masked);
      if (path.size() > 1 && random_.chance(30)) path.pop_back();
      if (random_.chance(15)) path.push_back("a");
      return path;
    }
    return path_of(random_data_path(random_));
  }

  // `now` with one more changed value, if a random one looks the same as in `before`.
  Json with_other_secret(const std::string& type, const Json& before, const Json& now) {
    const Path path = random_secret_path(type);
    Json tried = now;
    if (random_.chance(20))
      erase(tried, path);
    else
      set(tried, path, secret_like(find(now, path)));
    return sight_->looks_the_same(type, before, tried) && fits_alike(type, before, tried) ? tried : now;
  }

  // Whether the schemas of random_entity_types() accept both values or neither, wherever they are inserted.
  static bool fits_alike(const std::string& type, const Json& one, const Json& other) {
    if (type != "task") return true;
    const auto at = [](const Json& data, const char* key) { return data.contains(key) ? data.at(key) : Json(); };
    for (const char* reference : {"assignee", "watchers"})
      if (at(one, reference) != at(other, reference)) return false;
    return at(one, "title").is_string() == at(other, "title").is_string() &&
           at(one, "n").is_number() == at(other, "n").is_number() && one.contains("n") == other.contains("n") &&
           one.contains("title") == other.contains("title");
  }

  // Mostly the value with one character changed, so that `keepLast` shows the same if that one is hidden.
  Json secret_like(const Json* value) {
    if (value && value->is_string() && !value->get_ref<const std::string&>().empty() && random_.chance(60)) {
      std::string text = value->get<std::string>();
      char& changed = text[static_cast<std::size_t>(random_.below(static_cast<int>(text.size())))];
      if (static_cast<unsigned char>(changed) < 0x80) changed = random_.pick(std::string("abxg2 "));
      return text;
    }
    if (value && value->is_array() && random_.chance(80)) {
      Json array = *value;
      array.push_back(random_.chance(70) ? Json(random_text(random_)) : random_scalar(random_));
      return array;
    }
    return random_.chance(60) ? Json(random_text(random_)) : random_value(random_, 2);
  }

  std::vector<Json> steps_of_actor() {
    if (secrets_.empty() || random_.chance(40)) return {random_step(random_, actor_, world_, 0)};
    // Recently written secrets are chosen more often than the first ones.
    const std::size_t recent = std::min<std::size_t>(secrets_.size(), random_.chance(40) ? 8 : secrets_.size());
    const auto steps = random_questions(
        random_, secrets_[secrets_.size() - 1 - static_cast<std::size_t>(random_.below(static_cast<int>(recent)))]);
    std::vector<Json> out;
    for (Json step : steps) {
      step["actor"] = actor_;
      out.push_back(std::move(step));
    }
    return out;
  }

  Json system_of(const Place& at) {
    return {{"organization", at.organization}, {"environment", at.environment}, {"system", true}};
  }

  // A step of another actor, slightly different in each world.
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
      while (made["op"] == "create" || made["op"] == "upsert" || made["op"] == "list");
      return made;
    };
    return {{"twins", {step(), step()}}};
  }

  Json on_unseen() {
    Unseen& row = unseen_[static_cast<std::size_t>(random_.below(static_cast<int>(unseen_.size())))];
    const auto step = [&](Json& data) -> Json {
      if (sight_->may_go(row.type) && random_.chance(12))
        return {{"actor", system_of(place())}, {"op", "delete"}, {"type", row.type}, {"id", row.ref}};
      const Json patch = random_data(random_, row.type, place().refs, place().persons);
      Json patched = data;
      patched.merge_patch(patch);
      if (random_.chance(12) || is_admitted({{"type", row.type}, {"ref", row.ref}}, patched))
        return {{"actor", system_of(place())}, {"op", "can"}, {"action", "read"}, {"resource", row.type}};
      data = patched;
      return {{"actor", system_of(place())}, {"op", "update"}, {"type", row.type}, {"id", row.ref}, {"patch", patch}};
    };
    Json one = step(row.data[0]), other = step(row.data[1]);
    add_secrets(row.type, row.ref, row.data[0], row.data[1]);
    return {{"twins", {std::move(one), std::move(other)}}};
  }

  Json create_in_both() {
    Json step;
    do step = random_step(random_, system_of(place()), world_, 0);
    while (step["op"] != "create" || step["type"] == "nothing");
    const std::string type = step["type"];
    const Json data = random_data(random_, type, place().refs, place().persons);
    Json twin = data;
    if (!passes_policies()) {
      const Json renewed = random_data(random_, type, place().refs, place().persons);
      const OrderedJson entity{{"type", type}, {"ref", step["ref"]}};
      if (random_.chance(50) && sight_->has_static_rules(type) && !sight_->user_field(type) &&
          !sight_->has_keys(type) && !is_admitted(entity, data) && !is_admitted(entity, renewed)) {
        twin = renewed;
      } else {
        for (int i = 4; i > 0; --i) twin = with_other_secret(type, data, twin);
      }
      add_secrets(type, step["ref"], data, twin);
    }
    step.erase("status");
    step["data"] = Json(twins_of(data, twin));
    return step;
  }

  Json on_masked() {
    const std::string type = random_.pick(type_names);
    const auto& fitting = place().refs_by_type[type];
    const std::string ref = fitting.empty() ? "ghost" : random_.pick(fitting);
    Json one = Json::object();
    for (int i = 3; i > 0; --i) set(one, random_secret_path(type), secret_like(nullptr));
    Json other = one;
    for (int i = 6; i > 0; --i) {
      Json tried = other;
      const Path path = random_secret_path(type);
      set(tried, path, secret_like(find(other, path)));
      if (sight_->looks_the_same(type, one, tried, true) && fits_alike(type, one, tried)) other = tried;
    }
    add_secrets(type, ref, one, other);
    return {{"actor", system_of(place())},
            {"op", "update"},
            {"type", type},
            {"id", ref},
            {"patch", Json(twins_of(one, other))}};
  }

  Random random_;
  std::string name_;
  GeneratedWorld world_;
  Json actor_;
  std::optional<Sight> sight_;
  std::vector<Unseen> unseen_;
  std::vector<Secret> secrets_;
};

}  // namespace

OrderedJson random_twins(std::uint64_t seed) { return TwinMaker(seed).make(); }

}  // namespace struere::proof
