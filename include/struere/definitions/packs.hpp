// Packs in one scope: installed, upgraded with the data, customized, set right, uninstalled. Plan, then apply.
//
//   const Packs packs(session);
//   packs.apply(packs.plan_install(read_pack("packs/tutoring")));
//   const PackPlan plan = packs.plan_upgrade(read_pack("packs/tutoring-1.1"));   // says what it would do, to how many
//   packs.apply(plan);
//
// Each environment has its own installation, and the other is never touched. Definitions that are not the pack's are
// never touched either. docs/packs.md tells what becomes of customizations and of data.
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

namespace struere {

// Of a definition that both changed: what the organization made of it, or what the pack did.
enum class MergeSide { ours, theirs };

// A place that both changed, and differently.
struct MergeConflict {
  std::string place;  // "role/teacher/scopeRules", "entity-type/session/schema/properties/price/type"
  std::optional<Json> base, ours, theirs;  // nothing: it is not there
};

struct PackOptions {
  PlanOptions plan = {};
  std::optional<MergeSide> prefer = {};           // of all conflicts that `choices` does not name
  std::map<std::string, MergeSide> choices = {};  // by place
  bool take_over = false;        // of an install: definitions of these names that are no pack's become the pack's
  bool remove_entities = false;  // of an uninstall
};

enum class PackAction { install, upgrade, customize, repair, uninstall };

struct PackPlan {
  PackAction action = PackAction::install;
  std::string pack_id;
  std::vector<std::string> versions;             // of an upgrade all on its way, otherwise the one
  ChangePlan definitions;                        // and what stands in the way
  std::map<std::string, std::int64_t> entities;  // by type: how many an upgrade rewrites, or an uninstall removes
  std::vector<MergeConflict> conflicts;
  std::vector<std::string> kept_types;  // of an uninstall: entity types that stay, for the rows that they have had

  bool empty() const noexcept { return !changes_record && definitions.empty() && entities.empty(); }
  Json to_json() const;

  // What it was made from, and of: apply makes it again, and compares.
  Pack pack = {};
  DefinitionSet wanted = {};
  PackOptions options = {};
  std::string record;
  bool changes_record = false;
};

// Of the actor's scope. For system actors and org admins: permission_denied for all others. Cheap, immutable, safe to
// share between threads.
class Packs {
 public:
  explicit Packs(Session session) : session_(std::move(session)) {}

  std::vector<InstalledPack> list() const;  // by id
  // How its definitions are to be: as it ships them, with what was customized.
  DefinitionSet definitions(const std::string& pack_id) const;

  // Plans change nothing. Error{invalid_definition} where the pack has faults; Error{conflict} where it is installed
  // already, or a name is another's.
  PackPlan plan_install(const Pack& pack, const PackOptions& options = {}) const;
  // Error{conflict} where the pack is not older, or its definitions have drifted; Error{invalid_definition} where no
  // migrations lead there, or none speaks of an entity type that changes.
  PackPlan plan_upgrade(const Pack& pack, const PackOptions& options = {}) const;
  // `wanted` says how the pack's definitions are to be; one that is not in it goes. Of others it says nothing, so that
  // Definitions::current() may be given: it makes what has drifted a customization.
  PackPlan plan_customize(const std::string& pack_id, const DefinitionSet& wanted,
                          const PackOptions& options = {}) const;
  // Sets back what has drifted: its changes are the drift, seen from the scope.
  PackPlan plan_repair(const std::string& pack_id, const PackOptions& options = {}) const;
  PackPlan plan_uninstall(const std::string& pack_id, const PackOptions& options = {}) const;

  // All of it in one transaction, with `pack.installed`, `pack.upgraded` and so on in the log, or nothing.
  // Error{conflict} where anything moved since the plan, or an obstacle or a merge conflict stands. An empty plan
  // writes nothing.
  void apply(const PackPlan& plan) const;

 private:
  PackPlan plan(const PackPlan& asked) const;

  Session session_;
};

}  // namespace struere
