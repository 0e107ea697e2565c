// Whole worlds at random, as scenarios in the form of tests/conformance/README.md: what fails in one can be cut down
// and kept as a file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conformance/scenario.hpp"
#include "random.hpp"

namespace struere::proof {

using conformance::OrderedJson;
using conformance::Scenario;

// One environment of one organization, and what is in it.
struct Place {
  std::string organization, environment;
  std::vector<std::string> roles;
  std::map<std::string, std::vector<std::string>> refs_by_type;
  std::vector<std::string> refs;     // all of them, those that steps make included
  std::vector<std::string> persons;  // active from the beginning, so that a reference may hold them
};

// A world with what its steps are made of.
struct GeneratedWorld {
  std::vector<Place> places;
  OrderedJson organizations;
  int refs = 0;    // given out so far
  Json last_list;  // the last `list` step, for the next to go on from
};

GeneratedWorld random_world(Random& random);

// Types, roles, assignments, entities and relations of one place, with `entities` entities. Fills `place`.
OrderedJson random_environment(Random& random, Place& place, int entities, int& refs);

// `person` (whom users are), `note` and `task`, some of them bound to roles.
OrderedJson random_entity_types(Random& random, const std::vector<std::string>& roles);

// A role on these types; `bound` where one of them is bound to it.
Json random_role(Random& random, const std::string& name, const std::vector<std::string>& refs, bool bound);

// Somebody in that place: a user, an API key or the system.
Json random_actor(Random& random, const Place& place);

// A step of somebody; ids of other places come up, too. A `create` gets the next ref.
Json random_step(Random& random, const Json& actor, GeneratedWorld& world, std::size_t place);

// A step of the system that changes a type, a role, who has it or who is a member.
Json random_change(Random& random, GeneratedWorld& world, std::size_t place);

constexpr int steps_of_a_world = 80;

// The world of that seed with `steps` steps of many actors.
Scenario random_scenario(std::uint64_t seed, int steps);

}  // namespace struere::proof
