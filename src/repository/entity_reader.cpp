#include "repository/entity_reader.hpp"

#include "query/condition_parser.hpp"

namespace struere {
namespace {

// The rows of a type, as `plan` shows them to the actor.
Selection view_of(GuardedOperation& operation, const AccessPlan& plan, const EntityType& type) {
  Selection selection;
  selection.type = type.key;
  selection.grants = plan.grants();
  selection.actor = operation.values();
  return selection;
}

// What a query asks of a list, and what makes a cursor of another query no cursor of this one.
struct ListQuestion {
  Selection selection;
  std::string text;
};

ListQuestion list_question(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  const auto plan = operation.require(Action::list, type_name);
  const EntityType& type = operation.require_type(type_name);
  ParsedQuery parsed = parse_query(query, RuleBook::search_fields(type));
  ListQuestion out{view_of(operation, *plan, type), "entities/" + type_name + "/" + parsed.question};
  Selection& selection = out.selection;
  selection.filter = std::move(parsed.filter);
  selection.search = std::move(parsed.search);
  selection.order = std::move(parsed.order);
  selection.limit = parsed.limit;
  selection.interruption.stop = query.stop;
  if (query.timeout) selection.interruption.deadline = std::chrono::steady_clock::now() + *query.timeout;
  return out;
}

}  // namespace

std::optional<Entity> find_entity(GuardedOperation& operation, const std::string& type_name, const std::string& id) {
  const auto plan = operation.require(Action::read, type_name);
  const EntityType* const type = operation.rules().find_type(type_name);
  if (!type) return std::nullopt;
  Selection selection = view_of(operation, *plan, *type);
  selection.id = id;
  Page page = operation.transaction().select(selection);
  if (page.rows.empty()) return std::nullopt;
  return Entity(type_name, std::move(page.rows.front()));
}

EntityPage list_entities(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  auto [selection, question] = list_question(operation, type_name, query);
  const Scope& scope = operation.actor().scope();
  if (query.after) {
    selection.after = decode_cursor(operation.cursor_key(), scope, question, *query.after);
    if (!selection.after)
      throw Error(ErrorCode::invalid_cursor,
                  "this cursor belongs to another query, type or scope; start again without one");
  }
  Page page = operation.transaction().select(selection);
  std::vector<Entity> rows;
  rows.reserve(page.rows.size());
  for (EntityRow& row : page.rows) rows.emplace_back(type_name, std::move(row));
  std::optional<std::string> next;
  if (page.next) next = encode_cursor(operation.cursor_key(), scope, question, *page.next);
  return EntityPage(std::move(rows), std::move(next));
}

std::int64_t count_entities(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  return operation.transaction().count(list_question(operation, type_name, query).selection);
}

std::vector<std::string> plan_of_list(GuardedOperation& operation, const std::string& type_name, const Query& query) {
  return operation.transaction().plan_of(list_question(operation, type_name, query).selection);
}

}  // namespace struere
