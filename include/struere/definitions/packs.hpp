// Packs in one scope: install, upgrade with the data, customize, repair, uninstall. Plan, then apply.
//
//   const Packs packs(session);
//   packs.apply(packs.plan_install(read_pack("packs/tutoring")));
//   const PackPlan plan = packs.plan_upgrade(read_pack("packs/tutoring-1.1"));   // says what it would do, and to how
//   many entities packs.apply(plan);
//
// Each environment has its own installation, and the other one is never touched; nor are definitions that do not belong
// to the pack. docs/packs.md explains customizations and data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "struere/definitions/change_plan.hpp"
#include "struere/definitions/pack.hpp"
#include "struere/model/installed_pack.hpp"
#include "struere/repository/session.hpp"

namespace STRUERE_API struere {

// Which side wins in a definition that both changed: the organization or the pack.
enum class MergeSide { ours, theirs };

// A place that both sides changed differently.
struct MergeConflict {
  std::string place;  // "role/teacher/scopeRules", "entity-type/session/schema/properties/price/type"
  std::optional<Json> base, ours, theirs;  // nullopt: it does not exist
};

struct PackOptions {
  PlanOptions plan = {};
  std::optional<MergeSide> prefer = {};           // for all conflicts that `choices` does not name
  std::map<std::string, MergeSide> choices = {};  // by place; one that is no conflict is invalid_definition
  bool take_over = false;        // for an install: take over definitions of the same names that belong to no pack
  bool remove_entities = false;  // for an uninstall
};

enum class PackAction { install, upgrade, customize, repair, uninstall };

struct PackPlan {
  PackAction action = PackAction::install;
  std::string pack_id;
  std::vector<std::string> versions;  // for an upgrade all versions on its way, else the only one
  ChangePlan definitions;             // with the obstacles
  std::map<std::string, std::int64_t>
      entities;  // by type: the number that an upgrade rewrites, or an uninstall removes
  std::vector<MergeConflict> conflicts;
  std::vector<std::string> kept_types;  // for an uninstall: entity types that stay, because they have had rows

  bool empty() const noexcept { return !changes_record && definitions.empty() && entities.empty(); }
  Json to_json() const;

  // The inputs of the plan. apply() computes the plan again from them and refuses if the result differs.
  Pack pack = {};
  DefinitionSet wanted = {};
  PackOptions options = {};
  std::string record;
  bool changes_record = false;
};

// For the actor's scope. Only for system actors and org admins, else permission_denied. Cheap, immutable, safe to share
// between threads.
class Packs {
 public:
  explicit Packs(Session session) : session_(std::move(session)) {}

  std::vector<InstalledPack> list() const;  // by id
  // The definitions of the pack as shipped, with the customizations.
  DefinitionSet definitions(const std::string& pack_id) const;

  // Plans change nothing. Throws Error{invalid_definition} if the pack has faults; Error{conflict} if it is installed
  // already, or if a name belongs to another pack.
  PackPlan plan_install(const Pack& pack, const PackOptions& options = {}) const;
  // Throws Error{conflict} if the installed version is not older, or its definitions have drifted;
  // Error{invalid_definition} if no migrations lead there, or none names an entity type that changes.
  PackPlan plan_upgrade(const Pack& pack, const PackOptions& options = {}) const;
  // `wanted` has the definitions of the pack as they should be; a missing one is removed. Others in it are ignored, so
  // Definitions::current() may be passed: that turns the drift into a customization.
  PackPlan plan_customize(const std::string& pack_id, const DefinitionSet& wanted,
                          const PackOptions& options = {}) const;
  // Undoes the drift: the changes of this plan are the drift, seen from the scope.
  PackPlan plan_repair(const std::string& pack_id, const PackOptions& options = {}) const;
  PackPlan plan_uninstall(const std::string& pack_id, const PackOptions& options = {}) const;

  // Carries out the plan in one transaction, with the event `pack.installed`, `pack.upgraded` and so on. Throws
  // Error{conflict} if anything changed since the plan, or if there is an obstacle or a merge conflict. An empty plan
  // writes nothing.
  void apply(const PackPlan& plan) const;

 private:
  PackPlan plan(const PackPlan& asked) const;

  Session session_;
};

}  // namespace struere
