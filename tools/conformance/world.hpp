// The world of one scenario: a database with a clock and an id source of its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "references.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#include "step_clock.hpp"
#include "struere/repository/database.hpp"

namespace struere::conformance {

// Returns the definition of a role with ids in place of the refs in the values of its rules.
Json resolved_role(Json definition, References& references);

class World {
 public:
  explicit World(const StorageChoice& choice);

  // Reserves an id for every entity that the scenario makes, in the order in which it makes them, then builds the
  // world. Throws what the library throws.
  void build(const Scenario& scenario);

  // While this object lives, the clock stands still. Its destructor advances the clock once for each created entity.
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

  // The actor that a step names. Throws Error if it does not exist.
  Session actor(const Json& named);

  // Creates an entity with the id of its ref. If that succeeds, the clock advances.
  Written create(const Session& actor, const std::string& type, const std::string& ref, const Json& data,
                 const CreateOptions& options);
  // Does the same with an upsert. If that finds an entity, the ref remains the id of no entity.
  Upserted upsert(const Session& actor, const std::string& type, const std::string& ref,
                  const std::vector<std::string>& key, const Json& data);

  // Runs `work`, which makes the entity of the ref in another way and returns whether it did. The entity gets the id of
  // the ref if it is the first thing that draws an id.
  void creating(const std::string& ref, const std::function<bool()>& work);

  // Makes an existing user a `member` or `admin` of the organization, or with `none` no member. Returns false only if
  // `none` was given for a user that is no member.
  bool put_member(const OrganizationId& organization, const std::string& user, const std::string& membership);

  // Returns the definition with ids in place of the refs in the values of its rules.
  Json resolved_role(Json definition) { return conformance::resolved_role(std::move(definition), references_); }

  // The secret of the API key that a step names by its `roles`.
  std::string secret_of_key(const Json& named);

  const Database& database() const noexcept { return database_; }
  References& references() noexcept { return references_; }

 private:
  void reserve_ids(const Scenario& scenario);
  void reserve_id(const Json& step, std::size_t index);
  void entity_was_created();
  void build_organization(const std::string& name, const OrderedJson& organization);
  void build_members(const OrganizationId& organization, const OrderedJson& members);
  void build_environment(const Session& system, const OrderedJson& environment);

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
