// Makes random steps.
#include "conditions.hpp"
#include "generator.hpp"
#include "paths.hpp"

namespace struere::proof {
namespace {

class StepMaker {
 public:
  StepMaker(Random& random, GeneratedWorld& world, std::size_t place)
      : random_(random), world_(world), place_(world.places[place]) {}

  Json make() {
    const int kind = random_.below(100);
    if (kind < 22) return list();
    if (kind < 27) return count();
    if (kind < 33) return aggregate();
    if (kind < 40) return get();
    if (kind < 43) return get_many();
    if (kind < 52) return create(type());
    if (kind < 57) return upsert();
    if (kind < 69) return update();
    if (kind < 72) return remove();
    if (kind < 73) return restore();
    if (kind < 74) return on_entity("purge");
    if (kind < 79) return link("link");
    if (kind < 82) return link("unlink");
    if (kind < 88) return related();
    if (kind < 95) return events();
    if (kind < 98) return can();
    return {{"op", "verify"}};
  }

 private:
  std::string type() { return random_.chance(2) ? "nothing" : random_.pick(type_names); }

  // A ref of this place in most cases; otherwise one of another scope, or of no entity.
  std::string ref() {
    if (random_.chance(4)) return "ghost";
    const Place& from = random_.chance(8) ? random_.pick(world_.places) : place_;
    return from.refs.empty() ? "ghost" : random_.pick(from.refs);
  }

  Json on_entity(const char* op) {
    Json step{{"op", op}, {"type", type()}};
    const auto& fitting = place_.refs_by_type[step["type"].get<std::string>()];
    step["id"] = fitting.empty() || random_.chance(15) ? ref() : random_.pick(fitting);
    return step;
  }

  void add_filter(Json& step) {
    if (random_.chance(60)) {
      Json where = Json::array();
      for (int i = random_.pick(std::vector<int>{1, 1, 1, 2, 2, 0}); i > 0; --i)
        where.push_back(random_condition(random_, place_.refs, ConditionOf::query));
      step["where"] = where;
    }
    if (random_.chance(10)) step["status"] = random_.chance(10) ? "deleted" : random_.pick(status_names);
    if (random_.chance(14))
      step["search"] = random_.pick(std::vector<std::string>{"gr", "re  GR", "x1", "a", ".", "", "gree", "2024 x", "ß",
                                                             "\U0001F600", "%", "an bo", "say", "1"});
  }

  Json list() {
    if (random_.chance(25) && !world_.last_list.is_null()) {
      Json step = world_.last_list;
      step["after"] = true;
      if (random_.chance(10)) step["limit"] = random_.between(1, 5);
      if (random_.chance(4)) step["search"] = "gr";  // makes the cursor belong to another query
      return step;
    }
    Json step{{"op", "list"}, {"type", type()}};
    add_filter(step);
    if (random_.chance(55)) {
      step["order"] = Json::array();
      for (int i = random_.pick(std::vector<int>{1, 1, 2, 3}); i > 0; --i)
        step["order"].push_back({{"field", random_.chance(1) ? "data." : random_field(random_)},
                                 {"direction", random_.chance(50) ? "asc" : "desc"}});
    }
    if (random_.chance(65))
      step["limit"] = random_.chance(4) ? random_.pick(std::vector<int>{0, -1, 1001, 1000}) : random_.between(1, 3);
    add_shown(step);
    world_.last_list = step;
    return step;
  }

  Json count() {
    Json step{{"op", "count"}, {"type", type()}};
    add_filter(step);
    return step;
  }

  Json get() {
    Json step = on_entity("get");
    add_shown(step);
    return step;
  }

  // Adds `fields` and `expand`.
  void add_shown(Json& step) {
    if (random_.chance(25)) {
      step["fields"] = Json::array();
      for (int i = random_.below(4); i > 0; --i)
        step["fields"].push_back(random_.chance(1) ? random_field(random_) : random_data_path(random_));
    }
    if (random_.chance(step["type"] == "task" ? 40 : 3)) {
      step["expand"] = Json::array();
      for (const char* const path : {"data.assignee", "data.watchers"})
        if (random_.chance(70)) step["expand"].push_back(random_.chance(2) ? random_field(random_) : path);
    }
  }

  Json get_many() {
    Json step{{"op", "get_many"}, {"type", type()}, {"ids", Json::array()}};
    const auto& fitting = place_.refs_by_type[step["type"].get<std::string>()];
    for (int i = random_.below(6); i > 0; --i)
      step["ids"].push_back(fitting.empty() || random_.chance(25) ? ref() : random_.pick(fitting));
    return step;
  }

  Json aggregate() {
    Json step{{"op", "aggregate"}, {"type", type()}, {"groupBy", Json::array()}, {"measures", Json::array()}};
    add_filter(step);
    for (int i = random_.chance(2) ? 4 : random_.below(3); i > 0; --i)
      step["groupBy"].push_back(random_.chance(1) ? "data." : random_field(random_));
    for (int i = random_.chance(2) ? 0 : random_.between(1, 3); i > 0; --i) {
      Json measure{{"op", random_.pick(std::vector<std::string>{"count", "sum", "avg", "min", "max"})}};
      if ((measure["op"] != "count") != random_.chance(1)) measure["field"] = random_field(random_);
      step["measures"].push_back(measure);
    }
    if (random_.chance(50)) step["limit"] = random_.chance(4) ? 0 : random_.between(1, 4);
    return step;
  }

  std::string any_status() {
    return random_.chance(80) ? random_.pick(status_names)
                              : random_.pick(std::vector<std::string>{"deleted", "", "\U0001F600"});
  }

  // Some of the data is such that the library must refuse it.
  Json data(const std::string& type) {
    if (random_.chance(2)) return random_scalar(random_);
    Json made = random_data(random_, type, place_.refs, place_.refs_by_type["person"]);
    if (random_.chance(1)) made["a"] = std::string("nul\0", 4);
    if (random_.chance(1)) {
      Json nest = 1;
      for (int depth = random_.between(61, 65); depth > 0; --depth) nest = Json{{"a", nest}};
      made["meta"] = nest;
    }
    if (const Json keys = keys_of(type); !keys.empty() && random_.chance(15)) {
      const Json other = data_of_another(type);
      for (const Json& inner : random_.pick(keys))
        if (const Path path = path_of("data." + inner.get<std::string>()); const Json* const value = find(other, path))
          set(made, path, *value);
    }
    if (type == "task" && random_.chance(8)) made.erase("title");
    if (type == "task" && random_.chance(8))
      made["assignee"] = random_.chance(60) ? Json("@" + ref()) : random_scalar(random_);
    return made;
  }

  Json remove() {
    Json step = on_entity("delete");
    place_.removed.emplace_back(step["type"], step["id"]);
    return step;
  }

  Json restore() {
    Json step = on_entity("restore");
    if (!place_.removed.empty() && random_.chance(80)) {
      const auto& [type, id] = random_.pick(place_.removed);
      step["type"] = type;
      step["id"] = id;
    }
    return step;
  }

  Json create(const std::string& type) {
    Json step{{"op", "create"}, {"type", type}};
    step["data"] = data(type);
    if (random_.chance(25)) step["status"] = any_status();
    const std::string made = "e" + std::to_string(++world_.refs);
    step["ref"] = made;
    place_.refs.push_back(made);
    place_.refs_by_type[type].push_back(made);
    return step;
  }

  // The data of a create by a key, more often than not a declared one and with the values of an entity that has them.
  Json upsert() {
    std::vector<std::string> keyed;
    for (const std::string& each : type_names)
      if (!keys_of(each).empty()) keyed.push_back(each);
    const std::string type = keyed.empty() || random_.chance(8) ? this->type() : random_.pick(keyed);
    Json step = create(type);
    step["op"] = "upsert";
    step.erase("status");
    const Json keys = keys_of(type);
    step["key"] = keys.empty() || random_.chance(6) ? random_unique_key(random_) : random_.pick(keys);
    Json& data = step["data"];
    if (!data.is_object()) return step;
    const Json other = random_.chance(60) ? data_of_another(type) : Json::object();
    for (const Json& inner : step["key"]) {
      const std::string field = "data." + inner.get<std::string>();
      if (const Json* const value = find(other, path_of(field)))
        set(data, path_of(field), *value);
      else if (random_.chance(90))
        set(data, path_of(field), random_value_of(random_, field, place_.refs));
    }
    return step;
  }

  // Of twins the first.
  static const OrderedJson& first(const OrderedJson& value) {
    return value.contains("twins") ? value.at("twins").at(0) : value;
  }
  const OrderedJson& environment() const {
    return first(world_.organizations.at(place_.organization).at(place_.environment));
  }
  // As they were in the beginning.
  Json keys_of(const std::string& type) const {
    for (const OrderedJson& known : environment().at("entityTypes"))
      if (known.at("slug") == type && known.contains("unique")) return Json(known.at("unique"));
    return Json::array();
  }
  Json data_of_another(const std::string& type) {
    std::vector<const OrderedJson*> all;
    for (const OrderedJson& entity : environment().at("entities"))
      if (entity.at("type") == type) all.push_back(&entity);
    return all.empty() ? Json::object() : Json(first(random_.pick(all)->at("data")));
  }

  Json update() {
    Json step = on_entity("update");
    if (random_.chance(3)) {
      step["patch"] = random_scalar(random_);
    } else {
      // A small patch, so that masks and rules allow some of them.
      Json patch = Json::object();
      for (int i = random_.below(3); i > 0; --i) {
        const std::string field = random_data_path(random_);
        set(patch, path_of(field), random_.chance(15) ? Json(nullptr) : random_value_of(random_, field, place_.refs));
      }
      if (random_.chance(10))
        patch.update(random_data(random_, step["type"].get<std::string>(), place_.refs, place_.persons));
      step["patch"] = patch;
    }
    if (random_.chance(15)) step["status"] = any_status();
    if (random_.chance(12)) step["version"] = random_.between(1, 3);
    return step;
  }

  Json link(const char* op) {
    return {{"op", op},
            {"from", ref()},
            {"type", random_.chance(2) ? "no type" : random_.pick(relation_names)},
            {"to", ref()}};
  }

  Json related() {
    return {{"op", "related"},
            {"id", ref()},
            {"relation", random_.pick(relation_names)},
            {"direction", random_.chance(50) ? "out" : "in"}};
  }

  Json events() {
    Json step{{"op", "events"}};
    if (random_.chance(45)) step["entity"] = ref();
    if (random_.chance(30))
      step["type"] = random_.pick(std::vector<std::string>{"note.created", "task.updated", "person.deleted",
                                                           "entity.linked", "note.updated", "person.created"});
    return step;
  }

  Json can() {
    static const std::vector<std::string> resources{"person", "note", "task", "events", "users", "nothing"};
    return {{"op", "can"}, {"action", random_.pick(action_names)}, {"resource", random_.pick(resources)}};
  }

  Random& random_;
  GeneratedWorld& world_;
  Place& place_;
};

}  // namespace

Json random_step(Random& random, const Json& actor, GeneratedWorld& world, std::size_t place) {
  Json step = StepMaker(random, world, place).make();
  step["actor"] = actor;
  return step;
}

}  // namespace struere::proof
