#include "repository/entity_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/deadline.hpp"
#include "query/bounds.hpp"
#include "query/condition_parser.hpp"
#include "repository/projection.hpp"

namespace struere {
namespace {

// The rows of a type, as `plan` shows them to the actor.
Selection view_of(GuardedOperation& operation, const AccessPlan& plan, const EntityType& type) {
  Selection selection;
  selection.type = type.key;
  selection.type_slug = type.slug;
  selection.grants = plan.grants();
  selection.actor = operation.values();
  return selection;
}

Selection selection_of(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  const auto plan = operation.require(Action::list, type_name);
  const EntityType& type = operation.require_type(type_name);
  ParsedQuery parsed = parse_query(query, RuleBook::search_fields(type));
  Selection selection = view_of(operation, *plan, type);
  selection.filter = std::move(parsed.filter);
  selection.search = std::move(parsed.search);
  selection.order = std::move(parsed.order);
  selection.limit = parsed.limit;
  selection.interruption = interruption_of(query.timeout, query.stop);
  return selection;
}

// Whether a storage could hold the id. An id that cannot be stored is the id of no entity.
bool may_be_id(const std::string& text) {
  JsonFault fault;
  return canonical_json(Json(text), fault).has_value();
}

}  // namespace

Interruption interruption_of(const std::optional<std::chrono::milliseconds>& timeout, const std::stop_token& stop) {
  Interruption out;
  out.stop = stop;
  if (timeout) out.deadline = deadline_after(*timeout);
  return out;
}

Position require_position(GuardedOperation& operation, const std::string& question, const std::string& cursor) {
  auto position = decode_cursor(operation.cursor_key(), operation.actor().scope(), question, cursor);
  if (!position)
    throw Error(ErrorCode::invalid_cursor,
                "this cursor belongs to another query, type or scope; start again without one");
  return *std::move(position);
}

std::function<std::string()> cursor_maker(GuardedOperation& operation, std::string question, Position last) {
  return [key = operation.cursor_key(), scope = operation.actor().scope(), question = std::move(question),
          last = std::move(last)] { return encode_cursor(key, scope, question, last); };
}

std::optional<Entity> find_entity(GuardedOperation& operation, const std::string& type_name, const std::string& id,
                                  const GetOptions& options) {
  const auto plan = operation.require(Action::read, type_name);
  const EntityType* const type = operation.rules().find_type(type_name);
  if (!type) return std::nullopt;
  Projection projection(operation, *type, options.fields, options.expand);
  Selection selection = view_of(operation, *plan, *type);
  projection.prepare(selection);
  selection.id = id;
  selection.is_last = operation.reads_once() && options.expand.empty();
  Page page = operation.transaction().select(selection);
  if (page.rows.empty()) return std::nullopt;
  return std::move(projection.rows(std::move(page)).front());
}

std::vector<Entity> entities_with_ids(GuardedOperation& operation, const AccessPlan& plan, const EntityType& type,
                                      const std::vector<std::string>& ids, const Interruption& interruption) {
  Selection selection = view_of(operation, plan, type);
  selection.interruption = interruption;
  std::vector<Entity> out;
  std::size_t bytes = 0;
  for (std::size_t begin = 0; begin < ids.size(); begin += most_ids) {
    auto some = std::make_shared<std::vector<std::string>>();
    for (std::size_t i = begin; i < std::min(begin + most_ids, ids.size()); ++i)
      if (may_be_id(ids[i])) some->push_back(ids[i]);
    selection.limit = static_cast<std::int64_t>(most_ids);
    selection.most_bytes = most_answer_bytes - bytes;
    selection.ids = std::move(some);
    Page page = operation.transaction().select(selection);
    for (Entity& row : page.rows) {
      bytes += json_view(row).size();
      out.push_back(std::move(row));
    }
    if (bytes >= most_answer_bytes)
      throw Error(ErrorCode::invalid_query, fmt::format("the entities that are asked for hold more than {} MiB; ask "
                                                        "for fewer of them at a time",
                                                        most_answer_bytes >> 20));
  }
  return out;
}

std::vector<Entity> get_many_entities(GuardedOperation& operation, const std::string& type_name,
                                      const std::vector<EntityId>& ids) {
  const auto plan = operation.require(Action::read, type_name);
  const EntityType& type = operation.require_type(type_name);
  if (ids.size() > most_ids) throw Error(ErrorCode::invalid_query, fmt::format("`ids` are at most {}", most_ids));
  std::vector<std::string> distinct;
  std::map<std::string, std::size_t, std::less<>> places;
  for (const EntityId& id : ids)
    if (places.emplace(id.str(), distinct.size()).second) distinct.push_back(id.str());
  std::vector<Entity> rows = entities_with_ids(operation, *plan, type, distinct);
  std::ranges::sort(rows, {}, [&](const Entity& row) { return places.find(row.id().str())->second; });
  return rows;
}

Aggregates aggregate_entities(GuardedOperation& operation, const std::string& type_name, const Query& query,
                              const std::vector<std::string>& group_by, const std::vector<Measure>& measures) {
  const Selection selection = selection_of(operation, type_name, query);
  Aggregation aggregation = parse_aggregation(group_by, measures);
  aggregation.limit = selection.limit;
  return operation.transaction().aggregate(selection, aggregation);
}

EntityPage list_entities(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  Selection selection = selection_of(operation, type_name, query);
  // The text that ties a cursor to this query.
  const auto question = [&] { return "entities/" + type_name + "/" + question_of(query, selection.order); };
  Projection projection(operation, operation.require_type(type_name), query.fields, query.expand);
  projection.prepare(selection);
  selection.most_bytes = most_page_bytes;
  if (query.after) selection.after = require_position(operation, question(), *query.after);
  selection.is_last = operation.reads_once() && query.expand.empty();
  Page page = operation.transaction().select(selection);
  std::function<std::string()> next;
  if (page.next) next = cursor_maker(operation, question(), *std::move(page.next));
  return EntityPage(projection.rows(std::move(page)), std::move(next));
}

std::int64_t count_entities(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  Selection selection = selection_of(operation, type_name, query);
  selection.is_last = operation.reads_once();
  return operation.transaction().count(selection);
}

std::vector<std::string> plan_of_list(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  return operation.transaction().plan_of(selection_of(operation, type_name, query));
}

}  // namespace struere
