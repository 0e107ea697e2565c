// Makes random worlds as scenarios in the form of tests/conformance/README.md, so that a failing one can be reduced
// and kept as a file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conformance/scenario.hpp"
#include "random.hpp"

namespace struere::proof {

using conformance::OrderedJson;
using conformance::Scenario;

// One environment of one organization, and its content.
struct Place {
  std::string organization, environment;
  std::vector<std::string> roles;
  std::map<std::string, std::vector<std::string>> refs_by_type;
  std::vector<std::string> refs;     // of all entities, including those that steps create
  std::vector<std::string> persons;  // active from the beginning, so that a reference may name them
  std::vector<std::pair<std::string, std::string>> removed = {};  // type and ref of what steps remove
};

// A world and the state from which its steps are made.
struct GeneratedWorld {
  std::vector<Place> places;
  OrderedJson organizations;
  int refs = 0;    // the number of refs used so far
  Json last_list;  // the last `list` step, so that a later step can continue it
};

GeneratedWorld random_world(Random& random);

// Makes types, roles, assignments, entities and relations of one place, with `entities` entities. Fills `place`.
OrderedJson random_environment(Random& random, Place& place, int entities, int& refs);

// Makes the types `person` (the persons of users), `note` and `task`, and binds some of them to roles.
OrderedJson random_entity_types(Random& random, const std::vector<std::string>& roles);

// Makes a unique key of one or two paths, without a look at the entities.
Json random_unique_key(Random& random);

// Gives some of the types in `environment` keys that its entities do not break.
void add_unique_keys(Random& random, OrderedJson& environment);

// Makes a role on these types. `bound` says whether one of them is bound to it.
Json random_role(Random& random, const std::string& name, const std::vector<std::string>& refs, bool bound);

// A random actor in that place: a user, an API key or the system.
Json random_actor(Random& random, const Place& place);

// A step of `actor`; it may name ids of other places. A `create` gets the next ref.
Json random_step(Random& random, const Json& actor, GeneratedWorld& world, std::size_t place);

// A step of the system that changes a type, a role, its assignments or the members.
Json random_change(Random& random, GeneratedWorld& world, std::size_t place);

constexpr int steps_of_a_world = 80;

// The world of that seed, with `steps` steps of many actors.
Scenario random_scenario(std::uint64_t seed, int steps);

}  // namespace struere::proof
