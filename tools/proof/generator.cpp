#include "generator.hpp"

#include "conditions.hpp"

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

OrderedJson random_entities(Random& random, Place& place, int count, int& refs) {
  OrderedJson entities = OrderedJson::array();
  for (int i = 0; i < count; ++i) {
    const std::string type = random.pick(type_names), ref = "e" + std::to_string(++refs);
    const std::string status = random.chance(75) ? "active" : random.pick(status_names);
    entities.push_back({{"ref", ref},
                        {"type", type},
                        {"data", random_data(random, type, place.refs, place.persons)},
                        {"status", status}});
    place.refs.push_back(ref);
    place.refs_by_type[type].push_back(ref);
    if (type == "person" && status == "active") place.persons.push_back(ref);
  }
  return entities;
}

}  // namespace

OrderedJson random_environment(Random& random, Place& place, int entities, int& refs) {
  place.roles = random.some(role_names, 70);
  OrderedJson environment;
  environment["entityTypes"] = random_entity_types(random, place.roles);
  OrderedJson made = random_entities(random, place, entities, refs);
  environment["roles"] = OrderedJson::array();
  for (const std::string& role : place.roles)
    environment["roles"].push_back(OrderedJson(random_role(random, role, place.refs)));
  environment["entities"] = std::move(made);
  environment["relations"] = OrderedJson::array();
  if (!place.refs.empty())
    for (int i = random.below(10); i > 0; --i)
      environment["relations"].push_back(
          {{"from", random.pick(place.refs)}, {"type", random.pick(relation_names)}, {"to", random.pick(place.refs)}});
  return environment;
}

GeneratedWorld random_world(Random& random) {
  GeneratedWorld world;
  for (const std::string organization : {"acme", "globex"}) {
    OrderedJson& made = world.organizations[organization];
    made["members"] = random_members(random);
    for (const std::string environment : {"development", "production"}) {
      if (organization == "globex" && environment == "production" && random.chance(60)) continue;
      Place place{organization, environment, {}, {}, {}, {}};
      const int entities = world.places.empty() ? random.between(8, 18) : random.between(2, 7);
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
    // Most happens in one place, so that what is done there meets.
    const auto place =
        random.chance(65) ? 0 : static_cast<std::size_t>(random.below(static_cast<int>(world.places.size())));
    const Json actor = random_actor(random, world.places[place]);
    for (int i = random.between(1, 4); i > 0; --i) scenario.steps.push_back(random_step(random, actor, world, place));
  }
  scenario.organizations = std::move(world.organizations);
  return scenario;
}

}  // namespace struere::proof
