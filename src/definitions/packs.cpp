#include "struere/definitions/packs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/authority.hpp"
#include "core/compiled_schemas.hpp"
#include "definitions/each_entity.hpp"
#include "definitions/entity_migration.hpp"
#include "definitions/pack_check.hpp"
#include "definitions/pack_planner.hpp"
#include "definitions/planner.hpp"
#include "definitions/reveals.hpp"
#include "repository/checks.hpp"
#include "repository/entity_writer.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"

namespace struere {
namespace {

constexpr std::int64_t most_former_names = 200;  // of the fields of one type

// For example "install" and "pack.installed".
std::pair<const char*, const char*> words_of(PackAction action) {
  switch (action) {
    case PackAction::install: return {"install", "pack.installed"};
    case PackAction::upgrade: return {"upgrade", "pack.upgraded"};
    case PackAction::customize: return {"customize", "pack.customized"};
    case PackAction::repair: return {"repair", "pack.repaired"};
    case PackAction::uninstall: return {"uninstall", "pack.uninstalled"};
  }
  return {"repair", "pack.repaired"};
}

void require_unmoved(const PackPlan& plan, const PackPlan& now) {
  if (plan.definitions.environment != now.definitions.environment)
    throw Error(ErrorCode::conflict, "the plan is for the other environment; plan for this one");
  if (plan.record != now.record || plan.definitions.base != now.definitions.base)
    throw Error(ErrorCode::conflict, "the pack or the definitions have changed since this was planned; plan again");
  if (!now.conflicts.empty()) {
    std::vector<std::string> lines{"the organization and the pack have both changed, and differently:"};
    for (const MergeConflict& conflict : now.conflicts) lines.push_back("  " + conflict.place);
    lines.emplace_back("say for each which of the two it is to be, ours or theirs");
    throw Error(ErrorCode::conflict, lines);
  }
  if (!now.definitions.obstacles.empty()) throw Error(ErrorCode::conflict, now.definitions.obstacles.front().message);
  require_named(plan.definitions, now.definitions);
}

// The result of the look at the data before the write lock was taken.
struct FirstLook {
  std::int64_t since;  // the sequence of the last event then
  std::map<std::string, std::vector<std::string>> migrated;
};

void remove_entities(GuardedOperation& operation, PackPlan& plan) {
  std::map<std::string, std::int64_t> removed;
  for (const EntityType& type : stored_entity_types(operation.transaction()))
    if (plan.entities.contains(type.slug))
      each_entity(operation, type, [&](const Entity& row) {
        EntityWriter(operation, type.slug).remove(row.id().str());
        ++removed[type.slug];
      });
  plan.entities = std::move(removed);
}

// Looks at the entities that the first look found, and at those that were written since. Deleted ones are migrated too:
// rules decide by what is stored of them who sees their events, and they may be restored.
void migrate_entities(GuardedOperation& operation, PackPlan& plan, const FirstLook& first) {
  const EntityMigration migration(plan.pack, plan.versions.front());
  const auto types = migration.types();
  std::map<std::string, std::int64_t> rewritten;
  for (const EntityType& type : stored_entity_types(operation.transaction())) {
    if (std::ranges::find(types, type.slug) == types.end()) continue;
    std::vector<std::string> ids;
    if (const auto found = first.migrated.find(type.slug); found != first.migrated.end()) ids = found->second;
    std::set<std::string> known(ids.begin(), ids.end());  // steps taken twice could do something else
    for (const std::string& id : StoredData(operation, first.since).changed_ids(type))
      if (known.insert(id).second) ids.push_back(id);
    for (const std::string& id : ids) {
      operation.spend(1);
      const auto row = operation.transaction().find_entity(id);
      if (!row || row->type != type.key) continue;
      const Json before = parse_canonical_json(row->data);
      const Json after = migration.migrated(type.slug, before);
      if (after == before) continue;
      EntityWriter(operation, type.slug).migrate(*row, after);
      ++rewritten[type.slug];
    }
  }
  plan.entities = std::move(rewritten);
}

// Changes the data before the types, because the plan has checked the data in its new form. Sets in the plan how many
// entities of each type it changed.
void change_entities(GuardedOperation& operation, PackPlan& plan, const FirstLook& first) {
  if (plan.action == PackAction::uninstall) return remove_entities(operation, plan);
  plan.entities.clear();
  if (plan.action == PackAction::upgrade) migrate_entities(operation, plan, first);
}

// Events and deleted rows keep the former names of fields, and masks must find those fields.
void keep_former_names(GuardedOperation& operation, const PackPlan& plan) {
  if (plan.action != PackAction::upgrade) return;
  std::map<std::string, std::int64_t> last;
  for (const FormerName& name : operation.rules().former_names())
    last[name.entity_type] = std::max(last[name.entity_type], name.position);
  for (FormerName& name : EntityMigration(plan.pack, plan.versions.front()).former_names()) {
    if (!plan.definitions.definitions.find(DefinitionKind::entity_type, name.entity_type)) continue;
    name.position = ++last[name.entity_type];
    name.created_at = operation.now();
    if (name.position > most_former_names)
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("the fields of `{}` would have more than {} former names; install the pack anew",
                              name.entity_type, most_former_names));
    insert(operation.transaction(), name);
  }
}

Json history_entry(GuardedOperation& operation, const PackPlan& plan) {
  Json out{{"version", plan.versions.back()}, {"at", operation.now()}, {"by", operation.actor().id()}};
  if (plan.action != PackAction::upgrade) return out;
  out["path"] = plan.versions;
  out["entities"] = plan.entities;
  return out;
}

void write_record(GuardedOperation& operation, const MadePackPlan& made) {
  const PackPlan& plan = made.plan;
  Transaction& transaction = operation.transaction();
  const std::vector<RecordCondition> this_pack{{"pack_id", {}, plan.pack_id}};
  transaction.remove_records(RecordTable::pack_definitions, this_pack);
  if (plan.action == PackAction::uninstall) {
    transaction.remove_records(RecordTable::installed_packs, this_pack);
    return;
  }
  if (plan.action == PackAction::install) {
    insert(transaction, InstalledPack{plan.pack_id, plan.versions.back(), made.overrides,
                                      Json::array({history_entry(operation, plan)}), operation.actor().id(),
                                      operation.now(), operation.now()});
  } else {
    Json history = find<InstalledPack>(transaction, "pack_id", plan.pack_id)->history;
    if (plan.action == PackAction::upgrade) history.push_back(history_entry(operation, plan));
    transaction.update_records(RecordTable::installed_packs, this_pack,
                               {{"version", plan.versions.back()},
                                {"overrides", to_value(made.overrides)},
                                {"history", to_value(history)},
                                {"updated_at", operation.now()}});
  }
  insert(transaction, PackDefinitions{plan.pack_id, made.base.to_json()});
}

Json event_payload(const PackPlan& plan) {
  Json out{
      {"pack", plan.pack_id}, {"version", plan.versions.back()}, {"changes", plan.definitions.to_json().at("changes")}};
  if (plan.action == PackAction::upgrade) out["from"] = plan.versions.front();
  if (!plan.entities.empty()) out["entities"] = plan.entities;
  if (!plan.kept_types.empty()) out["keptTypes"] = plan.kept_types;
  return out;
}

Json to_json(const MergeConflict& conflict) {
  Json out{{"place", conflict.place}};
  if (conflict.base) out["base"] = *conflict.base;
  if (conflict.ours) out["ours"] = *conflict.ours;
  if (conflict.theirs) out["theirs"] = *conflict.theirs;
  return out;
}

PackPlan request(PackAction action, std::string pack_id, const PackOptions& options) {
  PackPlan out;
  out.action = action;
  out.pack_id = std::move(pack_id);
  out.options = options;
  return out;
}

}  // namespace

Json PackPlan::to_json() const {
  Json out = definitions.to_json();
  out["action"] = words_of(action).first;
  out["pack"] = pack_id;
  out["versions"] = versions;
  out["entities"] = entities;
  out["keptTypes"] = kept_types;
  out["conflicts"] = Json::array();
  for (const MergeConflict& conflict : conflicts) out["conflicts"].push_back(struere::to_json(conflict));
  return out;
}

std::vector<InstalledPack> Packs::list() const {
  return guarded(session_.caller(authority()), Access::read, {"list", "packs"}, [&](GuardedOperation& operation) {
    operation.require_admin("list the packs");
    return select<InstalledPack>(operation.transaction(), {{}, {}, {"pack_id"}, false, {}, most_definitions});
  });
}

DefinitionSet Packs::definitions(const std::string& pack_id) const {
  return guarded(session_.caller(authority()), Access::read, {"read", "packs"}, [&](GuardedOperation& operation) {
    operation.require_admin("read a pack's definitions");
    return require_pack_definitions(operation, pack_id);
  });
}

PackPlan Packs::plan(const PackPlan& asked) const {
  return guarded(session_.caller(authority()), Access::read, {"read", "packs"}, [&](GuardedOperation& operation) {
    operation.require_admin("plan a change of a pack");
    return make_pack_plan(operation, asked).plan;
  });
}

PackPlan Packs::plan_install(const Pack& pack, const PackOptions& options) const {
  require_right(pack);
  PackPlan asked = request(PackAction::install, pack.id, options);
  asked.pack = pack;
  return plan(asked);
}

PackPlan Packs::plan_upgrade(const Pack& pack, const PackOptions& options) const {
  require_right(pack);
  PackPlan asked = request(PackAction::upgrade, pack.id, options);
  asked.pack = pack;
  return plan(asked);
}

PackPlan Packs::plan_customize(const std::string& pack_id, const DefinitionSet& wanted,
                               const PackOptions& options) const {
  PackPlan asked = request(PackAction::customize, pack_id, options);
  asked.wanted = wanted;
  return plan(asked);
}

PackPlan Packs::plan_repair(const std::string& pack_id, const PackOptions& options) const {
  return plan(request(PackAction::repair, pack_id, options));
}

PackPlan Packs::plan_uninstall(const std::string& pack_id, const PackOptions& options) const {
  return plan(request(PackAction::uninstall, pack_id, options));
}

void Packs::apply(const PackPlan& plan) const {
  const auto run = [&](Access access, auto&& body) {
    return guarded(session_.caller(authority()), access, {"update", "packs"}, [&](GuardedOperation& operation) {
      operation.require_admin("change a pack");
      return body(operation);
    });
  };
  // Reads all stored data while others can write. Under the lock it reads only the data that was written meanwhile and
  // the entities that it rewrites.
  const auto look = [&](GuardedOperation& operation) {
    MadePackPlan made = make_pack_plan(operation, plan);
    require_unmoved(plan, made.plan);
    compile_schemas(operation, made.plan.definitions);
    return FirstLook{operation.transaction().chain_head().sequence, std::move(made.migrated)};
  };
  CompiledSchemas::around([&] { return run(Access::read, look); },
                          [&](const FirstLook& first) {
                            run(Access::write, [&](GuardedOperation& operation) {
                              if (plan.options.plan.hold_writers) operation.hold_writers();
                              MadePackPlan made = make_pack_plan(operation, plan, first.since);
                              require_unmoved(plan, made.plan);
                              if (made.plan.empty()) return;
                              change_entities(operation, made.plan, first);
                              write_changes(operation, made.plan.definitions);
                              keep_former_names(operation, made.plan);
                              write_record(operation, made);
                              operation.audit().append(words_of(plan.action).second,
                                                       canonical_json(event_payload(made.plan)));
                              operation.commit();
                            });
                          });
}

}  // namespace struere
