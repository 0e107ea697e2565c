#include "property/random_world.hpp"

#include <fmt/format.h>

namespace struere::test {
namespace {

std::string shown(const Entity& entity) { return entity.to_json().dump(-1, ' ', true); }

std::string shown(const Written& written) { return written.row ? shown(*written.row) : "id " + written.id.str(); }

// The answer, or the error with its words.
template <class Body>
std::string answer_of(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    return fmt::format("{}: {}", to_string(error.code()), error.what());
  }
}

const std::vector<std::string> operators{"eq", "neq", "in", "nin", "contains", "gt", "gte", "lt", "lte", "exists"};
const std::vector<std::string> relation_types{"knows", "teaches"};

}  // namespace

RandomWorld::RandomWorld(StorageKind kind, std::uint64_t seed) : world_(kind), random_(seed) {
  world_.add_organization("globex");
  places_ = {
      {Environment::development, "acme"}, {Environment::production, "acme"}, {Environment::development, "globex"}};
  for (const Place& place : places_) fill(place);
}

void RandomWorld::fill(const Place& place) {
  const std::string bound = random_.pick(roles_);
  world_.define_type(
      {{"slug", "person"}, {"schema", {{"type", "object"}}}, {"boundToRole", bound}, {"searchFields", {"title"}}},
      place.environment, place.organization);
  Json note{{"slug", "note"}, {"searchFields", {"title", "tags"}}};
  if (random_.chance(40)) note.update({{"boundToRole", random_.pick(roles_)}, {"userIdField", "a"}});
  world_.define_type(note, place.environment, place.organization);
  const Json task_schema =
      R"({"type": "object", "properties": {"title": {"type": "string"}, "owner": {"type": "string", "references": "person"},
    "watchers": {"type": "array", "items": {"type": "string", "references": "person"}}}})"_json;
  world_.define_type({{"slug", "task"}, {"schema", task_schema}, {"searchFields", {"title", "meta.a"}}},
                     place.environment, place.organization);
  for (const std::string& role : roles_) world_.define_role(random_role(role), place.environment, place.organization);
  for (const std::string& user : users_) {
    std::vector<std::string> held;
    for (const std::string& role : roles_)
      if (random_.chance(45)) held.push_back(role);
    world_.user(user, held, place.environment, place.organization,
                user == "root" ? MembershipRole::admin : MembershipRole::member);
  }
  const auto system = world_.system(place.environment, place.organization);
  for (int i = 6 + random_.below(8); i > 0; --i) {
    const std::string type = random_type();
    CreateOptions options;
    if (random_.chance(25))
      options.status = random_.pick(std::vector<std::string>{"draft", "active", "archived", "ana"});
    world_.clock.advance(random_.below(3));
    answer_of([&] {
      ids_.push_back(world_.database->entities(system, type).create(random_data(place), options).id);
      return "";
    });
  }
  for (int i = random_.below(10); i > 0; --i)
    answer_of([&] {
      world_.database->relations(system).link(random_id(), random_.pick(relation_types), random_id());
      return "";
    });
}

Json RandomWorld::random_data(const Place&) {
  Json data = random_.object(3);
  if (random_.chance(60)) data["title"] = random_.text();
  if (random_.chance(40)) data["userId"] = random_.pick(users_);
  if (random_.chance(30)) data["owner"] = random_id().str();
  if (random_.chance(30)) data["tags"] = Json::array({random_.text(), random_.scalar(), random_.text()});
  if (random_.chance(15)) data["watchers"] = Json::array({random_id().str()});
  if (random_.chance(40)) data["meta"] = random_.object(2);
  return data;
}

std::string RandomWorld::random_field() {
  static const std::vector<std::string> fixed{"id",          "status",     "createdAt", "updatedAt", "data.title",
                                              "data.userId", "data.owner", "data.tags", "data.meta", "data.meta.a"};
  return random_.chance(50) ? random_.pick(fixed) : random_.data_path().str();
}

Json RandomWorld::random_condition(bool in_role, int depth) {
  if (depth < 3 && random_.chance(20)) {
    Json parts = Json::array();
    for (int i = 1 + random_.below(3); i > 0; --i) parts.push_back(random_condition(in_role, depth + 1));
    return {{random_.chance(50) ? "any" : "all", parts}};
  }
  if (in_role && random_.chance(12)) {
    static const std::vector<std::string> paths{"knows", "^knows", "teaches/^knows", "knows/teaches",
                                                "^teaches/knows/^knows/teaches"};
    return {{"relationPath", random_.pick(paths)}};
  }
  const std::string op = random_.pick(operators);
  Json value;
  if (op == "exists")
    value = random_.chance(50);
  else if (in_role && random_.chance(40))
    value = random_.pick(std::vector<std::string>{"actor.userId", "actor.organizationId", "actor.entityId",
                                                  "actor.relatedIds:knows", "actor.relatedIds:teaches"});
  else if (op == "in" || op == "nin")
    value = Json::array({random_.value(1), random_.scalar(), random_id().str(), world_.clock.now()});
  else if (op == "gt" || op == "gte" || op == "lt" || op == "lte") {
    do value = random_.scalar();
    while (!value.is_number() && !value.is_string());
    if (random_.chance(20)) value = world_.clock.now() - random_.below(5);
  } else
    value = random_.chance(20) ? Json(random_id().str()) : random_.value(2);
  // In a role, a text that starts so would mean something else.
  if (in_role && op != "in" && op != "nin" && value.is_string() && value == "actor.userId" && random_.chance(50))
    value = "literal:actor.userId";
  return {{"field", random_field()}, {"operator", op}, {"value", value}};
}

Json RandomWorld::random_rule(const std::string& type) {
  Json rule = random_condition(true, 0);
  rule["entityType"] = type;
  return rule;
}

Json RandomWorld::random_mask(const std::string& type) {
  static const std::vector<std::string> attributes{"status",    "createdAt", "updatedAt", "data.title",
                                                   "data.meta", "data.tags", "data.owner"};
  Json mask{{"entityType", type},
            {"fieldPath", random_.chance(50) ? random_.pick(attributes) : random_.data_path().str()},
            {"maskType", "hide"}};
  if (random_.chance(50)) {
    mask["maskType"] = "redact";
    if (random_.chance(50))
      mask["maskConfig"] = random_.chance(50) ? Json{{"keepLast", 2}} : Json{{"replacement", random_.scalar()}};
  }
  return mask;
}

Json RandomWorld::random_role(const std::string& name) {
  Json role{{"name", name},
            {"policies", Json::array()},
            {"scopeRules", Json::array()},
            {"fieldMasks", Json::array()},
            {"visibleFields", Json::array()}};
  for (const std::string& type : types_) {
    if (random_.chance(25)) continue;
    static const std::vector<Json> actions{{"*"},    {"list", "read"}, {"list", "read", "update"},
                                           {"read"}, {"list"},         {"create", "update", "delete"}};
    role["policies"].push_back({{"resource", random_.chance(10) ? "*" : type},
                                {"actions", random_.pick(actions)},
                                {"effect", random_.chance(6) ? "deny" : "allow"}});
    for (int i = random_.below(3); i > 0; --i)
      if (random_.chance(70)) role["scopeRules"].push_back(random_rule(type));
    std::vector<std::string> taken;
    for (int i = random_.below(4); i > 0; --i) {
      const Json mask = random_mask(type);
      const std::string place = mask.at("fieldPath").get<std::string>() + mask.at("maskType").get<std::string>();
      if (std::find(taken.begin(), taken.end(), place) != taken.end()) continue;
      // Two redactions of one length may tie on an array; one for each length keeps the contract's answer single.
      const auto length = [](const std::string& path) { return std::count(path.begin(), path.end(), '.'); };
      const bool ties = mask.at("maskType") == "redact" &&
                        std::any_of(role["fieldMasks"].begin(), role["fieldMasks"].end(), [&](const Json& other) {
                          return other.at("entityType") == type && other.at("maskType") == "redact" &&
                                 length(other.at("fieldPath")) == length(mask.at("fieldPath"));
                        });
      if (ties) continue;
      taken.push_back(place);
      role["fieldMasks"].push_back(mask);
    }
    if (random_.chance(15))
      role["visibleFields"].push_back(
          {{"entityType", type}, {"fields", {"data.title", random_.data_path().str(), random_.data_path().str()}}});
  }
  return role;
}

EntityId RandomWorld::random_id() {
  // Ids of all scopes, and now and then one of none.
  return ids_.empty() || random_.chance(5) ? EntityId("018bcfe5-6800-7000-8000-ffffffffffff") : random_.pick(ids_);
}

ActorContext RandomWorld::random_actor(const Place& place) {
  if (random_.chance(8)) return world_.system(place.environment, place.organization);
  return world_.host().user_actor(UserId(random_.pick(users_)), OrganizationId(place.organization), place.environment);
}

Query RandomWorld::random_query() {
  Query query;
  if (random_.chance(55)) {
    Json where = Json::array();
    for (int i = 1 + random_.below(2); i > 0; --i) where.push_back(random_condition(false, 0));
    query.where = Condition(where);
  }
  if (random_.chance(12)) query.status = random_.pick(std::vector<std::string>{"active", "draft", "deleted"});
  if (random_.chance(15)) query.search = random_.pick(std::vector<std::string>{"gr", "re  GR", "x1", "a", ".", ""});
  if (random_.chance(50))
    for (int i = 1 + random_.below(2); i > 0; --i)
      query.order.push_back({random_field(), random_.chance(50) ? Direction::ascending : Direction::descending});
  query.limit = random_.chance(5) ? random_.below(3) - 1 : 1 + random_.below(6);
  return query;
}

std::string RandomWorld::list(const EntityRepository& entities) {
  Query query = random_query();
  question_ += fmt::format(" where {} order {} search {}", query.where.nodes().dump(), query.order.size(),
                           query.search.value_or("-"));
  for (const OrderBy& by : query.order)
    question_ += fmt::format(" {}{}", by.field, by.direction == Direction::descending ? "-" : "+");
  // Walk through all pages, then ask for all at once: the same rows in the same order, and as many as are counted.
  std::string out, whole;
  std::size_t rows = 0, pages = 0;
  do {
    const EntityPage page = entities.list(query);
    for (const Entity& row : page) out += shown(row) + "\n";
    rows += page.size();
    query.after = page.next();
  } while (query.after && ++pages < 200);
  query.limit = 1000;
  for (const Entity& row : entities.list(query)) whole += shown(row) + "\n";
  if (whole != out) out += "BUT AT ONCE: " + whole;
  const auto counted = entities.count(query);
  if (counted != static_cast<std::int64_t>(rows)) out += fmt::format("BUT COUNTED: {}", counted);
  return out;
}

std::string RandomWorld::related(const ActorContext& actor) {
  std::string out;
  for (const Entity& row :
       world_.database->relations(actor).related(random_id(), random_.pick(relation_types),
                                                 random_.chance(50) ? RelationDirection::in : RelationDirection::out))
    out += shown(row) + "\n";
  return out;
}

std::string RandomWorld::events(const ActorContext& actor) {
  EventQuery query{.limit = 1 + random_.below(20)};
  if (random_.chance(50)) query.entity = random_id();
  std::string out;
  do {
    const EventPage page = world_.database->events(actor).list(query);
    for (const Event& event : page.events)
      out += fmt::format("{} {} {} {}\n", event.type(), event.entity().value_or(EntityId()).str(), event.actor_id(),
                         event.json());
    query.after = page.next;
  } while (query.after);
  return out;
}

std::string RandomWorld::step() {
  const Place place = random_.pick(places_);
  const ActorContext actor = random_actor(place);
  const std::string type = random_.chance(3) ? "nothing" : random_type();
  const EntityRepository entities = world_.database->entities(actor, type);
  const EntityId id = random_id();
  world_.clock.advance(random_.below(3));
  const int kind = random_.below(100);
  question_ = fmt::format("{} in {}/{} on {} {}, kind {}:", actor.id(), place.organization,
                          to_string(place.environment), type, id.str(), kind);
  return answer_of([&]() -> std::string {
    if (kind < 35) return list(entities);
    if (kind < 45) return shown(entities.get(id));
    if (kind < 55) {
      const Written written = entities.create(
          random_data(place), {.status = random_.chance(20) ? std::optional(random_.text()) : std::nullopt});
      ids_.push_back(written.id);
      return shown(written);
    }
    if (kind < 70) {
      UpdateOptions options;
      if (random_.chance(15))
        options.status = random_.pick(std::vector<std::string>{"active", "archived", "deleted", ""});
      if (random_.chance(15)) options.version = 1 + random_.below(3);
      return shown(entities.update(id, random_.chance(5) ? random_.scalar() : random_data(place), options));
    }
    if (kind < 74) {
      entities.remove(id);
      return "removed";
    }
    if (kind < 80) {
      world_.database->relations(actor).link(id, random_.pick(relation_types), random_id());
      return "linked";
    }
    if (kind < 83) {
      world_.database->relations(actor).unlink(id, random_.pick(relation_types), random_id());
      return "unlinked";
    }
    if (kind < 88) return related(actor);
    if (kind < 94) return events(actor);
    if (kind < 96)
      return world_.database
          ->can(actor, random_.pick(std::vector<Action>{Action::list, Action::update, Action::remove}), type)
          .reason();
    if (kind < 98) {
      const auto about =
          world_.host().user_actor(UserId(random_.pick(users_)), OrganizationId(place.organization), place.environment);
      return world_.database
          ->explain(world_.system(place.environment, place.organization), about, Action::read, type, id)
          .text();
    }
    const Verification verification =
        world_.database->events(world_.system(place.environment, place.organization)).verify();
    return fmt::format("{} {} {}", verification.ok, verification.verified, verification.head);
  });
}

}  // namespace struere::test
