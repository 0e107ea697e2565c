#include "struere/repository/relation_repository.hpp"

#include <algorithm>

#include "repository/guarded_operation.hpp"

namespace struere {
namespace {

constexpr std::int64_t no_limit = std::int64_t{1} << 40;

void check_relation(const std::string& relation) {
  if (!FieldPath::is_segment(relation))
    throw Error(ErrorCode::invalid_data, "a relation type is 1 to 64 letters, digits, _ and -");
}

StoredEntity require_readable(GuardedOperation& operation, const EntityId& id) {
  auto row = operation.find_readable(id.str());
  if (!row) throw_not_found();
  return *std::move(row);
}

const EntityType& type_of(GuardedOperation& operation, const StoredEntity& row) {
  return *std::ranges::find(operation.rules().types(), row.type, &EntityType::key);
}

enum class Change { link, unlink };

void change(const Caller& caller, Change change, const EntityId& from, const std::string& relation,
            const EntityId& to) {
  check_relation(relation);
  guarded(caller, Access::brief_write, {change == Change::link ? "link" : "unlink", relation, from.str()},
          [&](GuardedOperation& operation) {
            const StoredEntity row = require_readable(operation, from);
            require_readable(operation, to);
            if (operation.admitting_masks(*operation.plan(Action::update, type_of(operation, row).slug), row).empty())
              throw Error(ErrorCode::permission_denied,
                          "a relation is changed by who may update the entity that it starts at");
            Transaction& transaction = operation.transaction();
            const bool changed = change == Change::link ? transaction.link(from.str(), relation, to.str())
                                                        : transaction.unlink(from.str(), relation, to.str());
            if (!changed) return;
            const Json payload{{"from", from.str()}, {"type", relation}, {"to", to.str()}};
            operation.audit().append(change == Change::link ? "entity.linked" : "entity.unlinked",
                                     canonical_json(payload), from.str(), to.str());
            operation.commit();
          });
}

}  // namespace

void RelationRepository::link(const EntityId& from, const std::string& relation, const EntityId& to) const {
  change(caller_, Change::link, from, relation, to);
}

void RelationRepository::unlink(const EntityId& from, const std::string& relation, const EntityId& to) const {
  change(caller_, Change::unlink, from, relation, to);
}

std::vector<Entity> RelationRepository::related(const EntityId& id, const std::string& relation,
                                                RelationDirection direction) const {
  check_relation(relation);
  return guarded(caller_, Access::read, {"related", relation, id.str()}, [&](GuardedOperation& operation) {
    require_readable(operation, id);
    std::vector<Entity> out;
    for (const EntityType& type : operation.rules().types()) {
      const auto plan = operation.plan(Action::list, type.slug);
      if (plan->grants()->empty()) continue;
      Selection selection;
      selection.type = type.key;
      selection.grants = plan->grants();
      selection.actor = operation.values();
      selection.filter = Predicate::reached_from(id.str(), {Hop{relation, direction == RelationDirection::in}});
      selection.order = {{*FieldPath::parse("createdAt"), false}, {*FieldPath::parse("id"), false}};
      selection.limit = no_limit;
      for (EntityRow& row : operation.transaction().select(selection).rows) out.emplace_back(type.slug, std::move(row));
    }
    // A time that is masked orders as if it were absent, so that the order tells nothing of it.
    std::ranges::stable_sort(out, {}, [](const Entity& entity) { return std::pair(entity.created_at(), entity.id()); });
    return out;
  });
}

}  // namespace struere
