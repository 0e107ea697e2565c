#include "definitions/obstacles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/compiled_schemas.hpp"
#include "definitions/each_entity.hpp"
#include "repository/definition_writer.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere {
namespace {

constexpr std::size_t most_examples = 3;

std::string place_of(const SchemaFault& fault) {
  return fault.place.empty() ? "data" : fmt::format("data.{}", fmt::join(fault.place, "."));
}

// A message if the entity, after the migration, breaks the schema.
std::optional<std::string> violation(Json data, const EntityType& type, const JsonSchema& schema,
                                     const EntityMigration* migration) {
  try {
    if (migration) data = migration->migrated(type.slug, std::move(data));
    const auto fault = schema.validate(data);
    return fault ? std::optional(fmt::format("{}: {}", place_of(*fault), fault->description)) : std::nullopt;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_data) throw;
    return error.what();
  }
}

std::optional<Obstacle> violations(StoredData& stored, const EntityType& type, const Json& schema,
                                   const EntityMigration* migration) {
  std::shared_ptr<const JsonSchema> compiled;  // not before there is a row: a second look has few
  Obstacle out{Obstacle::Kind::data_violates_schema, type.slug, 0, {}, {}};
  stored.each_row(type, [&](const std::string& id, const Json& data) {
    if (!compiled) compiled = CompiledSchemas::compile(canonical_json(schema));
    const auto wrong = violation(data, type, *compiled, migration);
    if (!wrong) return;
    ++out.count;
    if (out.examples.size() < most_examples) out.examples.push_back(fmt::format("{}: {}", id, *wrong));
  });
  if (out.count == 0) return std::nullopt;
  const bool is_one = out.count == 1;
  out.message = fmt::format("{} {} of `{}` {} not match its new schema ({}); change {} first, or accept it", out.count,
                            is_one ? "entity" : "entities", type.slug,
                            migration ? "would, migrated,"
                            : is_one  ? "does"
                                      : "do",
                            fmt::join(out.examples, "; "), is_one ? "it" : "them");
  return out;
}

// The first of the planned unique keys that the entities break.
std::optional<Obstacle> broken_key(GuardedOperation& operation, const EntityType& type, const Json& keys,
                                   const EntityMigration* migration) {
  for (const Json& paths : keys) {
    const auto key = paths.get<UniqueKey>();
    SharedValues shared(key);
    Obstacle out{Obstacle::Kind::data_breaks_unique_key, type.slug, 0, {}, {}};
    each_entity(operation, type, [&](const Entity& row) {
      try {
        Json data = row.data();
        if (migration) data = migration->migrated(type.slug, std::move(data));
        if (shared.add(data) && out.examples.size() < most_examples) out.examples.push_back(row.id().str());
      } catch (const Error& error) {  // the entity cannot be migrated, which is an obstacle of its own
        if (error.code() != ErrorCode::invalid_data) throw;
      }
    });
    out.count = shared.count();
    if (out.count == 0) continue;
    out.message = fmt::format(
        "{} entities of `{}` {} their values at the unique key {} with another ({}); change them first", out.count,
        type.slug, migration ? "would, migrated, share" : "share", quoted_paths(key), fmt::join(out.examples, ", "));
    return out;
  }
  return std::nullopt;
}

std::optional<Obstacle> orphans(GuardedOperation& operation, StoredData& stored, const EntityType& type) {
  Obstacle out{Obstacle::Kind::entities_of_removed_type,
               type.slug,
               stored.count(type),
               stored.first_ids(type, most_examples),
               {}};
  if (out.count == 0 && !operation.transaction().has_entities(type.key)) return std::nullopt;
  out.message = fmt::format("the entity type `{}` is to go, and there {} of it; keep the type", type.slug,
                            out.count == 0   ? "are deleted entities"  // the log contains their events
                            : out.count == 1 ? "is 1 entity"
                                             : fmt::format("are {} entities", out.count));
  return out;
}

std::optional<Obstacle> holders(GuardedOperation& operation, const std::string& role) {
  Obstacle out{Obstacle::Kind::assignments_of_removed_role, role, 0, {}, {}};
  for (const UserId& user : users_with_role(operation.transaction(), *find_role(operation.transaction(), role))) {
    ++out.count;
    if (out.examples.size() < most_examples) out.examples.push_back(user.str());
  }
  if (out.count == 0) return std::nullopt;
  out.message = fmt::format("the role `{}` is to go, and {} it; take it away first, or say that it may be taken", role,
                            out.count == 1 ? "1 user has" : fmt::format("{} users have", out.count));
  return out;
}

}  // namespace

std::optional<Obstacle> held_writers(const std::string& type, std::int64_t count, const char* what,
                                     const PlanOptions& options) {
  if (options.hold_writers || count <= most_entries_of_a_write) return std::nullopt;
  return Obstacle{
      Obstacle::Kind::holds_writers,
      type,
      count,
      {},
      fmt::format("all writers would wait while {} entities of `{}` are {}; set `hold_writers` when that is "
                  "acceptable",
                  count, type, what)};
}

std::vector<Obstacle> find_obstacles(GuardedOperation& operation, const DefinitionSet& wanted,
                                     const std::vector<DefinitionChange>& changes, const PlanOptions& options,
                                     const EntityMigration* migration, StoredData& stored) {
  std::vector<Obstacle> out;
  const auto types = stored_entity_types(operation.transaction());
  const auto add = [&](std::optional<Obstacle> found) {
    if (found) out.push_back(*std::move(found));
  };
  std::vector<std::string> migrated;
  if (migration) migrated = migration->types();
  const auto check_data = [&](const EntityType& type) {
    if (!options.accept_invalid_data)
      add(violations(stored, type, wanted.find(DefinitionKind::entity_type, type.slug)->at("schema"), migration));
  };
  std::vector<std::string> checked;
  const auto check_keys = [&](const EntityType& type) {
    if (std::ranges::find(checked, type.slug) != checked.end()) return;
    checked.push_back(type.slug);
    // A second look runs under the write lock. The storage then checks the keys when it stores the type.
    if (stored.is_second_look()) return;
    const Json& definition = *wanted.find(DefinitionKind::entity_type, type.slug);
    const Json keys = definition.value("unique", Json::array());
    if (std::ranges::find(migrated, type.slug) != migrated.end() || keys != Json(type.unique))
      add(broken_key(operation, type, keys, migration));
    if (works_through_rows(type, keys.get<std::vector<UniqueKey>>(),
                           definition.value("searchFields", std::vector<std::string>())))
      add(held_writers(type.slug, stored.count(type), "read for other unique keys or search fields", options));
  };
  for (const DefinitionChange& change : changes) {
    if (change.kind == DefinitionKind::role && change.change == ChangeKind::remove && !options.drop_assignments)
      add(holders(operation, change.name));
    const auto type = std::ranges::find(types, change.name, &EntityType::slug);
    if (change.kind != DefinitionKind::entity_type || type == types.end()) continue;
    if (change.change != ChangeKind::remove) check_keys(*type);
    if (change.change == ChangeKind::remove)
      add(orphans(operation, stored, *type));
    else if (canonical_json(wanted.find(change.kind, change.name)->at("schema")) != type->schema)
      check_data(*type);
    else
      continue;
    std::erase(migrated, type->slug);
  }
  for (const EntityType& type : types)
    if (std::ranges::find(migrated, type.slug) != migrated.end() &&
        wanted.find(DefinitionKind::entity_type, type.slug)) {
      check_keys(type);
      check_data(type);
    }
  return out;
}

}  // namespace struere
