// SPEC 6: get_many, fields, expand and aggregate, with each storage.
#include <catch2/catch.hpp>

#include "query/bounds.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const Json task_schema{{"type", "object"},
                       {"properties",
                        {{"owner", {{"type", "string"}, {"references", "person"}}},
                         {"helpers", {{"type", "array"}, {"items", {{"type", "string"}, {"references", "person"}}}}}}}};

struct Office : World {
  explicit Office(StorageKind kind) : World(kind) {
    define_type({{"slug", "person"}});
    define_type({{"slug", "task"}, {"schema", task_schema}});
    for (const char* const name : {"Ada", "Bob", "Cid"})
      people.push_back(create("person", {{"name", name}, {"pay", 10}, {"secret", name == std::string("Cid")}}));
    first = create("task",
                   {{"title", "Plan"}, {"owner", people[0].str()}, {"helpers", {people[1].str(), people[2].str()}}});
    second = create("task", {{"title", "Do"}, {"owner", people[2].str()}, {"size", {{"hours", 3}, {"days", 1}}}});
  }
  EntityRepository of(const Session& actor, const char* type = "task") const { return actor.entities(type); }
  // Sees all tasks, and people that are no secret, without their pay.
  Session ana() {
    define_role(
        {{"name", "clerk"},
         {"policies", {{{"resource", "*"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
         {"scopeRules", {{{"entityType", "person"}, {"field", "data.secret"}, {"operator", "eq"}, {"value", false}}}},
         {"fieldMasks", {{{"entityType", "person"}, {"fieldPath", "data.pay"}, {"maskType", "hide"}}}}});
    return user("ana", {"clerk"});
  }

  std::vector<EntityId> people;
  EntityId first, second;
};

std::vector<std::string> ids_of(const std::vector<Entity>& rows) {
  std::vector<std::string> out;
  for (const Entity& row : rows) out.push_back(row.id().str());
  return out;
}

}  // namespace

TEST_CASE("get_many answers the rows of the view once each, in the order asked", "[reads]") {
  Office office(any_storage());
  const auto people = office.of(office.ana(), "person");
  const auto& p = office.people;
  CHECK(ids_of(people.get_many({p[1], p[0], p[1], EntityId("none"), p[2], office.first})) ==
        std::vector{p[1].str(), p[0].str()});
  CHECK(people.get_many({p[0]}).front().json() == R"({"name":"Ada","secret":false})");
  CHECK(people.get_many({}).empty());
  CHECK(people.get_many({EntityId(std::string("a\0b", 3)), EntityId("\xff"), EntityId("'"), EntityId("\"")}).empty());
  office.of(office.system(), "person").remove(p[0]);
  CHECK(people.get_many({p[0]}).empty());
  const std::vector<EntityId> most(most_ids, p[1]), too_many(most_ids + 1, p[1]);
  CHECK(people.get_many(most).size() == 1);
  CHECK_ERROR(invalid_query, people.get_many(too_many));
  CHECK_ERROR(permission_denied, office.of(office.user("bo"), "person").get_many({p[1]}));
  CHECK_ERROR(not_found, office.of(office.system(), "nothing").get_many(too_many));
  CHECK(people.exists(p[1]));
  CHECK_FALSE(people.exists(p[2]));
}

TEST_CASE("get_many whose rows are too large is refused, and names the bound", "[reads][bounds][large]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "text"}});
  std::vector<EntityId> ids;
  for (int i = 0; i < 34; ++i) ids.push_back(world.create("text", {{"t", std::string(1'000'000, 'x')}}));
  const auto texts = world.system().entities("text");
  CHECK(
      error_of([&] { (void)texts.get_many(ids); }).starts_with("invalid_query: the entities that are asked for hold"));
  ids.resize(30);
  CHECK(texts.get_many(ids).size() == 30);
}

TEST_CASE("a page of large rows ends early, and the range over all pages has them all", "[reads][bounds][large]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "text"}});
  for (int i = 0; i < 20; ++i) world.create("text", {{"i", i}, {"t", std::string(900'000, 'x')}});
  const auto texts = world.system().entities("text");
  const EntityPage page = texts.list({.order = {{"data.i"}}, .limit = 1000});
  CHECK(page.size() == 10);  // the row that reaches 8 MiB is the last
  REQUIRE(page.next());
  CHECK(texts.list({.order = {{"data.i"}}, .limit = 1000, .after = page.next()})[0].data().at("i") == 10);
  int expected = 0;
  for (const Entity& row : texts.all({.order = {{"data.i"}}, .limit = 7})) CHECK(row.data().at("i") == expected++);
  CHECK(expected == 20);
  for (const Entity& row : texts.all({.status = "none"})) FAIL(row.id().str());
}

TEST_CASE("fields leave of the masked data what they name", "[reads]") {
  Office office(any_storage());
  const auto tasks = office.of(office.system());
  using Fields = std::vector<std::string>;
  const auto shown = [&](const Fields& fields) { return tasks.get(office.second, {.fields = fields}).json(); };
  CHECK(shown({"data.title"}) == R"({"title":"Do"})");
  CHECK(shown({"data.size.hours", "data.title.x"}) == R"({"size":{"hours":3}})");
  CHECK(shown({"data.size"}) == R"({"size":{"days":1,"hours":3}})");
  CHECK(shown({}) == "{}");
  CHECK(tasks.list({.fields = Fields{"data.title"}})[1].json() == R"({"title":"Plan"})");
  CHECK(office.of(office.ana(), "person").get(office.people[0], {.fields = Fields{"data.pay", "data.name"}}).json() ==
        R"({"name":"Ada"})");
  CHECK_ERROR(invalid_query, shown({"data.title", "data.title"}));
  CHECK_ERROR(invalid_query, shown({"status"}));
  CHECK_ERROR(invalid_query, shown({"title"}));
  CHECK_ERROR(invalid_query, shown({std::string("data.a\0b", 8)}));
  Fields many;
  for (std::size_t i = 0; i <= most_shown_fields; ++i) many.push_back("data.f" + std::to_string(i));
  CHECK_ERROR(invalid_query, shown(many));
  many.pop_back();
  CHECK(shown(many) == "{}");
  CHECK_ERROR(invalid_query, tasks.get(EntityId("none"), {.fields = Fields{"status"}}));  // before the row
}

TEST_CASE("expand sets what the actor may read beside each row", "[reads]") {
  Office office(any_storage());
  const auto tasks = office.of(office.ana());
  const Entity row =
      tasks.get(office.first, {.fields = std::vector<std::string>{}, .expand = {"data.owner", "data.helpers"}});
  CHECK(row.json() == "{}");
  REQUIRE(row.expanded("data.owner"));
  CHECK(row.expanded("data.owner")->entities.front().json() == R"({"name":"Ada","secret":false})");
  CHECK_FALSE(row.expanded("data.owner")->is_list);
  CHECK(ids_of(row.expanded("data.helpers")->entities) == std::vector{office.people[1].str()});
  CHECK(row.to_json().at("expanded").at("data.helpers").size() == 1);
  CHECK(tasks.get(office.second, {.expand = {"data.owner", "data.helpers"}}).expanded().empty());
  CHECK(tasks.get(office.second, {.expand = {"data.owner"}}).to_json().at("expanded") == Json::object());
  CHECK_FALSE(tasks.get(office.second).to_json().contains("expanded"));
  for (const Entity& task : tasks.list({.expand = {"data.owner"}}))
    CHECK((task.expanded("data.owner") != nullptr) == (task.id() == office.first));
  for (const char* const path :
       {"data.title", "data.size", "data.owner.x", "data.helpers.x", "owner", "status", "data.none"})
    CHECK_ERROR(invalid_query, tasks.get(office.first, {.expand = {path}}));
  CHECK_ERROR(invalid_query, tasks.get(office.first, {.expand = {"data.owner", "data.owner"}}));
  CHECK_ERROR(invalid_query, tasks.list({.expand = {"data.title"}}));
}

TEST_CASE("a redacted reference is not followed, whatever stands in its place", "[reads]") {
  Office office(any_storage());
  office.define_role({{"name", "blind"},
                      {"policies", {{{"resource", "*"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
                      {"fieldMasks",
                       {{{"entityType", "task"},
                         {"fieldPath", "data.owner"},
                         {"maskType", "redact"},
                         {"maskConfig", {{"replacement", office.people[1].str()}}}}}}});
  const auto tasks = office.of(office.user("bo", {"blind"}));
  CHECK(tasks.get(office.first, {.expand = {"data.owner"}}).data().at("owner") == office.people[1].str());
  CHECK(tasks.get(office.first, {.expand = {"data.owner"}}).expanded().empty());
}

TEST_CASE("what stands beside rows is bounded", "[reads][bounds][large]") {
  Office office(any_storage());
  const EntityId large = office.create("person", {{"t", std::string(1'000'000, 'x')}});
  const std::vector<std::string> often(40, large.str());
  const EntityId task = office.create("task", {{"helpers", often}});
  const auto tasks = office.of(office.system());
  CHECK(error_of([&] {
          (void)tasks.get(task, {.expand = {"data.helpers"}});
        }).starts_with("invalid_query: the entities that `expand` adds are larger than 32 MiB"));
}

TEST_CASE("aggregates are worked out over the view, the same in each storage", "[reads]") {
  Office office(any_storage());
  office.define_role(
      {{"name", "counter"},
       {"policies", {{{"resource", "person"}, {"actions", {"list"}}, {"effect", "allow"}}}},
       {"fieldMasks", {{{"entityType", "person"}, {"fieldPath", "data.name"}, {"maskType", "redact"}}}}});
  const auto people = office.of(office.user("bo", {"counter"}), "person");
  const Measure count{Measure::Op::count, {}}, pay{Measure::Op::sum, "data.pay"}, first{Measure::Op::min, "data.name"};
  const Aggregates all = people.aggregate({}, {}, {count, pay, first});
  REQUIRE(all.groups.size() == 1);
  CHECK(all.groups[0].measures[0] == Json(3));
  CHECK(all.groups[0].measures[1] == Json(30));
  CHECK_FALSE(all.groups[0].measures[2]);
  CHECK(people.aggregate({}, {"data.name"}, {count}).groups.size() == 1);  // redacted: absent to groups
  const Aggregates by_id = people.aggregate({.limit = 2}, {"id"}, {count});
  REQUIRE(by_id.groups.size() == 2);
  CHECK(by_id.more);
  CHECK(by_id.groups[0].key[0] == Json(office.people[0].str()));
  CHECK(people.aggregate({}, {"status", "createdAt"}, {count}).groups.size() == 3);
  CHECK(people.aggregate({.where = field("data.secret") == true}, {}, {count}).groups[0].measures[0] == Json(1));
  CHECK(people.aggregate({.where = field("data.name") == "Ada"}, {}, {count}).groups[0].measures[0] == Json(0));
  CHECK_ERROR(invalid_query, people.aggregate({}, {}, {}));
  CHECK_ERROR(invalid_query, people.aggregate({}, {}, std::vector<Measure>(9, count)));
  CHECK_ERROR(invalid_query, people.aggregate({}, {"data.a", "data.b", "data.c", "data.d"}, {count}));
  CHECK_ERROR(invalid_query, people.aggregate({}, {"name"}, {count}));
  CHECK_ERROR(invalid_query, people.aggregate({}, {}, {{Measure::Op::count, "data.a"}}));
  CHECK_ERROR(invalid_query, people.aggregate({}, {}, {{Measure::Op::sum, {}}}));
  CHECK_ERROR(permission_denied, office.of(office.user("cy"), "person").aggregate({}, {}, {}));
  CHECK_ERROR(not_found, office.of(office.system(), "nothing").aggregate({}, {}, {}));
}

TEST_CASE("pages in the order of ids have all rows of a type, few or many, among those of others",
          "[entities][paging]") {
  World world(any_storage());
  for (const char* const type : {"few", "many"}) world.define_type({{"slug", type}});
  std::map<std::string, std::vector<EntityId>> made;
  for (int i = 0; i < 3; ++i) {
    for (const auto& [type, number] : {std::pair("few", 2), std::pair("many", 701)}) {
      const auto ids = world.system().entities(type).create_all(std::vector<Json>(number, Json{{"n", i}}));
      made[type].insert(made[type].end(), ids.begin(), ids.end());
    }
  }
  for (auto& [type, ids] : made) {
    std::ranges::sort(ids);
    for (const Direction direction : {Direction::ascending, Direction::descending}) {
      std::vector<EntityId> found;
      for (const Entity& row : world.system().entities(type).all(
               {.order = {{"id", direction}}, .limit = 5 * static_cast<std::int64_t>(ids.size()) / 12 + 1}))
        found.push_back(row.id());
      CHECK(found == ids);
      std::ranges::reverse(ids);
    }
  }
}
