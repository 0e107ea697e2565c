// A world made at random from a seed, and operations in it; two of one seed differ in their storage alone.
#pragma once

#include <string>
#include <vector>

#include "property/random_json.hpp"
#include "support/world.hpp"

namespace struere::test {

class RandomWorld {
 public:
  RandomWorld(StorageKind kind, std::uint64_t seed);

  // Does something as somebody and answers with all that they got to see: rows, errors, messages.
  std::string step();
  // What the last step asked.
  const std::string& question() const noexcept { return question_; }

 private:
  struct Place {
    Environment environment;
    std::string organization;
  };

  void fill(const Place& place);
  Json random_role(const std::string& name);
  Json random_rule(const std::string& type);
  Json random_condition(bool in_role, int depth);
  Json random_mask(const std::string& type);
  Json random_data(const Place& place);
  Query random_query();
  std::string random_field();
  std::string random_type() { return random_.pick(types_); }
  EntityId random_id();
  ActorContext random_actor(const Place& place);

  std::string list(const EntityRepository& entities);
  std::string related(const ActorContext& actor);
  std::string events(const ActorContext& actor);

  World world_;
  Random random_;
  std::vector<Place> places_;
  std::vector<std::string> types_{"person", "note", "task"}, users_{"ana", "bo", "cy", "root"},
      roles_{"alpha", "beta", "Gamma", "émile"};
  std::vector<EntityId> ids_;
  std::string question_;
};

}  // namespace struere::test
