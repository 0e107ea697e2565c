// The log shows no more of a row than the row's own view does (SPEC 7): random masks and writes; what an event tells is
// held against a row in which every field is there.
#include <catch2/catch.hpp>

#include <set>

#include "property/random_json.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::vector<std::string> field_names{"a", "b", "c"};
constexpr const char* redacted = "***";

using Path = std::string;

// The leaves of an object and what stands there, nulls and empty objects included.
void each_leaf(const Json& value, const Path& path, const std::function<void(const Path&, const Json&)>& visit) {
  if (!value.is_object() || value.empty()) return visit(path, value);
  for (const auto& [key, inner] : value.items()) each_leaf(inner, path.empty() ? key : path + "." + key, visit);
}

struct EventsWorld : World {
  EventsWorld(StorageKind kind, std::uint64_t seed) : World(kind), random(seed) {
    define_type({{"slug", "note"}});
    std::vector<std::string> names;
    for (const std::string name : {"one", "two"}) {
      names.push_back(name);
      Json role{{"name", name}, {"policies", {{{"resource", "note"}, {"actions", {"read"}}, {"effect", "allow"}}}}};
      if (random.chance(70))
        role["scopeRules"] = {
            {{"entityType", "note"}, {"field", "data.team"}, {"operator", "eq"}, {"value", random.pick(field_names)}}};
      std::set<std::string> masked;
      role["fieldMasks"] = Json::array();
      for (int i = random.below(4); i > 0; --i) {
        const std::string path = random.chance(30) ? "status" : "data." + place();
        if (!masked.insert(path).second) continue;
        Json mask{{"entityType", "note"}, {"fieldPath", path}, {"maskType", "hide"}};
        if (random.chance(50)) {
          mask["maskType"] = "redact";
          mask["maskConfig"] = {{"replacement", redacted}};
        }
        role["fieldMasks"].push_back(mask);
      }
      if (random.chance(30))
        role["visibleFields"] = {{{"entityType", "note"}, {"fields", {"data.team", "data." + place()}}}};
      define_role(role);
    }
    reader = user("ana", names);
  }

  std::string place() {
    return random.chance(50) ? random.pick(field_names) : random.pick(field_names) + "." + random.pick(field_names);
  }

  Json partial() {
    Json out = Json::object();
    for (int i = 1 + random.below(3); i > 0; --i) {
      const std::string key = random.pick(field_names);
      if (random.chance(50))
        out[key] = random.chance(20) ? Json(nullptr) : Json(random.text());
      else
        out[key] = Json{{random.pick(field_names), random.chance(20) ? Json(nullptr) : Json(random.text())}};
    }
    return out;
  }

  Random random;
  std::optional<Session> reader;
};

}  // namespace

TEST_CASE("no event shows what the row's view would not", "[property][events]") {
  const StorageKind kind = any_storage();
  for (std::uint64_t seed = 1, last = rounds(40); seed <= last; ++seed) {
    EventsWorld world(kind, seed);
    const auto notes = world.system().entities("note");
    const auto seen = world.reader->entities("note");
    const auto events = world.reader->events();
    for (int row = 0; row < 4; ++row) {
      INFO("seed " << seed << " row " << row);
      Json data = world.partial();
      data["team"] = world.random.pick(field_names);
      const auto status = [&] { return world.random.chance(50) ? std::optional<std::string>("open") : std::nullopt; };
      const EntityId id = notes.create(data, {.status = status()}).id;
      for (int i = world.random.below(4); i > 0; --i) notes.update(id, world.partial(), {.status = status()});
      // Of either shape: a scalar at a place, and objects above it.
      std::map<Path, Json> clear, shown;
      bool status_clear = false, in_view = false;
      for (const bool deep : {false, true}) {
        Json all{{"team", data["team"]}};
        for (const std::string& outer : field_names)
          for (const std::string& inner : field_names)
            if (deep)
              all[outer][inner] = "clear";
            else
              all[outer] = "clear";
        for (const std::string& key : field_names) notes.update(id, {{key, nullptr}});
        notes.update(id, all);
        const auto view = seen.find(id);
        in_view = view.has_value();
        if (!view) continue;
        each_leaf(view->data(), "", [&](const Path& path, const Json& value) {
          if (value != redacted) clear[path] = value;
          shown[path] = value;
        });
        const Json whole = view->to_json();
        status_clear = whole.contains("status") && whole.at("status") != redacted;
      }
      const auto told = events.list({.entity = id, .limit = 1000}).events;
      if (told.empty() == in_view) FAIL("the events are seen, and the row is not, or the other way round");
      for (const Event& event : told) {
        const Json payload = event.payload();
        for (const char* const member : {"data", "changes", "previousData"}) {
          if (!payload.contains(member)) continue;
          each_leaf(payload.at(member), "", [&](const Path& path, const Json& value) {
            if (value == redacted || (value.is_object() && value.empty())) return;
            if (!clear.contains(path)) FAIL(event.type() << " " << member << " shows " << path << "\n" << payload);
          });
        }
        for (const char* const member : {"status", "previousStatus"})
          if (payload.contains(member) && payload.at(member) != redacted && !status_clear)
            FAIL(event.type() << " shows a status\n" << payload);
      }
      if (world.random.chance(50)) {
        notes.remove(id);
        if (events.list({.entity = id, .limit = 1000}).events.empty() == in_view)
          FAIL("a removal changed who sees the log");
      }
    }
  }
  SUCCEED();
}
