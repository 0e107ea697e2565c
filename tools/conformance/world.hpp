// The world of one scenario: a database of its own, with time and ids that are the scenario's.
#pragma once

#include <map>
#include <optional>
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

  // While it lives the clock stands still; then it moves on for each entity that was created meanwhile.
  class Unit {
   public:
    explicit Unit(World& world) : world_(world) { world_.created_in_unit_ = 0; }
    ~Unit() {
      for (int i = 0; i < *world_.created_in_unit_; ++i) world_.clock_.move_on();
      world_.created_in_unit_.reset();
    }
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;
    void undone() { world_.created_in_unit_ = 0; }

   private:
    World& world_;
  };

  // Whoever a step names. Throws Error where there is no such actor.
  Session actor(const Json& named);

  // Creates an entity under the id of its ref. If that succeeds, the time moves on.
  Written create(const Session& actor, const std::string& type, const std::string& ref, const Json& data,
                 const CreateOptions& options);
  // Likewise; if it finds its entity, the ref stays an id that does not exist.
  Upserted upsert(const Session& actor, const std::string& type, const std::string& ref,
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
  void reserve_id(const Json& step, std::size_t index);
  void entity_was_created();
  void build_organization(const std::string& name, const OrderedJson& organization);
  void build_members(const OrganizationId& organization, const OrderedJson& members);
  void build_environment(const Session& system, const OrderedJson& environment);
  std::string secret_of_key(const Json& named);

  std::optional<int> created_in_unit_;
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
