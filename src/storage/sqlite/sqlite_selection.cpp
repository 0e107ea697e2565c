// Reads for an actor. All rows that leave this file are masked.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "core/json_scan.hpp"
#include "query/aggregator.hpp"
#include "storage/sql/key_access.hpp"
#include "storage/sql/selection_cache.hpp"
#include "storage/sql/view_values.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

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

// CompiledSelection::required with the values of this request.
class RequiredMembers {
 public:
  RequiredMembers(const CompiledSelection& compiled, SlotValues& values) {
    texts_.reserve(compiled.required.size());
    members_.reserve(compiled.required.size());
    for (const RequiredMember& member : compiled.required)
      members_.push_back({member.key, texts_.emplace_back(values.json_of(member.value))});
  }
  RequiredMembers(const RequiredMembers&) = delete;
  RequiredMembers& operator=(const RequiredMembers&) = delete;

  std::span<const JsonMember> members() const noexcept { return members_; }

 private:
  std::vector<std::string> texts_;
  std::vector<JsonMember> members_;
};

// For example "data.team, data.due".
std::string names_of(const FieldKey& key) {
  std::string out;
  for (const FieldPath& field : key.fields) out.append(out.empty() ? "" : ", ").append(field.str());
  return out;
}

// While an object of this class lives, the connection's statements fail when the interruption is due.
class Interruptible {
 public:
  Interruptible(Connection& connection, const Interruption& interruption)
      : connection_(interruption.may_come() ? &connection : nullptr) {
    if (connection_ && interruption.is_due()) throw_storage_error(nullptr, SQLITE_INTERRUPT, "answering a query");
    if (connection_) connection_->set_interruption(&interruption);
  }
  ~Interruptible() {
    if (connection_) connection_->set_interruption(nullptr);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  Connection* connection_;
};

// Of how many rows `found` rows have to be, to lead to a page or a count sooner than reading all of them. Reading one
// of the found costs about as much as reading two in their order. If one row in n is found, a page is full after n
// pages. Counting more rows than `most_counted` would take longer than reading those that are found.
std::int64_t worth_leading(const Selection& selection, std::int64_t found, bool stops_early) {
  constexpr std::int64_t most_counted = 40'000;
  const std::int64_t rows = 2 * (stops_early ? found * found / std::max<std::int64_t>(selection.limit, 1) : found);
  return found > most_led ? rows : std::min(rows, most_counted);
}

// Several lookups may find the same row.
void make_distinct(std::vector<std::string>& ids) {
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

std::optional<std::string> SqliteTransaction::search_to_lead(const Selection& selection, bool stops_early) {
  auto question = search_index().question(selection.type, *selection.search);
  if (!question) return std::nullopt;
  Selection view = selection;
  view.search.reset();
  view.filter = Predicate::always();
  view.order.clear();
  const auto rows_of_view = [&](std::int64_t most) {
    const CompiledSelection compiled = compile_count_up_to(sqlite_dialect, view, this, most);
    SlotValues values(view.actor, &view);
    Statement statement = scoped(compiled.sql, compiled.parameters, values);
    statement.step();
    return statement.integer(0);
  };
  if (rows_of_view(few_rows) < few_rows) return std::nullopt;
  const std::int64_t many = stops_early ? 1'000 + 20 * selection.limit : std::numeric_limits<std::int64_t>::max() / 2;
  const std::int64_t found = search_index().count(*question, many);
  if (found <= few_rows) return question;
  if (found == many) return std::nullopt;  // a page is full after few rows
  const std::int64_t worth = worth_leading(selection, found, stops_early);
  if (rows_of_view(worth) < worth) return std::nullopt;
  return question;
}

std::int64_t SqliteTransaction::rows_of_type(EntityTypeKey type, std::int64_t most) {
  Statement statement = scoped(
      "SELECT count(*) FROM (SELECT 1 FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at IS NULL LIMIT "
      "?3)");
  statement.bind(2, type).bind(3, most).step();
  return statement.integer(0);
}

// Until there are more than `most`.
void SqliteTransaction::add_found(const CompiledLookup& lookup, const Selection& selection, std::size_t most,
                                  std::vector<std::string>& ids) {
  SlotValues values(selection.actor, &selection);
  Statement statement = scoped(lookup.sql, lookup.parameters, values);
  while (ids.size() <= most && statement.step()) ids.push_back(statement.string(0));
}

std::optional<std::vector<std::string>> SqliteTransaction::led_rows(const Selection& selection,
                                                                    const std::vector<CompiledLead>& leads,
                                                                    std::size_t most) {
  std::vector<std::string> ids;
  std::optional<std::vector<std::string>> found;
  for (const CompiledLead& lead : leads) {
    ids.clear();
    for (const CompiledLookup& lookup : lead.lookups) add_found(lookup, selection, most, ids);
    if (ids.size() > most) continue;
    most = ids.size();
    found = std::move(ids);
    if (std::cmp_less_equal(most, few_rows)) break;
  }
  if (found) make_distinct(*found);
  return found;
}

// How many rows the statement's own key leads to, up to few_rows + 1; nullopt if that is not known.
std::optional<std::size_t> SqliteTransaction::own_rows(const Selection& selection, const CompiledSelection& compiled) {
  if (!compiled.own_rows) return std::nullopt;
  std::vector<std::string> ids;
  add_found(*compiled.own_rows, selection, few_rows, ids);
  return ids.size();
}

SqliteTransaction::Prepared SqliteTransaction::prepare(Asked asked, const Selection& selection, bool page) {
  SelectionCache& cache = connection_->selections();
  Prepared out{selection, {}, cache.prepare(asked, selection, *this, {})};
  if (selection.id || selection.ids) return out;
  const bool stops_early = page && is_by_time(selection.order);
  bool reads_many = false;  // by a key of its own
  if (const std::vector<CompiledLead>& leads = out.compiled().leads; !leads.empty()) {
    // A row that is looked for by its id takes four times as long as one that a key leads to. A search looks at whole
    // rows, so that few of them are many.
    constexpr std::size_t soon_read = 50, ratio = 4;
    const std::optional<std::size_t> own = own_rows(selection, out.compiled());
    if (own && *own <= soon_read) return out;
    const bool reads_few = own && std::cmp_less_equal(*own, few_rows);
    reads_many = own && !reads_few;
    if (auto ids = led_rows(selection, leads, reads_few ? *own / ratio : selection.search ? few_rows : most_led)) {
      const auto found = static_cast<std::int64_t>(ids->size());
      const std::int64_t worth = worth_leading(selection, found, stops_early);
      if (found <= few_rows || rows_of_type(selection.type, worth) == worth) {
        auto of_few = std::make_shared<Selection>(selection);
        of_few->ids = std::make_shared<const std::vector<std::string>>(*std::move(ids));
        out.of_few = std::move(of_few);
        out.prepared = cache.prepare(asked, *out.of_few, *this, {});
        return out;
      }
    }
    if (reads_few) return out;
  }
  Lead lead;
  if (selection.search) lead.search = search_to_lead(selection, stops_early);
  // So few are sorted sooner than found among the ids of all types. Of more, a page is soon full.
  constexpr std::int64_t most_sorted = 2'000;
  const bool is_by_id = page && !selection.order.empty() && selection.order.front().field.root() == FieldPath::Root::id;
  lead.by_type = !lead.search && is_by_id && rows_of_type(selection.type, most_sorted) < most_sorted;
  lead.walks = !lead.search && page && reads_many && out.compiled().may_walk;
  if (lead.search || lead.by_type || lead.walks) out.prepared = cache.prepare(asked, selection, *this, lead);
  return out;
}

Page SqliteTransaction::select(const Selection& selection) {
  const Interruptible interruptible(*connection_, selection.interruption);
  const Prepared prepared = prepare(Asked::rows, selection, true);
  const CompiledSelection& compiled = prepared.compiled();
  SlotValues values(selection.actor, &prepared.selection());
  Statement statement = scoped(compiled.sql, compiled.parameters, values);
  Page page;
  Position last;
  bool is_full = false;
  std::optional<ViewValues> view;
  if (!selection.values.empty()) view.emplace(*compiled.groups, selection.values);
  const RequiredMembers required(compiled, values);
  PageRows rows(selection);
  while (statement.step()) {
    if (is_full) {
      if (!has_members(statement.text(1), required.members())) continue;
      page.next = std::move(last);
      break;
    }
    if (!rows.add(*prepared.prepared->reader, statement, required.members())) continue;
    if (view) page.values.push_back(view->of(statement));
    if (selection.with_positions) page.positions.push_back(position_of(statement, selection, compiled));
    is_full = static_cast<std::int64_t>(rows.size()) == selection.limit || rows.bytes() >= selection.most_bytes;
    if (is_full) last = position_of(statement, selection, compiled);
    if (rows.size() == 1 && selection.limit > 1)
      rows.expect(static_cast<std::size_t>(std::min<std::int64_t>(selection.limit, 64)), selection.most_bytes);
  }
  page.rows = rows.take();
  return page;
}

std::vector<std::string> SqliteTransaction::plan_of(const Selection& selection) {
  const Interruptible interruptible(*connection_, selection.interruption);
  const Prepared prepared = prepare(Asked::rows, selection, true);
  SlotValues values(selection.actor, &prepared.selection());
  Statement statement = scoped("EXPLAIN QUERY PLAN " + prepared.compiled().sql, prepared.compiled().parameters, values);
  std::vector<std::string> out;
  if (const auto& key = prepared.compiled().key) out.push_back("by the field key " + names_of(*key));
  while (statement.step()) out.push_back(statement.string(3));
  return out;
}

std::int64_t SqliteTransaction::count(const Selection& selection) {
  const Interruptible interruptible(*connection_, selection.interruption);
  const Prepared prepared = prepare(Asked::count, selection, false);
  SlotValues values(selection.actor, &prepared.selection());
  Statement statement = scoped(prepared.compiled().sql, prepared.compiled().parameters, values);
  statement.step();
  return statement.integer(0);
}

Aggregates SqliteTransaction::aggregate(const Selection& selection, const Aggregation& aggregation) {
  const bool only_counts = std::ranges::all_of(
      aggregation.measures, [](const Aggregation::Part& part) { return part.op == Measure::Op::count; });
  if (aggregation.group_by.empty() && only_counts) {  // no row has to be read
    Aggregates out;
    out.groups.emplace_back().measures.assign(aggregation.measures.size(), Json(count(selection)));
    return out;
  }
  Selection all = selection;  // without an order and a limit
  all.order.clear();
  all.after.reset();
  all.limit = std::numeric_limits<std::int64_t>::max() - 1;
  const Interruptible interruptible(*connection_, all.interruption);
  const Prepared prepared = prepare(Asked::rows, all, false);
  SlotValues values(all.actor, &prepared.selection());
  Statement statement = scoped(prepared.compiled().sql, prepared.compiled().parameters, values);
  std::vector<FieldPath> fields = aggregation.group_by;
  for (const Aggregation::Part& part : aggregation.measures)
    if (part.field) fields.push_back(*part.field);
  ViewValues view(*prepared.compiled().groups, fields);
  Aggregator aggregator(aggregation);
  while (statement.step()) aggregator.add(view.fields_of(statement));
  return aggregator.finish();
}

std::optional<std::string> SqliteTransaction::own_entity(const OwnEntity& own, const std::string& user_id) {
  const CompiledLookup lookup = compile_own_entity(sqlite_dialect, own, this);
  if (lookup.parameters.empty()) return std::nullopt;  // no type is bound to the role
  const ActorValues actor{user_id, {}};
  SlotValues values(actor);
  Statement statement = scoped(lookup.sql, lookup.parameters, values);
  return statement.step() ? statement.optional_string(0) : std::nullopt;
}

std::vector<std::string> SqliteTransaction::related_ids(const std::string& id, const Hop& hop) {
  const CompiledLookup lookup = compile_related_ids(sqlite_dialect, id, hop);
  const ActorValues nobody;
  SlotValues values(nobody);
  Statement statement = scoped(lookup.sql, lookup.parameters, values);
  std::vector<std::string> out;
  while (statement.step()) out.push_back(statement.string(0));
  return out;
}

std::vector<EntityTypeKey> SqliteTransaction::related_types(const std::string& id, const Hop& hop,
                                                            const Interruption& interruption) {
  const Interruptible interruptible(*connection_, interruption);
  Statement statement =
      scoped(fmt::format("SELECT DISTINCT e.type_key FROM entity_relations r CROSS JOIN entities e WHERE r.scope_id = "
                         "?1 AND r.{} = ?2 AND "
                         "r.type = ?3 AND e.scope_id = ?1 AND e.id = r.{} AND e.deleted_at IS NULL",
                         hop.backwards ? "to_id" : "from_id", hop.backwards ? "from_id" : "to_id"));
  statement.bind(2, std::string_view(id)).bind(3, std::string_view(hop.relation));
  std::vector<EntityTypeKey> out;
  while (statement.step()) out.push_back(statement.integer(0));
  return out;
}

bool SqliteTransaction::has_row(const std::string& id) {
  Statement row = scoped("SELECT 1 FROM entities WHERE scope_id = ?1 AND id = ?2");
  return row.bind(2, std::string_view(id)).step();
}

// The entities that all events of the selection are about, as a list, if they are few and have few events: in the log,
// which whoever sees little of it would go through, these may be far apart.
std::optional<std::string> SqliteTransaction::few_subjects(const EventSelection& selection) {
  constexpr std::size_t most_types = 16;
  constexpr std::int64_t most_events = 1'000;
  const bool is_short = selection.before && *selection.before - selection.after <= most_events;
  if (is_short || selection.entity || selection.others || selection.purged || selection.types.size() > most_types)
    return std::nullopt;
  std::vector<std::string> ids;
  for (const EventSelection::TypeGrants& type : selection.types) {
    const MaskGroups groups(*type.grants);
    Selection rows;
    rows.type = type.type;
    rows.grants = type.grants;
    rows.actor = selection.actor;
    LeadCompiler leads(sqlite_dialect, rows, *this, [](const FieldPath&) { return true; });
    const auto found = led_rows(rows, leads.compile(groups.predicates, {}), most_led);
    if (!found) return std::nullopt;
    ids.insert(ids.end(), found->begin(), found->end());
    // Nothing leads to deleted rows, whose events are seen as before.
    Statement deleted =
        scoped("SELECT id FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at >= ?3 LIMIT ?4");
    deleted.bind(2, type.type).bind(3, std::numeric_limits<std::int64_t>::min()).bind(4, most_led + 1);
    while (deleted.step()) ids.push_back(deleted.string(0));
    if (std::cmp_greater(ids.size(), most_led)) return std::nullopt;
  }
  make_distinct(ids);
  std::string list = Json(ids).dump();
  Statement events = scoped(
      "SELECT count(*) FROM (SELECT 1 FROM json_each(?2) asked CROSS JOIN events v WHERE v.scope_id = ?1 AND "
      "v.entity_id = asked.value LIMIT ?3)");
  events.bind(2, std::string_view(list)).bind(3, most_events + 1).step();
  return events.integer(0) <= most_events ? std::optional(std::move(list)) : std::nullopt;
}

std::vector<EventRecord> SqliteTransaction::select_events(const EventSelection& selection) {
  const Interruptible interruptible(*connection_, selection.interruption);
  const bool is_purged = selection.entity && selection.purged && !has_row(*selection.entity);
  const CompiledEvents compiled = compile_events(sqlite_dialect, selection, this, is_purged, few_subjects(selection));
  SlotValues values(selection.actor);
  Statement statement = scoped(compiled.sql, compiled.parameters, values);
  std::vector<EventRecord> out;
  std::size_t bytes = 0;
  while (bytes < selection.most_bytes && statement.step()) {
    EventRecord event = read_event(statement);
    // A purged entity has no type, and the payloads of its events are empty, so there is nothing to mask.
    if (event.entity && !event.other_end && !statement.is_null(CompiledEvents::type_column)) {
      const std::int64_t type = statement.integer(CompiledEvents::type_column);
      for (std::size_t i = 0; i < selection.types.size(); ++i) {
        if (selection.types[i].type != type) continue;
        const ViewMasks masks(compiled.groups[i].masks, MaskPurpose::show);
        event.payload = masked_payload(event.payload, masks.chosen(statement.text(CompiledEvents::bits_column)));
        break;
      }
    }
    bytes += event.payload.size();
    out.push_back(std::move(event));
  }
  return out;
}

}  // namespace struere
