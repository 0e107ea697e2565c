#include "definitions/obstacles.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace struere {
namespace {

constexpr std::size_t most_examples = 3;

Selection all_of(const EntityType& type) {
  Selection out;
  out.type = type.key;
  out.grants = std::make_shared<const Grants>(Grants{Grant{}});
  out.order = {{*FieldPath::parse("id"), false}};
  out.limit = 1000;
  return out;
}

std::string place_of(const SchemaFault& fault) {
  return fault.place.empty() ? "data" : fmt::format("data.{}", fmt::join(fault.place, "."));
}

std::optional<Obstacle> violations(GuardedOperation& operation, const EntityType& type, const Json& schema) {
  const JsonSchema compiled(schema);
  Obstacle out{Obstacle::Kind::data_violates_schema, type.slug, 0, {}, {}};
  Selection selection = all_of(type);
  do {
    const Page page = operation.transaction().select(selection);
    for (const EntityRow& row : page.rows)
      if (const auto fault = compiled.validate(parse_canonical_json(row.data))) {
        ++out.count;
        if (out.examples.size() < most_examples)
          out.examples.push_back(fmt::format("{}: {}: {}", row.id, place_of(*fault), fault->description));
      }
    selection.after = page.next;
  } while (selection.after);
  if (out.count == 0) return std::nullopt;
  out.message = fmt::format("{} entities of `{}` do not match its new schema ({}); change them first, or accept it",
                            out.count, type.slug, fmt::join(out.examples, "; "));
  return out;
}

std::optional<Obstacle> orphans(GuardedOperation& operation, const EntityType& type) {
  Selection selection = all_of(type);
  const std::int64_t count = operation.transaction().count(selection);
  if (count == 0) return std::nullopt;
  Obstacle out{Obstacle::Kind::entities_of_removed_type, type.slug, count, {}, {}};
  selection.limit = most_examples;
  for (const EntityRow& row : operation.transaction().select(selection).rows) out.examples.push_back(row.id);
  out.message =
      fmt::format("the entity type `{}` is to go, and there are {} entities of it; keep the type", type.slug, count);
  return out;
}

std::optional<Obstacle> holders(GuardedOperation& operation, const std::string& role) {
  Obstacle out{Obstacle::Kind::assignments_of_removed_role, role, 0, {}, {}};
  for (const UserId& user : operation.transaction().users_with_role(*operation.transaction().find_role(role))) {
    ++out.count;
    if (out.examples.size() < most_examples) out.examples.push_back(user.str());
  }
  if (out.count == 0) return std::nullopt;
  out.message = fmt::format(
      "the role `{}` is to go, and {} users have it; take it from them first, or say that it may be "
      "taken",
      role, out.count);
  return out;
}

}  // namespace

std::vector<Obstacle> find_obstacles(GuardedOperation& operation, const DefinitionSet& wanted,
                                     const std::vector<DefinitionChange>& changes, const PlanOptions& options) {
  std::vector<Obstacle> out;
  const auto types = operation.transaction().entity_types();
  const auto add = [&](std::optional<Obstacle> found) {
    if (found) out.push_back(*std::move(found));
  };
  for (const DefinitionChange& change : changes) {
    if (change.kind == DefinitionKind::role && change.change == ChangeKind::remove && !options.drop_assignments)
      add(holders(operation, change.name));
    const auto type = std::ranges::find(types, change.name, &EntityType::slug);
    if (change.kind != DefinitionKind::entity_type || type == types.end()) continue;
    if (change.change == ChangeKind::remove) {
      add(orphans(operation, *type));
    } else if (!options.accept_invalid_data) {
      const Json& schema = wanted.find(change.kind, change.name)->at("schema");
      if (canonical_json(schema) != type->schema) add(violations(operation, *type, schema));
    }
  }
  return out;
}

}  // namespace struere
