// The view rule (SPEC 5): no difference in what an actor may not see changes anything that it does see. Two worlds
// differ in hidden and redacted values, in rows outside the view and in other scopes; everything that the actor is told
// must be equal.
#include <catch2/catch.hpp>

#include <map>

#include "property/random_json.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// One of two worlds; `twin` decides over what may not be seen, `seed` over the rest.
class Twin {
 public:
  Twin(StorageKind kind, std::uint64_t seed, bool twin)
      : world_(kind, {.record_denials = DenialRecording::each}), random_(seed), hidden_(seed * 2 + (twin ? 1 : 0)) {
    for (const Environment environment : {Environment::development, Environment::production}) {
      world_.define_type({{"slug", "note"}, {"searchFields", {"title", "secret", "code"}}}, environment);
      world_.define_role(R"({"name": "reader", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
        "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
        "fieldMasks": [{"entityType": "note", "fieldPath": "data.secret", "maskType": "hide"},
                       {"entityType": "note", "fieldPath": "data.code", "maskType": "redact"},
                       {"entityType": "note", "fieldPath": "data.place.street", "maskType": "hide"}]})"_json,
                         environment);
    }
    for (int i = 0; i < 12; ++i) {
      Json seen{
          {"owner", "ana"}, {"title", random_.text()}, {"n", random_.below(4)}, {"place", {{"city", random_.text()}}}};
      seen["secret"] = hidden_.value(2).is_null() ? Json(1) : Json(hidden_.text());
      seen["code"] = hidden_.text();
      seen["place"]["street"] = hidden_.text();
      ids_.push_back(world_.create("note", seen));
      // A row of somebody else's, and one of the other environment: the same ids in both worlds, and other contents.
      ids_.push_back(world_.create(
          "note", {{"owner", hidden_.chance(50) ? "bo" : "cy"}, {"title", hidden_.text()}, {"n", hidden_.below(4)}}));
      ids_.push_back(world_.create("note", {{"owner", "ana"}, {"title", hidden_.text()}}, Environment::production));
    }
    ana_ = world_.user("ana", {"reader"});
  }

  std::string step() {
    const auto notes = ana_->entities("note");
    const EntityId id = random_.pick(ids_);
    world_.clock.advance(1);
    static const std::vector<std::string> fields{"data.secret", "data.code", "data.place.street", "data.place",
                                                 "data.title",  "data.n",    "data.owner",        "createdAt"};
    static const std::vector<std::string> operators{"eq", "neq", "contains", "gt", "lt"};
    const std::string field_name = random_.pick(fields), op = random_.pick(operators), text = random_.text();
    Query query{.where = Condition(Json{{"field", field_name}, {"operator", op}, {"value", text}}),
                .order = {{random_.pick(fields), Direction::descending}},
                .limit = 5};
    if (random_.chance(30)) query.search = text;
    if (random_.chance(40))
      query.where = Condition(Json{{"field", field_name}, {"operator", "exists"}, {"value", random_.chance(50)}});
    // Somebody else writes between the steps, too, and differently in each world.
    const EntityId foreign = ids_[static_cast<std::size_t>(random_.below(12) * 3 + 1)];
    world_.system().entities("note").update(foreign, {{"title", hidden_.text()}});
    const int kind = random_.below(7);
    try {
      switch (kind) {
        case 0: return shown(notes.get(id));
        case 1: return std::to_string(notes.count(query));
        case 2: return written(notes.update(id, {{"n", random_.below(4)}}));
        case 3:
          return written(
              notes.update(id, {{random_.pick(std::vector<std::string>{"secret", "code", "place", "owner"}), text}}));
        case 4: return events(id);
        default: break;
      }
      std::string out;
      const EntityPage page = notes.list(query);
      for (const Entity& row : page) out += shown(row);
      // Cursors are sealed under each file's own key; whether there is one is told.
      return out + (page.next() ? "more" : "end");
    } catch (const Error& error) {
      return std::string(to_string(error.code())) + error.what();
    }
  }

 private:
  static std::string shown(const Entity& row) { return row.to_json().dump(); }
  static std::string written(const Written& result) { return result.row ? shown(*result.row) : result.id.str(); }
  std::string events(const EntityId& id) {
    std::string out;
    for (const Event& event :
         ana_->events().list({.entity = random_.chance(50) ? std::optional(id) : std::nullopt, .limit = 1000}).events)
      out += event.type() + event.json();
    return out;
  }

  World world_;
  Random random_, hidden_;
  std::vector<EntityId> ids_;
  std::optional<Session> ana_;
};

}  // namespace

TEST_CASE("what may not be seen changes nothing that is", "[property][masks][non_interference]") {
  const StorageKind kind = any_shared_storage();
  std::map<std::string, int> told;
  for (std::uint64_t seed = first_seed(), last = seed + rounds(12); seed != last; ++seed) {
    Twin one(kind, seed, false), other(kind, seed, true);
    for (int step = 0; step < 80; ++step) {
      const std::string a = one.step(), b = other.step();
      if (a != b) FAIL("seed " << seed << " step " << step << "\n" << a << "\n" << b);
      ++told[a];
    }
  }
  CHECK(told.size() > rounds(100));  // the worlds say something: answers that are all alike compare nothing
}
