// Reading for an actor: what leaves here is masked.
#include <algorithm>
#include <limits>

#include "storage/sqlite/selection_compiler.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// Cuts what is hidden out of the rows as they leave.
class RowReader {
 public:
  explicit RowReader(const MaskGroups& groups) : shown_(groups.masks, MaskPurpose::show) {
    if (groups.single()) one_.emplace(way_of("1"));
  }

  EntityRow read(const Statement& statement) const {
    if (one_) return read(statement, *one_);
    return read(statement, way_of(statement.text(6)));
  }

 private:
  // How rows are shown that the same masks apply to.
  struct Way {
    const MaskSplicer& splicer;
    std::vector<const Mask*> masks;
    bool clear_status, clear_created_at, clear_updated_at;  // by one of the masks at least
  };

  Way way_of(std::string_view bits) const {
    Way way{shown_.splicer(bits), shown_.chosen(bits), false, false, false};
    static const FieldPath status = *FieldPath::parse("status"), created_at = *FieldPath::parse("createdAt"),
                           updated_at = *FieldPath::parse("updatedAt");
    const auto clear = [&](const FieldPath& field) {
      return std::ranges::any_of(way.masks,
                                 [&](const Mask* mask) { return visibility(*mask, field) == Visibility::clear; });
    };
    way.clear_status = clear(status);
    way.clear_created_at = clear(created_at);
    way.clear_updated_at = clear(updated_at);
    return way;
  }

  static EntityRow read(const Statement& statement, const Way& way) {
    EntityRow row;
    row.id = statement.string(0);
    const std::string_view data = statement.text(1);
    row.data.reserve(data.size());
    way.splicer.splice(data, row.data);
    row.version = statement.integer(2);
    const auto show = [&](bool clear, FieldPath::Root root, Json value, std::optional<Json>& out) {
      if (clear)
        out.emplace(std::move(value));
      else
        out = apply_masks(way.masks, root, value, MaskPurpose::show);
    };
    show(way.clear_status, FieldPath::Root::status, statement.string(3), row.status);
    show(way.clear_created_at, FieldPath::Root::created_at, statement.integer(4), row.created_at);
    show(way.clear_updated_at, FieldPath::Root::updated_at, statement.integer(5), row.updated_at);
    return row;
  }

  ViewMasks shown_;
  std::optional<Way> one_;  // where all rows are seen through one mask
};

// The sort keys of the row, as the view shows them.
Position position_of(const Statement& statement, const Selection& selection, const CompiledSelection& compiled) {
  Position position;
  for (std::size_t i = 0; i < selection.order.size(); ++i) {
    const int column = compiled.key_columns[i];
    switch (statement.type(column)) {
      case Statement::Type::blob: position.emplace_back(statement.blob(column)); break;
      case Statement::Type::integer: {
        const Json value = statement.integer(column);
        position.push_back(sort_key(&value));
        break;
      }
      default: {
        const Json value = statement.string(column);
        position.push_back(sort_key(&value));
      }
    }
  }
  return position;
}

// Whether rows come in the order of an index, so that a page is done as soon as it is full.
bool is_by_time(const std::vector<OrderKey>& order) {
  return order.size() == 2 && order[0].field.root() == FieldPath::Root::created_at &&
         order[1].field.root() == FieldPath::Root::id && order[0].descending == order[1].descending;
}

}  // namespace

std::optional<std::string> SqliteTransaction::candidates(const Selection& selection, bool page) {
  if (!selection.search || selection.id) return std::nullopt;
  auto question = search_index().question(selection.type, *selection.search);
  if (!question) return std::nullopt;
  Selection view = selection;
  view.search.reset();
  view.filter = Predicate::always();
  view.order.clear();
  const auto rows_of_view = [&](std::int64_t most) {
    const CompiledSelection compiled = compile_count_up_to(view, most);
    Statement statement = scoped(compiled.sql, compiled.parameters);
    statement.step();
    return statement.integer(0);
  };
  if (rows_of_view(few_rows) < few_rows) return std::nullopt;
  const bool stops_early = page && is_by_time(selection.order);
  const std::int64_t many = stops_early ? 1'000 + 20 * selection.limit : std::numeric_limits<std::int64_t>::max() / 2;
  const std::int64_t found = search_index().count(*question, many);
  if (found <= few_rows) return question;
  if (found == many) return std::nullopt;  // a page is soon full
  // A candidate costs about as much as two rows in their order. Where one row in n is a candidate, a page is full after
  // n pages of rows.
  const std::int64_t worth = 2 * (stops_early ? found * found / std::max<std::int64_t>(selection.limit, 1) : found);
  if (rows_of_view(worth) < worth) return std::nullopt;
  return question;
}

Page SqliteTransaction::select(const Selection& selection) {
  const CompiledSelection compiled = compile_select(selection, candidates(selection, true));
  Statement statement = scoped(compiled.sql, compiled.parameters);
  const RowReader reader(*compiled.groups);
  Page page;
  Position last;
  while (statement.step()) {
    if (static_cast<std::int64_t>(page.rows.size()) == selection.limit) {
      page.next = std::move(last);
      break;
    }
    page.rows.push_back(reader.read(statement));
    if (static_cast<std::int64_t>(page.rows.size()) == selection.limit)
      last = position_of(statement, selection, compiled);
  }
  return page;
}

std::int64_t SqliteTransaction::count(const Selection& selection) {
  const CompiledSelection compiled = compile_count(selection, candidates(selection, false));
  Statement statement = scoped(compiled.sql, compiled.parameters);
  statement.step();
  return statement.integer(0);
}

std::optional<std::string> SqliteTransaction::own_entity(const OwnEntity& own, const std::string& user_id) {
  const CompiledLookup lookup = compile_own_entity(own, user_id);
  if (lookup.parameters.empty()) return std::nullopt;  // no type is bound to the role
  Statement statement = scoped(lookup.sql, lookup.parameters);
  return statement.step() ? statement.optional_string(0) : std::nullopt;
}

std::vector<std::string> SqliteTransaction::related_ids(const std::string& id, const Hop& hop) {
  const CompiledLookup lookup = compile_related_ids(id, hop);
  Statement statement = scoped(lookup.sql, lookup.parameters);
  std::vector<std::string> out;
  while (statement.step()) out.push_back(statement.string(0));
  return out;
}

std::vector<EventRecord> SqliteTransaction::select_events(const EventSelection& selection) {
  const CompiledEvents compiled = compile_events(selection);
  Statement statement = scoped(compiled.sql, compiled.parameters);
  std::vector<EventRecord> out;
  while (statement.step()) {
    EventRecord event{statement.integer(0),         EventId(statement.string(1)),
                      statement.string(2),          statement.optional_string(3),
                      statement.optional_string(4), statement.string(5),
                      statement.string(6),          statement.string(7),
                      statement.integer(8),         {}};
    if (event.entity && !event.other_end) {
      const std::int64_t type = statement.integer(9);
      for (std::size_t i = 0; i < selection.types.size(); ++i) {
        if (selection.types[i].type != type) continue;
        const ViewMasks masks(compiled.groups[i].masks, MaskPurpose::show);
        event.payload = masked_payload(event.payload, masks.chosen(statement.text(10)));
        break;
      }
    }
    out.push_back(std::move(event));
  }
  return out;
}

}  // namespace struere
