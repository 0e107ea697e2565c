#include "generator.hpp"

#include <algorithm>

#include "conditions.hpp"
#include "paths.hpp"

namespace struere::proof {

namespace {

OrderedJson random_members(Random& random) {
  OrderedJson members = OrderedJson::object();
  for (const std::string& user : random.some(user_names, 88)) members[user] = user == "root" ? "admin" : "member";
  return members;
}

OrderedJson random_assignments(Random& random, const OrderedJson& members, const std::vector<std::string>& roles) {
  OrderedJson assignments = OrderedJson::object();
  for (const auto& [user, unused] : members.items())
    if (auto held = random.some(roles, 60); !held.empty()) assignments[user] = held;
  return assignments;
}

// One of the first persons, who are users; or any entity if there are no persons. There must be an entity.
std::string somebody(Random& random, const Place& place) {
  const auto& persons = place.persons.empty() ? place.refs : place.persons;
  return persons[static_cast<std::size_t>(random.below(std::min(3, static_cast<int>(persons.size()))))];
}

OrderedJson random_entities(Random& random, Place& place, int count, int& refs) {
  OrderedJson entities = OrderedJson::array();
  for (int i = 0; i < count; ++i) {
    // In most cases the first entities are the persons of users, so that later entities can be about them.
    const bool is_user = i < 3 && random.chance(80);
    const std::string type = is_user ? "person" : random.pick(type_names), ref = "e" + std::to_string(++refs);
    const std::string status = is_user || random.chance(70) ? "active" : random.pick(status_names);
    Json data = random_data(random, type, place.refs, place.persons);
    if (is_user)
      data["userId"] = user_names[static_cast<std::size_t>(i)];
    else if (!place.persons.empty() && random.chance(40))
      data["owner"] = "@" + somebody(random, place);
    entities.push_back({{"ref", ref}, {"type", type}, {"data", std::move(data)}, {"status", status}});
    place.refs.push_back(ref);
    place.refs_by_type[type].push_back(ref);
    if (type == "person" && status == "active") place.persons.push_back(ref);
  }
  return entities;
}

bool is_bound(const OrderedJson& types, const std::string& role) {
  for (const OrderedJson& type : types)
    if (type.contains("boundToRole") && type.at("boundToRole") == role) return true;
  return false;
}

// Sets a value, except where the schema of `task` requires another type.
void put(OrderedJson& entity, const Path& path, const std::string& value) {
  if (entity.at("type") == "task" && (path[0] == "n" || (path[0] == "title" && path.size() > 1))) return;
  set(entity["data"], path, OrderedJson(value));
}

// By chance, few users would have an entity of their own, and few rows would be about it or reached from it. This
// class changes some entities and relations so that the rules of roles admit more rows.
class Aim {
 public:
  Aim(Random& random, const Place& place, OrderedJson& environment)
      : random_(random), place_(place), environment_(environment) {}

  void at_rules() {
    for (const OrderedJson& role : environment_["roles"]) {
      if (!role.contains("scopeRules")) continue;
      find_own(role.at("name").get<std::string>());
      if (own_.empty()) continue;
      for (const OrderedJson& rule : role.at("scopeRules"))
        if (rule.contains("entityType")) at_condition(rule, rule.at("entityType").get<std::string>());
    }
  }

 private:
  // Finds the entities of the type that is bound to the role, and makes the first ones the users' own entities.
  void find_own(const std::string& role) {
    own_.clear();
    for (const OrderedJson& type : environment_["entityTypes"]) {
      if (type.value("boundToRole", "") != role) continue;
      const Path user = split(type.value("userIdField", "userId"), '.');
      for (OrderedJson& entity : environment_["entities"]) {
        if (own_.size() + 1 >= user_names.size() || entity.at("type") != type.at("slug")) continue;
        put(entity, user, user_names[own_.size()]);
        entity["status"] = "active";
        own_.push_back(entity.at("ref").get<std::string>());
      }
    }
  }

  void at_condition(const OrderedJson& condition, const std::string& type) {
    for (const char* group : {"any", "all"})
      if (condition.contains(group))
        for (const OrderedJson& part : condition.at(group)) at_condition(part, type);
    const auto fitting = place_.refs_by_type.find(type);
    if (fitting == place_.refs_by_type.end() || fitting->second.empty()) return;
    if (condition.contains("relationPath")) lead_to(fitting->second, condition.at("relationPath").get<std::string>());
    if (!condition.contains("field") || !condition.contains("value") || !condition.at("value").is_string()) return;
    const std::string field = condition.at("field").get<std::string>(),
                      value = condition.at("value").get<std::string>();
    if (value == "actor.entityId" && field.starts_with("data.")) {
      for (OrderedJson& entity : environment_["entities"])
        if (entity.at("type") == type && random_.chance(50)) put(entity, path_of(field), "@" + random_.pick(own_));
    } else if (value.starts_with("actor.relatedIds:")) {
      const std::string relation = value.substr(value.find(':') + 1);
      if (field == "id") return lead_to(fitting->second, relation);
      if (!field.starts_with("data.")) return;
      const std::string end = random_.pick(place_.refs);
      lead_to({end}, relation);
      for (OrderedJson& entity : environment_["entities"])
        if (entity.at("type") == type && random_.chance(40)) put(entity, path_of(field), "@" + end);
    }
  }

  // Adds relations hop by hop from each user's own entity to some of `ends`.
  void lead_to(const std::vector<std::string>& ends, const std::string& path) {
    const auto hops = split(path, '/');
    for (const std::string& start : own_) {
      std::string here = start;
      for (std::size_t hop = 0; hop < hops.size(); ++hop) {
        const std::string there = hop + 1 == hops.size() ? random_.pick(ends) : random_.pick(place_.refs);
        const bool backwards = hops[hop].starts_with('^');
        environment_["relations"].push_back({{"from", backwards ? there : here},
                                             {"type", hops[hop].substr(backwards ? 1 : 0)},
                                             {"to", backwards ? here : there}});
        here = there;
      }
    }
  }

  Random& random_;
  const Place& place_;
  OrderedJson& environment_;
  std::vector<std::string> own_;  // of the role that is being handled
};

}  // namespace

OrderedJson random_environment(Random& random, Place& place, int entities, int& refs) {
  place.roles = random.some(role_names, 70);
  OrderedJson environment;
  environment["entityTypes"] = random_entity_types(random, place.roles);
  OrderedJson made = random_entities(random, place, entities, refs);
  environment["roles"] = OrderedJson::array();
  for (const std::string& role : place.roles)
    environment["roles"].push_back(
        OrderedJson(random_role(random, role, place.refs, is_bound(environment["entityTypes"], role))));
  environment["entities"] = std::move(made);
  environment["relations"] = OrderedJson::array();
  if (!place.refs.empty())
    for (int i = random.below(2 * entities); i > 0; --i)
      environment["relations"].push_back(
          {{"from", random.chance(50) ? random.pick(place.refs) : somebody(random, place)},
           {"type", random.pick(relation_names)},
           {"to", random.pick(place.refs)}});
  Aim(random, place, environment).at_rules();
  add_unique_keys(random, environment);
  return environment;
}

GeneratedWorld random_world(Random& random) {
  GeneratedWorld world;
  for (const std::string organization : {"acme", "globex"}) {
    OrderedJson& made = world.organizations[organization];
    made["members"] = random_members(random);
    for (const std::string environment : {"development", "production"}) {
      if (organization == "globex" && environment == "production" && random.chance(60)) continue;
      Place place{organization, environment, {}, {}, {}, {}, {}};
      const int entities = world.places.empty() ? random.between(9, 18) : random.between(2, 7);
      OrderedJson parts = random_environment(random, place, entities, world.refs);
      parts["assignments"] = random_assignments(random, made["members"], place.roles);
      made[environment] = std::move(parts);
      world.places.push_back(std::move(place));
    }
  }
  return world;
}

Json random_actor(Random& random, const Place& place) {
  Json actor{{"organization", place.organization}, {"environment", place.environment}};
  const int kind = random.below(100);
  if (kind < 8) {
    actor["system"] = true;
  } else if (kind < 28) {
    actor["roles"] = random.some(place.roles, 60);
  } else {
    actor["user"] = kind < 30 ? "nobody" : random.pick(user_names);
  }
  return actor;
}

Scenario random_scenario(std::uint64_t seed, int steps) {
  Random random(seed);
  GeneratedWorld world = random_world(random);
  Scenario scenario;
  scenario.name = "proof-" + std::to_string(seed);
  while (static_cast<int>(scenario.steps.size()) < steps) {
    // Most steps happen in one place, so that they affect each other.
    const auto place =
        random.chance(65) ? 0 : static_cast<std::size_t>(random.below(static_cast<int>(world.places.size())));
    if (random.chance(15)) scenario.steps.push_back(random_change(random, world, place));
    const Json actor = random_actor(random, world.places[place]);
    for (int i = random.between(1, 4); i > 0; --i) scenario.steps.push_back(random_step(random, actor, world, place));
  }
  scenario.organizations = std::move(world.organizations);
  return scenario;
}

}  // namespace struere::proof
