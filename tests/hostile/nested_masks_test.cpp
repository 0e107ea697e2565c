// Ways around a mask: through arrays, through the objects above and below, through whatever a query, a search, an
// order, an error or the log might say.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct NestedWorld : World {
  explicit NestedWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}, {"searchFields", {"title", "pin", "cards", "deep.list"}}});
    define_role(
        R"({"name": "reader", "policies": [{"resource": "note", "actions": ["list", "read", "update"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.cards.number", "maskType": "hide"},
                     {"entityType": "note", "fieldPath": "data.deep.list", "maskType": "redact"},
                     {"entityType": "note", "fieldPath": "data.pin", "maskType": "redact", "maskConfig": {"keepLast": 2}},
                     {"entityType": "note", "fieldPath": "data.person.home.street", "maskType": "hide"}]})"_json);
    ana = user("ana", {"reader"});
  }
  EntityRepository notes() const { return ana->entities("note"); }
  std::optional<Session> ana;
};

Json row(const std::string& secret) {
  return {{"title", "t"},
          {"pin", secret},
          {"cards", {{{"number", secret}}, secret}},
          {"deep", {{"list", {secret, {{"x", secret}}}}}},
          {"person", {{"home", {{"street", secret}, {"city", "c"}}}}}};
}

}  // namespace

TEST_CASE("an array that holds what is masked is masked whole, at any depth", "[hostile][masks]") {
  NestedWorld stage(any_storage());
  const EntityId id = stage.create("note", row("TOPSECRET"));
  const Json seen = stage.notes().get(id).data();
  CHECK(
      seen ==
      Json::parse(
          R"({"title": "t", "pin": "*******ET", "deep": {"list": "[redacted]"}, "person": {"home": {"city": "c"}}})"));
  // In other shapes than the mask has in mind.
  for (const Json& cards : {Json("x"), Json{{"number", {{"a", "TOPSECRET"}}}}, Json{{"number", {"TOPSECRET"}}},
                            Json::array({Json::array({Json{{"number", "TOPSECRET"}}})})}) {
    const EntityId other = stage.create("note", {{"cards", cards}});
    CHECK(stage.notes().get(other).json().find("TOPSECRET") == std::string::npos);
  }
}

TEST_CASE("no question tells two rows apart that differ in what is masked alone", "[hostile][masks][oracle]") {
  NestedWorld stage(any_storage());
  const EntityId a = stage.create("note", row("aaaa ET")), b = stage.create("note", row("zzzz ET"));
  const auto notes = stage.notes();
  const auto same = [&](const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const bool id = text.compare(at, a.str().size(), a.str()) == 0 || text.compare(at, b.str().size(), b.str()) == 0;
      out += id ? "ID" : text.substr(at, 1);
      at += id ? a.str().size() : 1;
    }
    return out;
  };
  for (const char* const path : {"data.pin", "data.cards", "data.cards.number", "data.deep.list", "data.deep.list.x",
                                 "data.deep", "data.person.home.street", "data.person.home", "data.person"}) {
    for (const Json& value : {Json("aaaa ET"), Json("zzzz ET"), Json("[redacted]"), Json("*****ET"),
                              row("aaaa ET")["cards"], row("aaaa ET")["person"], row("zzzz ET")["deep"]}) {
      INFO(path << " " << value);
      const auto with = [&](const char* op, Json operand) {
        return Condition(Json{{"field", path}, {"operator", op}, {"value", std::move(operand)}});
      };
      std::vector<Condition> conditions{with("eq", value),
                                        with("neq", value),
                                        with("contains", value),
                                        with("in", Json::array({value})),
                                        with("nin", Json::array({value})),
                                        with("exists", true),
                                        with("exists", false)};
      if (value.is_string()) conditions.insert(conditions.end(), {with("gt", value), with("lte", value)});
      for (const Condition& condition : conditions) {
        const auto count = notes.count({.where = condition});
        CHECK((count == 0 || count == 2));
        // The same to each of the two, and its message says nothing of either.
        const auto of = [&](const EntityId& id) {
          return error_of([&] {
            if (notes.count({.where = condition && (field("id") == id.str())}) == 0)
              throw Error(ErrorCode::not_found, "none");
          });
        };
        CHECK(of(a) == of(b));
      }
    }
    // An order by it is the order without it.
    for (const Direction direction : {Direction::ascending, Direction::descending}) {
      const EntityPage page = notes.list({.order = {{path, direction}}});
      CHECK((page.front().id() == a) == (direction == Direction::ascending));
      const EntityPage first = notes.list({.order = {{path, direction}}, .limit = 1});
      REQUIRE(first.next());
      CHECK(notes.list({.order = {{path, direction}}, .limit = 1, .after = first.next()}).size() == 1);
    }
    // A guess is refused whether or not it is right.
    Json patch = Json::object();
    patch[Json::json_pointer("/" + [&] {
      std::string text = std::string(path).substr(5);
      std::ranges::replace(text, '.', '/');
      return text;
    }())] = "aaaa ET";
    CHECK(same(error_of([&] { notes.update(a, patch); })) == same(error_of([&] { notes.update(b, patch); })));
    CHECK_ERROR(permission_denied, notes.update(a, patch));
  }
  for (const char* const word : {"aaaa", "zzzz", "ET", "redacted"}) CHECK(notes.count({.search = word}) == 0);
  for (const char* const word : {"t", "T"}) CHECK(notes.count({.search = word}) == 2);
  std::string log;
  for (const Event& event : stage.ana->events().list().events) log += event.json();
  CHECK(log.find(R"("title":"t")") != std::string::npos);  // it says something
  CHECK(log.find("aaaa") == std::string::npos);
  CHECK(log.find("zzzz") == std::string::npos);
}
