#include "struere/repository/relation_repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "repository/entity_reader.hpp"
#include "struere/query/cursor.hpp"

namespace struere {
namespace {

void check_relation(const Caller& caller, const std::string& relation) {
  check_arguments(caller, [&] {
    if (!FieldPath::is_segment(relation))
      throw Error(ErrorCode::invalid_data, "a relation type is 1 to 64 letters, digits, _ and -");
  });
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
  check_relation(caller, relation);
  guarded(caller, Access::brief_write, {change == Change::link ? "link" : "unlink", relation, from.str()},
          [&](GuardedOperation& operation) {
            const StoredEntity row = require_readable(operation, from);
            require_readable(operation, to);
            if (operation.admitting_masks(*operation.plan(Action::update, type_of(operation, row).slug), row).empty())
              throw Error(ErrorCode::permission_denied,
                          "changing a relation needs an `update` grant on the entity at its start");
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

struct RelatedRow {
  Position position;
  Entity entity;
};

EntityPage related_entities(GuardedOperation& operation, const EntityId& id, const std::string& relation,
                            RelationDirection direction, const RelatedQuery& query) {
  require_limit(query.limit);
  require_readable(operation, id);
  const Hop hop{relation, direction == RelationDirection::in};
  Selection selection;
  selection.actor = operation.values();
  selection.filter = Predicate::reached_from(id.str(), {hop});
  selection.order = {{*FieldPath::parse("createdAt"), false}, {*FieldPath::parse("id"), false}};
  selection.limit = query.limit;
  selection.most_bytes = most_page_bytes;
  selection.with_positions = true;
  selection.interruption = interruption_of(query.timeout, query.stop);
  const std::string question =
      fmt::format("related/{}/{}/{}", direction == RelationDirection::in ? "in" : "out", relation, id.str());
  if (query.after) selection.after = require_position(operation, question, *query.after);

  // Reads one page of each type. If a page is not complete, rows of that type after its last row are not known.
  std::vector<RelatedRow> rows;
  std::optional<Position> known_until;
  const std::vector<EntityTypeKey> related =
      operation.transaction().related_types(id.str(), hop, selection.interruption);
  for (const EntityType& type : operation.rules().types()) {
    if (std::ranges::find(related, type.key) == related.end()) continue;
    const auto plan = operation.plan(Action::list, type.slug);
    if (plan->grants()->empty()) continue;
    selection.type = type.key;
    selection.type_slug = type.slug;
    selection.grants = plan->grants();
    Page page = operation.transaction().select(selection);
    for (std::size_t i = 0; i < page.rows.size(); ++i)
      rows.push_back({std::move(page.positions[i]), std::move(page.rows[i])});
    if (page.next && (!known_until || *page.next < *known_until)) known_until = std::move(page.next);
  }
  std::ranges::sort(rows, {}, &RelatedRow::position);

  std::vector<Entity> out;
  std::size_t bytes = 0;
  const Position* last = nullptr;
  bool more = known_until.has_value();
  for (RelatedRow& row : rows) {
    if (std::cmp_equal(out.size(), query.limit) || bytes >= most_page_bytes ||
        (known_until && row.position > *known_until)) {
      more = true;
      break;
    }
    bytes += json_view(row.entity).size();
    out.push_back(std::move(row.entity));
    last = &row.position;
  }
  std::function<std::string()> next;
  if (more && last) next = cursor_maker(operation, question, *last);
  return {std::move(out), std::move(next)};
}

}  // namespace

void RelationRepository::link(const EntityId& from, const std::string& relation, const EntityId& to) const {
  change(caller_, Change::link, from, relation, to);
}

void RelationRepository::unlink(const EntityId& from, const std::string& relation, const EntityId& to) const {
  change(caller_, Change::unlink, from, relation, to);
}

EntityPage RelationRepository::related(const EntityId& id, const std::string& relation, RelationDirection direction,
                                       const RelatedQuery& query) const {
  check_relation(caller_, relation);
  return guarded(caller_, Access::read, {"related", relation, id.str()}, [&](GuardedOperation& operation) {
    return related_entities(operation, id, relation, direction, query);
  });
}

}  // namespace struere
