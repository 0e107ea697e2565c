// The world of one scenario: a database of its own, with time and ids that are the scenario's.
#pragma once

#include <map>
#include <string>

#include "references.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#include "step_clock.hpp"
#include "struere/repository/database.hpp"

namespace struere::conformance {

class World {
 public:
  explicit World(const StorageChoice& choice);

  // Reserves an id for every entity that the scenario makes, in the order in which it does, then makes the world.
  // Throws what the library throws.
  void build(const Scenario& scenario);

  // Whoever a step names. Throws Error where there is no such actor.
  ActorContext actor(const Json& named);

  // Creates an entity under the id of its ref. If that succeeds, the time moves on.
  Written create(const ActorContext& actor, const std::string& type, const std::string& ref, const Json& data,
                 const CreateOptions& options);
  // Likewise; if it finds its entity, the ref stays an id that does not exist.
  Upserted upsert(const ActorContext& actor, const std::string& type, const std::string& ref,
                  const std::vector<std::string>& key, const Json& data);

  // Makes a user a `member` or `admin` there, or `none` any more; answers whether that changed who is a member. The
  // user must be there already.
  bool put_member(const OrganizationId& organization, const std::string& user, const std::string& membership);

  // With the ids that refs in the values of its rules stand for.
  Json resolved_role(Json definition);

  const Database& database() const noexcept { return database_; }
  References& references() noexcept { return references_; }

 private:
  void reserve_ids(const Scenario& scenario);
  void build_organization(const std::string& name, const OrderedJson& organization);
  void build_members(const OrganizationId& organization, const OrderedJson& members);
  void build_environment(const ActorContext& system, const OrderedJson& environment);
  std::string secret_of_key(const Json& named);

  ScenarioStorage storage_;
  StepClock clock_;
  PreparedIds ids_;
  References references_;
  Database database_;
  std::map<Json, std::string> secrets_;  // of API keys, by the actor that a step names
};

// The ref of the entity that a `create` or `upsert` step makes.
std::string ref_of_create(const Json& step, std::size_t index);

}  // namespace struere::conformance
