#include "struere/repository/entity_repository.hpp"

#include "query/condition_parser.hpp"
#include "repository/entity_writer.hpp"

namespace struere {
namespace {

// The rows of a type, as `action` shows them to the actor.
Selection view_of(GuardedOperation& operation, const AccessPlan& plan, const EntityType& type) {
  Selection selection;
  selection.type = type.key;
  selection.grants = plan.grants();
  selection.actor = operation.values();
  return selection;
}

std::optional<Entity> find_row(GuardedOperation& operation, const std::string& type_name, const std::string& id) {
  const auto plan = operation.require(Action::read, type_name);
  const EntityType& type = operation.require_type(type_name);
  Selection selection = view_of(operation, *plan, type);
  selection.id = id;
  Page page = operation.transaction().select(selection);
  if (page.rows.empty()) return std::nullopt;
  return Entity(type_name, std::move(page.rows.front()));
}

// Also what makes a cursor of one type no cursor of another.
std::string question_of(const std::string& type, const ParsedQuery& query) {
  return "entities/" + type + "/" + query.question;
}

}  // namespace

Entity EntityRepository::get(const EntityId& id) const {
  auto found = find(id);
  if (!found) throw_not_found();
  return *std::move(found);
}

std::optional<Entity> EntityRepository::find(const EntityId& id) const {
  try {
    return guarded(*engine_, actor_, Access::read, {"read", type_, id.str()},
                   [&](GuardedOperation& operation) { return find_row(operation, type_, id.str()); });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return std::nullopt;  // the scope has no such type
    throw;
  }
}

EntityPage EntityRepository::list(const Query& query) const {
  return guarded(*engine_, actor_, Access::read, {"list", type_}, [&](GuardedOperation& operation) {
    const auto plan = operation.require(Action::list, type_);
    const EntityType& type = operation.require_type(type_);
    ParsedQuery parsed = parse_query(query, RuleBook::search_fields(type));
    const std::string question = question_of(type_, parsed);
    Selection selection = view_of(operation, *plan, type);
    selection.filter = std::move(parsed.filter);
    selection.search = std::move(parsed.search);
    selection.order = std::move(parsed.order);
    selection.limit = parsed.limit;
    const CursorKey& key = engine_->storage->cursor_key();
    if (query.after) {
      selection.after = decode_cursor(key, actor_.scope(), question, *query.after);
      if (!selection.after)
        throw Error(ErrorCode::invalid_cursor,
                    "this cursor belongs to another query, type or scope; start again without one");
    }
    Page page = operation.transaction().select(selection);
    std::vector<Entity> rows;
    rows.reserve(page.rows.size());
    for (EntityRow& row : page.rows) rows.emplace_back(type_, std::move(row));
    std::optional<std::string> next;
    if (page.next) next = encode_cursor(key, actor_.scope(), question, *page.next);
    return EntityPage(std::move(rows), std::move(next));
  });
}

std::int64_t EntityRepository::count(const Query& query) const {
  return guarded(*engine_, actor_, Access::read, {"list", type_}, [&](GuardedOperation& operation) {
    const auto plan = operation.require(Action::list, type_);
    const EntityType& type = operation.require_type(type_);
    ParsedQuery parsed = parse_query(query, RuleBook::search_fields(type));
    Selection selection = view_of(operation, *plan, type);
    selection.filter = std::move(parsed.filter);
    selection.search = std::move(parsed.search);
    return operation.transaction().count(selection);
  });
}

namespace {

Written create_in(Engine& engine, const ActorContext& actor, const std::string& type, const WrittenJson& data,
                  const CreateOptions& options) {
  return guarded(engine, actor, Access::write, {"create", type},
                 [&](GuardedOperation& operation) { return EntityWriter(operation, type).create(data, options); });
}

Written update_in(Engine& engine, const ActorContext& actor, const std::string& type, const EntityId& id,
                  const WrittenJson& patch, const UpdateOptions& options) {
  return guarded(engine, actor, Access::write, {"update", type, id.str()}, [&](GuardedOperation& operation) {
    return EntityWriter(operation, type).update(id.str(), patch, options);
  });
}

}  // namespace

Written EntityRepository::create(const Json& data, const CreateOptions& options) const {
  return create_in(*engine_, actor_, type_, WrittenJson(data), options);
}

Written EntityRepository::create_text(std::string_view data, const CreateOptions& options) const {
  return create_in(*engine_, actor_, type_, WrittenJson(JsonText{data}), options);
}

Written EntityRepository::update(const EntityId& id, const Json& patch, const UpdateOptions& options) const {
  return update_in(*engine_, actor_, type_, id, WrittenJson(patch), options);
}

Written EntityRepository::update_text(const EntityId& id, std::string_view patch, const UpdateOptions& options) const {
  return update_in(*engine_, actor_, type_, id, WrittenJson(JsonText{patch}), options);
}

void EntityRepository::remove(const EntityId& id) const {
  guarded(*engine_, actor_, Access::write, {"delete", type_, id.str()},
          [&](GuardedOperation& operation) { EntityWriter(operation, type_).remove(id.str()); });
}

Decision EntityRepository::can(Action action) const {
  GuardedOperation operation(*engine_, actor_, Access::read);
  return operation.plan(action, type_)->decision();
}

}  // namespace struere
