// Reading for an actor: what leaves here is masked.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "query/aggregator.hpp"
#include "query/field_key.hpp"
#include "storage/postgres/first_rows.hpp"
#include "storage/postgres/interruptible.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/row_batches.hpp"
#include "storage/search_words.hpp"
#include "storage/sql/row_reader.hpp"
#include "struere/core/error.hpp"
#include "struere/query/comparison.hpp"

namespace struere::postgres {
namespace {

std::vector<std::optional<Json>> values_of(const Selection& selection, const RowDecider& decider) {
  std::vector<std::optional<Json>> out;
  for (const FieldPath& field : selection.values) {
    const Json* const value = decider.view().find(field);
    out.push_back(value ? std::optional(*value) : std::nullopt);
  }
  return out;
}

// Of rows that come in the order of the selection: each is on the page as soon as it is read. Where SQL has decided all
// that is asked, the interpreter would only say it again.
Page page_in_order(const Selection& selection, RowDecider& decider, const Candidates& candidates, Batches& batches) {
  const bool is_decided = candidates.is_decided() && selection.values.empty() && !selection.with_positions &&
                          (!selection.after || candidates.is_position_exact());
  if (is_decided) batches.end_with_first(selection);
  const RowReader& reader = decider.reader();
  static const std::string only_group = "1";
  Page page;
  PageRows rows(selection);
  Position last;
  while (batches.next()) {
    const Row row = batches.row();
    const std::string* bits = &only_group;
    if (!is_decided) {
      const auto& decided = decider.decide(row);
      if (!decided) continue;
      bits = &*decided;
    }
    if (selection.after && !is_decided && !is_before(selection.order, *selection.after, decider.position())) continue;
    if (static_cast<std::int64_t>(rows.size()) == selection.limit || rows.bytes() >= selection.most_bytes) {
      page.next = std::move(last);
      break;
    }
    rows.add(reader, batches.row_with(*bits));
    if (rows.size() == 1) rows.expect(batches.size(), std::min<std::size_t>(selection.most_bytes, bytes_of_batch));
    if (!selection.values.empty()) page.values.push_back(values_of(selection, decider));
    if (selection.with_positions) page.positions.push_back(decider.position());
    if (static_cast<std::int64_t>(rows.size()) == selection.limit || rows.bytes() >= selection.most_bytes)
      last = decider.position_of(row);
  }
  page.rows = rows.take();
  return page;
}

constexpr int generation_column = 6, generation_of_count = 1;

// A statement that begins with `SELECT count(*)` and has the scope as $1, with the generation as its second column.
std::string with_generation(std::string_view count) {
  constexpr std::string_view first = "SELECT count(*)";
  return std::string(first)
      .append(", (SELECT generation FROM struere.scope_heads WHERE scope_id = $1)")
      .append(count.substr(first.size()));
}

std::string names_of(const FieldKey& key) {
  std::string out;
  for (const FieldPath& field : key.fields) out.append(out.empty() ? "" : ", ").append(field.str());
  return out;
}

bool is_never(const RowDecider& decider) {
  return std::ranges::all_of(decider.admits(),
                             [](const Predicate& predicate) { return predicate.kind() == Predicate::Kind::never; }) ||
         decider.filter().kind() == Predicate::Kind::never;
}

}  // namespace

std::vector<std::string> PostgresTransaction::terms_of(const Selection& selection, const TypeKeys& keys) const {
  if (!selection.search || selection.id || selection.search->fields != keys.search) return {};
  return terms_to_ask(*selection.search);
}

template <class Query>
auto PostgresTransaction::with_keys(EntityTypeKey type, Query&& query) {
  if (!work_->is_write() && !head_.is_known())
    if (const auto known = known_keys_.find(scope_, type)) {
      auto answer = query(*known->keys);
      if (head_.generation() == known->generation) return answer;
      if (work_->has_ended()) work_->begin_again();
    }
  return query(*keys_of(type));
}

Page PostgresTransaction::select(const Selection& selection) {
  const Interruptible interruptible(work_->anywhere(), selection.interruption);
  RowDecider decider(selection, view_of(selection), *this);
  if (is_never(decider)) return {};
  if (selection.id) return page_of_id(selection, decider);
  return with_keys(selection.type, [&](const TypeKeys& keys) { return page_of(selection, decider, keys); });
}

// A row or none: there is nothing to narrow, and no key to know. `+ 0` as in Candidates. A reader is told the
// generation by the same row, for which the head of the scope is joined.
Page PostgresTransaction::page_of_id(const Selection& selection, RowDecider& decider) {
  if (!is_storable(*selection.id)) return {};
  if (selection.is_last && !decider.asks_for_relations()) work_->end_with_next();
  const Parameters parameters = Parameters().add(scope_).add(selection.type).add_text(*selection.id);
  const Result found =
      work_->lacks_generation()
          ? work_->run_with_generation(
                scope_,
                "SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at, h.generation FROM "
                "struere.scope_heads h LEFT JOIN struere.entities e ON e.scope_id = $1 AND e.type_key + 0 = $2 AND "
                "e.deleted_at + 0 IS NULL AND e.id = $3 WHERE h.scope_id = $1",
                parameters, generation_column)
          : connection().run(
                "SELECT id, data, version, status, created_at, updated_at FROM struere.entities WHERE scope_id = $1 "
                "AND type_key + 0 = $2 AND deleted_at + 0 IS NULL AND id = $3",
                parameters);
  Page page;
  if (found.rows() == 0 || found.is_null(0, 0)) return page;
  const Row row(found, 0);
  const auto& bits = decider.decide(row);
  if (!bits || (selection.after && !is_before(selection.order, *selection.after, decider.position()))) return page;
  PageRows rows(selection);
  rows.add(decider.reader(), SelectedRow(found, 0, *bits));
  if (!selection.values.empty()) page.values.push_back(values_of(selection, decider));
  if (selection.with_positions) page.positions.push_back(decider.position());
  page.rows = rows.take();
  return page;
}

Page PostgresTransaction::page_of(const Selection& selection, RowDecider& decider, const TypeKeys& keys) {
  const std::vector<std::string> terms = terms_of(selection, keys);
  const Candidates candidates(scope_, selection, decider, keys, terms, true);
  Batches batches(*work_, scope_, candidates, selection.interruption, selection.limit + 1);
  if (candidates.order() == Candidates::Order::exact) return page_in_order(selection, decider, candidates, batches);
  Page page;
  FirstRows first(selection, candidates);
  while (batches.next()) {
    const Row row = batches.row();
    const std::string_view key = candidates.has_key() ? row.blob(Candidates::key_column) : std::string_view();
    if (first.is_complete(key)) break;
    const auto& bits = decider.decide(row);
    if (!bits) continue;
    first.add({decider.position(), KeptRow(row, *bits), values_of(selection, decider), std::string(key)});
  }
  const RowReader& reader = decider.reader();
  PageRows rows(selection);
  std::vector<Selected> found = first.take();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (static_cast<std::int64_t>(i) == selection.limit || rows.bytes() >= selection.most_bytes) {
      page.next = std::move(found[i - 1].position);
      break;
    }
    rows.add(reader, found[i].row);
    if (!selection.values.empty()) page.values.push_back(std::move(found[i].values));
    if (selection.with_positions) page.positions.push_back(found[i].position);
  }
  page.rows = rows.take();
  return page;
}

std::vector<std::string> PostgresTransaction::plan_of(const Selection& selection) {
  const Interruptible interruptible(connection(), selection.interruption);
  const RowDecider decider(selection, view_of(selection), *this);
  if (is_never(decider)) return {"no row is looked at"};
  const auto keys = keys_of(selection.type);
  const std::vector<std::string> terms = terms_of(selection, *keys);
  const Candidates candidates(scope_, selection, decider, *keys, terms, true);
  const Candidates::Statement statement = candidates.select(BatchSize(selection.limit + 1).next());
  const Result plan = connection().run("EXPLAIN (COSTS OFF) " + statement.sql, statement.parameters);
  std::vector<std::string> out;
  if (const FieldKey* const key = candidates.key()) out.push_back("by the field key " + names_of(*key));
  for (int row = 0; row < plan.rows(); ++row) out.emplace_back(plan.bytes(row, 0));
  return out;
}

// Visits the rows of the view that the filter and the search select, in some order, whatever the page.
template <class Visit>
void PostgresTransaction::each_selected(const Selection& selection, RowDecider& decider, const TypeKeys& keys,
                                        Visit&& visit) {
  const std::vector<std::string> terms = terms_of(selection, keys);
  const Candidates candidates(scope_, selection, decider, keys, terms, false);
  Batches batches(*work_, scope_, candidates, selection.interruption, first_rows);
  while (batches.next())
    if (decider.decide(batches.row())) visit(decider.view());
}

std::int64_t PostgresTransaction::count(const Selection& selection) {
  const Interruptible interruptible(work_->anywhere(), selection.interruption);
  RowDecider decider(selection, view_of(selection), *this);
  if (is_never(decider)) return 0;
  return with_keys(selection.type, [&](const TypeKeys& keys) -> std::int64_t {
    const std::vector<std::string> no_terms;
    if (const auto statement = Candidates(scope_, selection, decider, keys, no_terms, false).count()) {
      if (selection.is_last) work_->end_with_next();
      if (!work_->lacks_generation()) return connection().run(statement->sql, statement->parameters).integer(0, 0);
      return work_
          ->run_with_generation(scope_, with_generation(statement->sql), statement->parameters, generation_of_count)
          .integer(0, 0);
    }
    std::int64_t n = 0;
    each_selected(selection, decider, keys, [&](const RowFields&) { ++n; });
    return n;
  });
}

Aggregates PostgresTransaction::aggregate(const Selection& asked, const Aggregation& aggregation) {
  const bool only_counts = std::ranges::all_of(
      aggregation.measures, [](const Aggregation::Part& part) { return part.op == Measure::Op::count; });
  if (aggregation.group_by.empty() && only_counts) {  // no row has to be read
    Aggregates out;
    out.groups.emplace_back().measures.assign(aggregation.measures.size(), Json(count(asked)));
    return out;
  }
  const Interruptible interruptible(connection(), asked.interruption);
  Selection selection = asked;
  selection.order.clear();
  selection.after.reset();
  selection.values.clear();
  std::vector<FieldPath> fields = aggregation.group_by;
  for (const Aggregation::Part& part : aggregation.measures)
    if (part.field) fields.push_back(*part.field);
  RowDecider decider(selection, view_of(selection), *this, fields);
  if (is_never(decider)) return Aggregator(aggregation).finish();
  return with_keys(selection.type, [&](const TypeKeys& keys) {
    Aggregator aggregator(aggregation);
    each_selected(selection, decider, keys, [&](const RowFields& view) { aggregator.add(view); });
    return aggregator.finish();
  });
}

// The first active entity of the type that has the user's id in the field, and when it was created.
std::optional<std::string> PostgresTransaction::own_entity_of(const OwnEntity::Candidate& candidate,
                                                              const std::string& user_id, Timestamp& created_at) {
  const Json wanted = user_id;
  const auto keys = keys_of(candidate.type);
  const auto key = std::ranges::find_if(keys->fields, [&](const FieldKey& one) {
    return one.is_whole && one.fields.size() == 1 && one.fields.front() == candidate.user_id_field;
  });
  std::string bytes;
  append_field_key(bytes, &wanted);
  std::int64_t rows = least_rows;
  std::optional<std::pair<Timestamp, std::string>> place;
  for (;; rows = std::min(rows * 4, most_rows)) {
    Parameters parameters = Parameters().add(scope_).add(candidate.type);
    std::string sql = "SELECT e.id, e.data, e.created_at FROM ";
    const bool by_key = key != keys->fields.end();
    if (by_key) {
      parameters.add(key->number).add_bytes(bytes);
      sql.append("struere.entity_keys k")
          .append(row_of_key)
          .append(" WHERE k.scope_id = $1 AND k.type_key = $2 AND k.key_no = $3 AND k.key = $4");
    } else {
      sql += "struere.entities e WHERE e.scope_id = $1 AND e.type_key = $2 AND e.deleted_at IS NULL";
    }
    sql += " AND e.status = 'active'";
    const std::string_view from = by_key ? "k" : "e";
    if (place) {
      parameters.add(place->first).add_text(place->second);
      sql +=
          fmt::format(" AND ({0}.created_at, {0}.id) > (${1}, ${2})", from, parameters.size() - 1, parameters.size());
    }
    const Result batch =
        connection().run(fmt::format("{} ORDER BY {}.created_at, {}.id LIMIT {}", sql, from, from, rows), parameters);
    for (int row = 0; row < batch.rows(); ++row) {
      RowFields fields;
      fields.data = parse_canonical_json(batch.bytes(row, 1));
      fields.status = "active";
      if (!compare(fields.find(candidate.user_id_field), Operator::eq, wanted)) continue;
      created_at = batch.integer(row, 2);
      return std::string(batch.bytes(row, 0));
    }
    if (batch.rows() < rows) return std::nullopt;
    place.emplace(batch.integer(batch.rows() - 1, 2), batch.bytes(batch.rows() - 1, 0));
  }
}

std::optional<std::string> PostgresTransaction::own_entity(const OwnEntity& own, const std::string& user_id) {
  std::optional<std::pair<Timestamp, std::string>> first;
  for (const OwnEntity::Candidate& candidate : own.candidates) {
    Timestamp created_at = 0;
    auto id = own_entity_of(candidate, user_id, created_at);
    if (!id) continue;
    std::pair found(created_at, *std::move(id));
    if (!first || found < *first) first = std::move(found);
  }
  return first ? std::optional(std::move(first->second)) : std::nullopt;
}

// OFFSET 0 and `+ 0` as in row_of_key: with the statistics of an empty table, the planner would read all rows of the
// scope for each relation.
std::vector<std::string> PostgresTransaction::related_ids(const std::string& id, const Hop& hop) {
  if (!is_storable(id)) return {};
  const Result ends = connection().run(
      fmt::format("SELECT id FROM (SELECT far.id, far.created_at FROM struere.entity_relations r CROSS JOIN LATERAL "
                  "(SELECT e.id, e.created_at FROM struere.entities e WHERE e.scope_id = $1 AND e.id = r.{1} AND "
                  "e.deleted_at + 0 IS NULL OFFSET 0) far WHERE r.scope_id = $1 AND r.{0} = $2 AND r.type = $3 AND "
                  "EXISTS (SELECT 1 FROM struere.entities near WHERE near.scope_id = $1 AND near.id = $2 AND "
                  "near.deleted_at + 0 IS NULL) LIMIT {2}) n ORDER BY created_at, id",
                  hop.backwards ? "to_id" : "from_id", hop.backwards ? "from_id" : "to_id", most_relations_visited + 1),
      Parameters().add(scope_).add_text(id).add_text(hop.relation));
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(ends.rows()));
  for (int row = 0; row < ends.rows(); ++row) out.emplace_back(ends.bytes(row, 0));
  return out;
}

std::vector<EntityTypeKey> PostgresTransaction::related_types(const std::string& id, const Hop& hop,
                                                              const Interruption& interruption) {
  if (!is_storable(id)) return {};
  const Interruptible interruptible(work_->anywhere(), interruption);
  const Result types = connection().run(
      fmt::format(
          "SELECT DISTINCT far.type_key FROM struere.entity_relations r CROSS JOIN LATERAL (SELECT e.type_key "
          "FROM struere.entities e WHERE e.scope_id = $1 AND e.id = r.{1} AND e.deleted_at + 0 IS NULL OFFSET 0) "
          "far WHERE r.scope_id = $1 AND r.{0} = $2 AND r.type = $3",
          hop.backwards ? "to_id" : "from_id", hop.backwards ? "from_id" : "to_id"),
      Parameters().add(scope_).add_text(id).add_text(hop.relation));
  std::vector<EntityTypeKey> out;
  for (int row = 0; row < types.rows(); ++row) out.push_back(types.integer(row, 0));
  return out;
}

}  // namespace struere::postgres
