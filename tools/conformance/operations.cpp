#include "operations.hpp"

#include <stdexcept>
#include <utility>

#include "arguments.hpp"
#include "struere/access/definition.hpp"
#include "struere/core/error.hpp"

namespace struere::conformance {
namespace {

constexpr const char* never_given_out = "no-cursor-of-any-list";

Json answer(const char* key, Json value) {
  Json out = Json::object();
  out[key] = std::move(value);
  return out;
}

}  // namespace

Json Operations::perform(const Json& step, std::size_t index) {
  const std::string& op = text_in(step, "op");
  if (step.contains("actor")) actor_ = step.at("actor");
  // The cursor is taken before anything can fail, so that a `list` that fails leaves no cursor to the next one.
  const auto cursor = op == "list" ? std::exchange(cursor_, std::nullopt) : std::nullopt;
  const Session actor = world_.actor(actor_);
  if (op == "transaction") return transaction(actor, step);
  return perform_as(actor, step, index, cursor);
}

Json Operations::perform_as(const Session& actor, const Json& step, std::size_t index,
                            const std::optional<std::string>& cursor) {
  const std::string& op = text_in(step, "op");
  if (op == "can") return can(actor, step);
  if (op == "get") return get(actor, step);
  if (op == "list") return list(actor, step, cursor);
  if (op == "count") return count(actor, step);
  if (op == "get_many") return get_many(actor, step);
  if (op == "aggregate") return aggregate(actor, step);
  if (op == "create") return create(actor, step, index);
  if (op == "update") return update(actor, step);
  if (op == "delete") return remove(actor, step);
  if (op == "upsert") return upsert(actor, step, index);
  if (op == "restore") return restore(actor, step);
  if (op == "purge") return purge(actor, step);
  if (op == "link") return link(actor, step);
  if (op == "unlink") return unlink(actor, step);
  if (op == "related") return related(actor, step);
  if (op == "events") return events(actor, step);
  if (op == "verify") return verify(actor);
  if (op == "define-type") return define_type(actor, step);
  if (op == "define-role") return define_role(actor, step);
  if (op == "remove-type" || op == "remove-role") return remove_definition(actor, step);
  if (op == "assign") return assign(actor, step);
  if (op == "unassign") return unassign(actor, step);
  if (op == "member") return member(actor, step);
  throw std::invalid_argument("there is no operation `" + op + "`");
}

Json Operations::transaction(const Session& actor, const Json& step) {
  std::size_t at = 0;
  Json results;
  World::Unit unit_of_world(world_);
  try {
    actor.transaction([&](Session& unit) {
      results = Json::array();
      at = 0;
      for (const Json& inner : value_in(step, "steps")) {
        results.push_back(perform_as(unit, inner, at, {}));
        ++at;
      }
    });
  } catch (const Error& error) {
    unit_of_world.undone();
    Json out = answer("error", to_string(error.code()));
    out["at"] = at;
    return out;
  }
  return answer("results", std::move(results));
}

Json Operations::can(const Session& actor, const Json& step) {
  const auto action = parse_action(text_in(step, "action"));
  if (!action) throw std::invalid_argument("there is no action `" + text_in(step, "action") + "`");
  const Decision decision = actor.can(*action, text_in(step, "resource"));
  Json out = answer("allowed", decision.allowed());
  if (detail_ == Detail::all) {
    out["reason"] = decision.reason();
    out["considered"] = decision.considered();
  }
  return out;
}

Json Operations::get(const Session& actor, const Json& step) {
  const EntityRepository entities = actor.entities(text_in(step, "type"));
  const Query shown = shown_of(step);
  return answer("row", shown_row(entities.get(id_in(step, "id"), {shown.fields, shown.expand})));
}

Json Operations::get_many(const Session& actor, const Json& step) {
  const EntityRepository entities = actor.entities(text_in(step, "type"));
  std::vector<EntityId> ids;
  for (const Json& ref : value_in(step, "ids")) ids.emplace_back(world_.references().id_of(ref.get<std::string>()));
  return answer("rows", shown_rows(entities.get_many(ids)));
}

Json Operations::aggregate(const Session& actor, const Json& step) {
  Query query = filter_of(step);
  if (step.contains("limit")) set_limit(query, step.at("limit"));
  const std::vector<std::string> group_by = paths_in(value_in(step, "groupBy"));
  const std::vector<Measure> measures = measures_in(query, value_in(step, "measures"));
  const Aggregates found = actor.entities(text_in(step, "type")).aggregate(query, group_by, measures);
  Json groups = Json::array();
  for (const AggregateGroup& group : found.groups)
    groups.push_back({{"key", shown_values(group.key)}, {"measures", shown_values(group.measures)}});
  Json out = answer("groups", std::move(groups));
  out["more"] = found.more;
  return out;
}

Json Operations::list(const Session& actor, const Json& step, const std::optional<std::string>& cursor) {
  Query query = filter_of(step);
  const Query shown = shown_of(step);
  query.fields = shown.fields;
  query.expand = shown.expand;
  if (step.contains("order")) set_order(query, step.at("order"));
  if (step.contains("limit")) set_limit(query, step.at("limit"));
  if (step.value("after", false)) query.after = cursor.value_or(never_given_out);
  const EntityPage page = actor.entities(text_in(step, "type")).list(query);
  cursor_ = page.next();
  Json out = answer("rows", shown_rows({page.begin(), page.end()}));
  out["more"] = page.next().has_value();
  return out;
}

Json Operations::count(const Session& actor, const Json& step) {
  return answer("count", actor.entities(text_in(step, "type")).count(filter_of(step)));
}

Json Operations::create(const Session& actor, const Json& step, std::size_t index) {
  CreateOptions options;
  if (step.contains("status")) options.status = written_status(step.at("status"));
  const Json data = world_.references().resolved(value_in(step, "data"));
  return shown_written(world_.create(actor, text_in(step, "type"), ref_of_create(step, index), data, options));
}

Json Operations::update(const Session& actor, const Json& step) {
  UpdateOptions options;
  if (step.contains("status")) options.status = written_status(step.at("status"));
  if (step.contains("version")) options.version = expected_version(step.at("version"));
  const Json patch = world_.references().resolved(value_in(step, "patch"));
  const EntityRepository entities = actor.entities(text_in(step, "type"));
  return shown_written(entities.update(id_in(step, "id"), patch, options));
}

Json Operations::remove(const Session& actor, const Json& step) {
  actor.entities(text_in(step, "type")).remove(id_in(step, "id"));
  return answer("ok", true);
}

Json Operations::upsert(const Session& actor, const Json& step, std::size_t index) {
  const Json data = world_.references().resolved(value_in(step, "data"));
  const Upserted upserted =
      world_.upsert(actor, text_in(step, "type"), ref_of_create(step, index), paths_in(value_in(step, "key")), data);
  Json out = shown_written(upserted.written);
  out["created"] = upserted.created;
  return out;
}

Json Operations::restore(const Session& actor, const Json& step) {
  return shown_written(actor.entities(text_in(step, "type")).restore(id_in(step, "id")));
}

Json Operations::purge(const Session& actor, const Json& step) {
  actor.entities(text_in(step, "type")).purge(id_in(step, "id"));
  return answer("ok", true);
}

Json Operations::link(const Session& actor, const Json& step) {
  actor.relations().link(id_in(step, "from"), text_in(step, "type"), id_in(step, "to"));
  return answer("ok", true);
}

Json Operations::unlink(const Session& actor, const Json& step) {
  actor.relations().unlink(id_in(step, "from"), text_in(step, "type"), id_in(step, "to"));
  return answer("ok", true);
}

Json Operations::related(const Session& actor, const Json& step) {
  const auto direction = direction_in(step);
  const RelationRepository relations = actor.relations();
  Json rows = Json::array();
  RelatedQuery query;
  do {
    const EntityPage page = relations.related(id_in(step, "id"), text_in(step, "relation"), direction, query);
    for (const Entity& entity : page) rows.push_back(shown_row(entity));
    query.after = page.next();
  } while (query.after);
  return answer("rows", std::move(rows));
}

Json Operations::events(const Session& actor, const Json& step) {
  EventQuery query{.limit = 1000};
  if (step.contains("entity")) query.entity = id_in(step, "entity");
  if (step.contains("type")) query.type = text_in(step, "type");
  const EventRepository repository = actor.events();
  Json shown = Json::array();
  do {
    EventPage page = repository.list(query);
    for (const Event& event : page.events) {
      if (!event.entity() || event.type() == "access.denied") continue;
      Json line = Json::object();
      line["type"] = event.type();
      line["entity"] = world_.references().ref_of(event.entity()->str());
      line["payload"] = world_.references().shown(event.payload());
      if (detail_ == Detail::all) {
        line["actor"] = event.actor_type() + " " + event.actor_id();
        line["at"] = event.created_at();
      }
      shown.push_back(std::move(line));
    }
    query.after = std::move(page.next);
  } while (query.after);
  return answer("events", std::move(shown));
}

Json Operations::verify(const Session& actor) { return answer("ok", actor.events().verify().ok); }

Json Operations::define_type(const Session& actor, const Json& step) {
  const EntityType type = actor.entity_types().define(value_in(step, "definition"));
  Json out = answer("ok", true);
  if (detail_ == Detail::all) out["definition"] = definition_of(type);
  return out;
}

Json Operations::define_role(const Session& actor, const Json& step) {
  const RoleRecord role = actor.roles().define(world_.resolved_role(value_in(step, "definition")));
  Json out = answer("ok", true);
  if (detail_ == Detail::all) out["definition"] = definition_of(role);
  return out;
}

Json Operations::remove_definition(const Session& actor, const Json& step) {
  if (step.at("op") == "remove-type")
    actor.entity_types().remove(text_in(step, "type"));
  else
    actor.roles().remove(text_in(step, "role"));
  return answer("ok", true);
}

Json Operations::assign(const Session& actor, const Json& step) {
  actor.roles().assign(UserId(text_in(step, "user")), text_in(step, "role"));
  return answer("ok", true);
}

Json Operations::unassign(const Session& actor, const Json& step) {
  return answer("ok", actor.roles().unassign(UserId(text_in(step, "user")), text_in(step, "role")));
}

Json Operations::member(const Session& actor, const Json& step) {
  if (actor.actor().type() != ActorType::system)
    throw std::invalid_argument("members are the host's: `member` is the system's");
  return answer("ok",
                world_.put_member(actor.actor().organization(), text_in(step, "user"), text_in(step, "membership")));
}

Query Operations::filter_of(const Json& step) {
  Query query;
  if (step.contains("status")) set_text(query, &Query::status, step.at("status"));
  if (step.contains("search")) set_text(query, &Query::search, step.at("search"));
  if (step.contains("where")) set_where(query, world_.references().resolved(step.at("where")));
  return query;
}

Query Operations::shown_of(const Json& step) {
  Query query;
  if (step.contains("fields")) query.fields = paths_in(step.at("fields"));
  if (step.contains("expand")) query.expand = paths_in(step.at("expand"));
  return query;
}

EntityId Operations::id_in(const Json& step, const char* key) {
  return EntityId(world_.references().id_of(text_in(step, key)));
}

Json Operations::shown_row(const Entity& entity) const {
  const Json whole = entity.to_json();
  Json row = Json::object();
  row["ref"] = world_.references().ref_of(entity.id().str());
  row["data"] = world_.references().shown(whole.at("data"));
  row["version"] = whole.at("version");
  if (whole.contains("status")) row["status"] = whole.at("status");
  if (whole.contains("expanded")) {
    Json& beside = row["expanded"] = Json::object();
    for (const Expansion& expansion : entity.expanded())
      beside[expansion.path] =
          expansion.is_list ? shown_rows(expansion.entities) : shown_row(expansion.entities.front());
  }
  if (detail_ == Detail::all)
    for (const char* time : {"createdAt", "updatedAt"})
      if (whole.contains(time)) row[time] = whole.at(time);
  return row;
}

Json Operations::shown_rows(const std::vector<Entity>& entities) const {
  Json rows = Json::array();
  for (const Entity& entity : entities) rows.push_back(shown_row(entity));
  return rows;
}

Json Operations::shown_values(const std::vector<std::optional<Json>>& values) const {
  Json out = Json::array();
  for (const auto& value : values)
    out.push_back(value ? Json{{"value", world_.references().shown(*value)}} : Json::object());
  return out;
}

Json Operations::shown_written(const Written& written) const {
  if (written.row) return answer("row", shown_row(*written.row));
  return answer("row", answer("ref", world_.references().ref_of(written.id.str())));
}

}  // namespace struere::conformance
