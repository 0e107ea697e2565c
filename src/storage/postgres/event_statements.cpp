#include "storage/postgres/event_statements.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "storage/sql/event_reader.hpp"

namespace struere::postgres {
namespace {

// Events in the order of the log, as `v`. An entity's id is in the first column that is named, or in the second: each
// has an index, and one condition on both would read all of the log. Each index returns no more rows than are wanted.
std::string events(const std::string& where, const std::vector<std::string_view>& id_columns, std::string_view id,
                   std::string_view direction, std::int64_t rows) {
  const auto select = [&](const std::string& condition) {
    return fmt::format("(SELECT * FROM struere.events v WHERE {}{} ORDER BY v.sequence{} LIMIT {})", where, condition,
                       direction, rows);
  };
  if (id_columns.empty()) return select("") + " v";
  std::vector<std::string> selects;
  for (const std::string_view column : id_columns) selects.push_back(select(fmt::format(" AND v.{} = {}", column, id)));
  return selects.size() == 1 ? selects.front() + " v" : fmt::format("({}) v", fmt::join(selects, " UNION ALL "));
}

}  // namespace

EventStatement next_events(std::int64_t scope, const EventSelection& selection, std::int64_t after,
                           const std::optional<std::int64_t>& before, std::int64_t rows) {
  Parameters parameters = Parameters().add(scope).add(after);
  std::string where = "v.scope_id = $1 AND v.sequence > $2";
  const auto number = [&] { return fmt::format("${}", parameters.size()); };
  const auto also = [&](const char* condition) { where += fmt::format(fmt::runtime(condition), number()); };
  if (before) parameters.add(*before), also(" AND v.sequence < {}");
  if (selection.type) parameters.add_text(*selection.type), also(" AND v.type = {}");
  if (selection.type_prefix) parameters.add_text(*selection.type_prefix), also(" AND starts_with(v.type, {})");
  if (selection.actor_id) parameters.add_text(*selection.actor_id), also(" AND v.actor_id = {}");
  if (selection.since) parameters.add(*selection.since), also(" AND v.created_at >= {}");
  if (selection.until) parameters.add(*selection.until), also(" AND v.created_at < {}");
  std::vector<std::string_view> id_columns;
  if (selection.entity) {
    parameters.add_text(*selection.entity);
    id_columns.emplace_back("entity_id");
    if (selection.purged) id_columns.emplace_back("purged_entity_id");
  }
  const std::string_view direction = selection.newest_first ? " DESC" : "";
  return {fmt::format("SELECT {}, e.type_key, e.id, e.data, e.status, e.created_at, e.updated_at, o.type_key, o.id, "
                      "o.data, o.status, o.created_at, o.updated_at FROM {} LEFT JOIN struere.entities e ON e.scope_id "
                      "= $1 AND e.id = v.entity_id LEFT JOIN struere.entities o ON o.scope_id = $1 AND o.id = "
                      "v.other_end_id ORDER BY v.sequence{} LIMIT {}",
                      event_columns, events(where, id_columns, number(), direction, rows), direction, rows),
          std::move(parameters)};
}

EventStatement events_to_replay(std::int64_t scope, const EventReplay& which, std::int64_t after, std::int64_t rows) {
  Parameters parameters = Parameters().add(scope).add(after);
  std::vector<std::string_view> id_columns;
  if (which.entity) {
    parameters.add_text(*which.entity);
    id_columns = {"entity_id", "purged_entity_id"};
  }
  return {fmt::format("SELECT {} FROM {} ORDER BY v.sequence LIMIT {}", event_columns,
                      events("v.scope_id = $1 AND v.sequence > $2", id_columns, "$3", "", rows), rows),
          std::move(parameters)};
}

}  // namespace struere::postgres
