#include "definitions/pack_planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "core/compiled_schemas.hpp"
#include "core/semantic_version.hpp"
#include "core/single_line.hpp"
#include "core/suggestion.hpp"
#include "definitions/each_entity.hpp"
#include "definitions/entity_migration.hpp"
#include "definitions/held_fields.hpp"
#include "definitions/moved_fields.hpp"
#include "definitions/obstacles.hpp"
#include "definitions/pack_check.hpp"
#include "definitions/pack_definitions.hpp"
#include "definitions/planner.hpp"
#include "definitions/three_way_merge.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse_pack(const std::string& message) { throw Error(ErrorCode::conflict, message); }

class PackPlanner {
 public:
  PackPlanner(GuardedOperation& operation, const PackPlan& request, std::optional<std::int64_t> since)
      : operation_(operation), since_(since), current_(current_definitions(operation)) {
    PackPlan& plan = made_.plan;
    plan.action = request.action;
    plan.pack_id = request.pack_id;
    plan.pack = request.pack;
    plan.wanted = request.wanted;
    plan.options = request.options;
    plan.definitions.environment = operation.actor().environment();
    plan.definitions.base = make_plan(operation, current_, {}).base;
    record_ = find<InstalledPack>(operation.transaction(), "pack_id", plan.pack_id);
    if (const auto known = find<PackDefinitions>(operation.transaction(), "pack_id", plan.pack_id))
      base_ = DefinitionSet::from_json(known->definitions);
    if (!record_) return;
    plan.record = canonical_json(
        Json{{"version", record_->version}, {"overrides", record_->overrides}, {"history", record_->history}});
    if (base_) part_ = customized(*base_, record_->overrides);
  }

  MadePackPlan make() {
    switch (made_.plan.action) {
      case PackAction::install: install(); break;
      case PackAction::upgrade: upgrade(); break;
      case PackAction::customize: customize(); break;
      case PackAction::repair: repair(); break;
      case PackAction::uninstall: uninstall(); break;
    }
    return std::move(made_);
  }

 private:
  const PackOptions& options() const { return made_.plan.options; }

  void require_installed() const {
    if (!record_) throw_not_found();
    if (!base_)
      refuse_pack(fmt::format("of pack `{}` only the record is here, without its definitions; uninstall and install it",
                              made_.plan.pack_id));
  }

  HeldFields held() const { return either(held_fields(operation_), fields_of_migrations(made_.plan.pack)); }

  void set_plan(const DefinitionSet& wanted, const EntityMigration* migration = nullptr) {
    made_.plan.definitions = make_plan(operation_, wanted.normal_form(held()), options().plan, migration, since_);
  }

  void install() {
    const Pack& pack = made_.plan.pack;
    if (record_) refuse_pack(fmt::format("pack `{}` is installed here, as {}; upgrade it", pack.id, record_->version));
    made_.base = pack.definitions.normal_form(held());
    made_.plan.versions = {pack.version};
    made_.plan.changes_record = true;
    require_free(made_.base, {}, options().take_over);
    require_tools(made_.base);
    set_plan(overlaid(current_, made_.base));
  }

  // Checks that the names in `part` that `known` lacks belong to no other pack and, unless `take_over`, that the scope
  // does not use them for other definitions.
  void require_free(const DefinitionSet& part, const DefinitionSet& known, bool take_over) {
    std::vector<std::string> taken, mine;
    const auto parts = parts_of_packs(operation_);
    for (const DefinitionKind kind : definition_kinds)
      for (const auto& [name, definition] : part.of(kind)) {
        if (kind == DefinitionKind::tool || known.find(kind, name)) continue;
        const std::string what = fmt::format("{} `{}`", to_string(kind), name);
        for (const auto& [id, other] : parts)
          if (id != made_.plan.pack_id && other.find(kind, name))
            taken.push_back(fmt::format("the {} is that of pack `{}`", what, id));
        const Json* const here = current_.find(kind, name);
        if (here && *here != definition) mine.push_back(what);
      }
    if (!taken.empty()) refuse_pack(fmt::format("{}; two packs cannot have one name", fmt::join(taken, ", ")));
    if (!mine.empty() && !take_over)
      refuse_pack(
          fmt::format("there is already, and not as the pack has it: {}; rename it, or say that the pack may take it "
                      "over",
                      fmt::join(mine, ", ")));
  }

  // Permissions of tools are shared with development and change only from there. Without them a pack's agent could do
  // in production what the pack does not allow.
  void require_tools(const DefinitionSet& part) {
    if (operation_.actor().environment() != Environment::production) return;
    const DefinitionSet all = definitions_of(operation_);
    for (const auto& [name, tool] : part.of(DefinitionKind::tool))
      for (const auto& [agent, permission] : tool.at("agents").items()) {
        const Json* const known = all.find(DefinitionKind::tool, name);
        if (!known || known->at("agents").value(agent, Json()) != permission)
          refuse_pack(
              fmt::format("what the tool `{}` may do for agent `{}` is shared by both environments and set from "
                          "development; bring the pack to development first",
                          name, agent));
      }
  }

  void require_no_drift() {
    const ChangePlan drift = make_plan(operation_, overlaid(current_, part_), {true, true, true});
    if (drift.empty()) return;
    std::vector<std::string> names;
    for (const DefinitionChange& change : drift.changes)
      names.push_back(fmt::format("{} `{}`", to_string(change.kind), change.name));
    refuse_pack(
        fmt::format("what pack `{}` has here was changed by others: {}; set it back with `struere packs repair {}`, "
                    "or make it a customization with `struere packs customize {}`",
                    made_.plan.pack_id, fmt::join(names, ", "), made_.plan.pack_id, made_.plan.pack_id));
  }

  void upgrade() {
    require_installed();
    const Pack& pack = made_.plan.pack;
    const auto from = SemanticVersion::parse(record_->version), to = SemanticVersion::parse(pack.version);
    if (!from || !to || *to <= *from)
      refuse_pack(
          fmt::format("pack `{}` has version {} here, and {} is not later", pack.id, record_->version, pack.version));
    require_no_drift();
    const EntityMigration migration(pack, record_->version);
    made_.plan.versions = migration.versions();
    made_.plan.changes_record = true;
    made_.base = pack.definitions.normal_form(held());
    require_mentioned(migration);

    const auto [merged, is_whole] = merge();
    if (!is_whole) return;
    made_.overrides = overrides_between(made_.base, merged);
    require_free(merged, part_, options().take_over);
    require_tools(merged);
    const DefinitionSet all = overlaid(without(current_, part_), merged);
    auto readers = readers_of_changed_fields(migration, all, made_.base);
    try {
      set_plan(all, &migration);
    } catch (const Error& error) {  // usually that a definition names a field that is gone, which `readers` say better
      if (error.code() != ErrorCode::invalid_definition || readers.empty()) throw;
    }
    const bool is_free = readers.empty();
    auto& obstacles = made_.plan.definitions.obstacles;
    obstacles.insert(obstacles.begin(), std::make_move_iterator(readers.begin()),
                     std::make_move_iterator(readers.end()));
    if (!since_ && is_free) find_migrated(migration);
  }

  // The author of a pack must state, for each changed schema, what happens to the data.
  void require_mentioned(const EntityMigration& migration) const {
    for (const auto& [slug, type] : made_.base.of(DefinitionKind::entity_type)) {
      const Json* const before = base_->find(DefinitionKind::entity_type, slug);
      if ((before && before->at("schema") == type.at("schema")) || migration.mentions(slug)) continue;
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("the entity type `{}` {} from {} to {}, and no step of the migrations says so; add "
                              "`- {}: {}`, or what is to become of its data",
                              slug, before ? "has another schema" : "is new", fmt::join(migration.versions(), ", "),
                              made_.plan.pack.version, before ? "modifySchema" : "addType", slug));
    }
  }

  // A choice for another place would leave the conflict to `prefer`, which may decide the opposite.
  void require_places(const std::vector<std::string>& places) const {
    for (const auto& [place, side] : options().choices) {
      if (std::ranges::find(places, place) != places.end()) continue;
      std::vector<std::string> quoted;
      for (const std::string& each : places) quoted.push_back(fmt::format("`{}`", each));
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("nothing is to be chosen at {}: {}", in_quotes(place),
                              places.empty() ? "the organization and the pack have not changed the same"
                                             : fmt::format("both have changed {}.{}", fmt::join(quoted, ", "),
                                                           suggestion(place, places))));
    }
  }

  // The second value is false if a conflict remains.
  std::pair<DefinitionSet, bool> merge() {
    ThreeWayMerge merge(options());
    DefinitionSet out;
    const auto value = [](const DefinitionSet& set, DefinitionKind kind, const std::string& name) {
      const Json* const found = set.find(kind, name);
      return found ? std::optional<Json>(*found) : std::nullopt;
    };
    for (const DefinitionKind kind : definition_kinds) {
      std::set<std::string> names;
      for (const DefinitionSet* const side : {&*base_, &part_, &made_.base})
        for (const auto& [name, definition] : side->of(kind)) names.insert(name);
      for (const std::string& name : names)
        if (const auto merged = merge.merge(fmt::format("{}/{}", to_string(kind), name), value(*base_, kind, name),
                                            value(part_, kind, name), value(made_.base, kind, name)))
          out.add(kind, *merged);
    }
    require_places(merge.places);
    made_.plan.conflicts = std::move(merge.conflicts);
    return {std::move(out), made_.plan.conflicts.empty()};
  }

  void find_migrated(const EntityMigration& migration) {
    const auto slugs = migration.types();
    std::map<EntityTypeKey, std::string> types;
    std::map<std::string, std::vector<std::string>> found;
    for (const EntityType& type : stored_entity_types(operation_.transaction())) {
      if (std::ranges::find(slugs, type.slug) == slugs.end()) continue;
      types.emplace(type.key, type.slug);
      each_entity(operation_, type, [&](const Entity& row) {
        const Json data = row.data();
        try {
          if (migration.migrated(type.slug, data) != data) found[type.slug].push_back(row.id().str());
        } catch (const Error&) {  // the plan reports it as an obstacle
        }
      });
    }
    if (!types.empty()) find_migrated_deleted(migration, types, found);
    for (auto& [slug, ids] : found) {
      made_.plan.entities[slug] = std::ssize(ids);
      add_held(slug, std::ssize(ids), "rewritten");
      made_.migrated[slug] = std::move(ids);
    }
  }

  void find_migrated_deleted(const EntityMigration& migration, const std::map<EntityTypeKey, std::string>& types,
                             std::map<std::string, std::vector<std::string>>& found) {
    std::vector<EntityTypeKey> keys;
    for (const auto& [key, slug] : types) keys.push_back(key);
    each_deleted_entity(operation_, keys, [&](const StoredEntity& row) {
      const std::string& slug = types.at(row.type);
      const Json data = parse_canonical_json(row.data);
      try {
        if (migration.migrated(slug, data) != data) found[slug].push_back(row.id);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_data) throw;
        made_.plan.definitions.obstacles.push_back(
            {Obstacle::Kind::data_violates_schema,
             slug,
             1,
             {row.id},
             fmt::format("the deleted entity {} of `{}` cannot be migrated ({}); purge it, or restore and change it",
                         row.id, slug, error.what())});
      }
    });
  }

  void add_held(const std::string& type, std::int64_t count, const char* what) {
    if (auto found = held_writers(type, count, what, options().plan))
      made_.plan.definitions.obstacles.push_back(*std::move(found));
  }

  void customize() {
    require_installed();
    made_.plan.versions = {record_->version};
    made_.base = *base_;
    // Normal form, as the scope's definitions have. Definitions that an upgrade kept because the organization wanted
    // them still belong to the pack, although it does not ship them any more.
    const DefinitionSet all = overlaid(without(current_, part_), made_.plan.wanted).normal_form(held());
    const DefinitionSet own = restricted(all, overlaid(*base_, part_));
    made_.overrides = overrides_between(*base_, own);
    made_.plan.changes_record = made_.overrides != record_->overrides;
    set_plan(overlaid(without(current_, part_), own));
  }

  void repair() {
    require_installed();
    made_.plan.versions = {record_->version};
    made_.base = *base_;
    made_.overrides = record_->overrides;
    set_plan(overlaid(current_, part_));
  }

  void uninstall() {
    if (!record_) throw_not_found();
    made_.plan.versions = {record_->version};
    made_.plan.changes_record = true;
    const auto kept = kept_types();
    DefinitionSet wanted = without(current_, part_);
    for (const std::string& slug : kept) {
      Json type = *current_.find(DefinitionKind::entity_type, slug);
      if (type.contains("boundToRole") && !wanted.find(DefinitionKind::role, type.at("boundToRole").get<std::string>()))
        type.erase("boundToRole");
      wanted.add(DefinitionKind::entity_type, type);
    }
    made_.plan.kept_types.assign(kept.begin(), kept.end());
    try {
      set_plan(wanted);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::invalid_definition) throw;
      auto lines = lines_of(error.what());
      lines.insert(lines.begin(),
                   fmt::format("other definitions need what pack `{}` has; change them first:", made_.plan.pack_id));
      throw Error(ErrorCode::conflict, lines);
    }
    std::vector<Obstacle> living;
    for (const EntityType& type : stored_entity_types(operation_.transaction())) {
      if (!part_.find(DefinitionKind::entity_type, type.slug)) continue;
      StoredData stored(operation_);
      Obstacle obstacle{
          Obstacle::Kind::entities_of_removed_type, type.slug, stored.count(type), stored.first_ids(type, 3), {}};
      if (obstacle.count == 0) continue;
      if (options().remove_entities) {
        made_.plan.entities[type.slug] = obstacle.count;
        add_held(type.slug, obstacle.count, "removed");
        continue;
      }
      obstacle.message = fmt::format("`{}` has entities: {}; remove them first, or say that they are to be removed",
                                     type.slug, obstacle.count);
      living.push_back(std::move(obstacle));
    }
    auto& obstacles = made_.plan.definitions.obstacles;
    obstacles.insert(obstacles.begin(), living.begin(), living.end());
  }

  // Types that have had entities (deleted rows stay), and the types to which their schemas refer.
  std::set<std::string> kept_types() {
    std::set<std::string> out;
    std::vector<std::string> next;
    for (const EntityType& type : stored_entity_types(operation_.transaction()))
      if (part_.find(DefinitionKind::entity_type, type.slug) && operation_.transaction().has_entities(type.key))
        next.push_back(type.slug);
    while (!next.empty()) {
      const std::string slug = std::move(next.back());
      next.pop_back();
      if (!out.insert(slug).second) continue;
      const Json& schema = current_.find(DefinitionKind::entity_type, slug)->at("schema");
      for (const ReferenceField& reference : CompiledSchemas::references_of(canonical_json(schema)))
        if (part_.find(DefinitionKind::entity_type, reference.type) &&
            current_.find(DefinitionKind::entity_type, reference.type))
          next.push_back(reference.type);
    }
    return out;
  }

  GuardedOperation& operation_;
  std::optional<std::int64_t> since_;
  DefinitionSet current_;
  std::optional<InstalledPack> record_;
  std::optional<DefinitionSet> base_;  // the definitions that the installed version ships
  DefinitionSet part_;                 // the intended definitions in the scope
  MadePackPlan made_;
};

}  // namespace

MadePackPlan make_pack_plan(GuardedOperation& operation, const PackPlan& request, std::optional<std::int64_t> since) {
  return PackPlanner(operation, request, since).make();
}

DefinitionSet require_pack_definitions(GuardedOperation& operation, const std::string& pack_id) {
  const auto parts = parts_of_packs(operation);
  const auto found = parts.find(pack_id);
  if (found == parts.end()) throw_not_found();
  return found->second;
}

}  // namespace struere
