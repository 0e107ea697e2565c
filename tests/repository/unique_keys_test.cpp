// Unique keys and upsert (SPEC 6); tests/conformance/scenarios/unique_keys.jsonl has the rest of it.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "struere/definitions/definitions.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json student(Json unique) { return {{"slug", "student"}, {"unique", std::move(unique)}}; }

Json list_of(Json element) { return Json::array({std::move(element)}); }

Json key(std::initializer_list<const char*> paths) {
  Json out = Json::array();
  for (const char* const path : paths) out.push_back(path);
  return out;
}

}  // namespace

TEST_CASE("a taken key is told by its paths, and nothing of the other row", "[unique]") {
  World world(any_storage());
  world.define_type(student(list_of(key({"school.id", "email"}))));
  const auto students = world.system().entities("student");
  const EntityId first = students.create({{"school", {{"id", "hidden-school"}}}, {"email", "hidden@x.org"}}).id;
  const std::string refusal = error_of([&] {
    (void)students.create({{"school", {{"id", "hidden-school"}}}, {"email", "hidden@x.org"}});
  });
  CHECK(refusal.starts_with("conflict: "));
  CHECK(refusal.find("`school.id`, `email`") != std::string::npos);
  CHECK(refusal.find("hidden") == std::string::npos);
  CHECK(refusal.find(first.str()) == std::string::npos);
  CHECK(students.count() == 1);
  CHECK(world.system().events().list({.type = "student.created"}).events.size() == 1);
  CHECK(world.system().events().verify().ok);
}

TEST_CASE("the error of a taken key of one path names that path as its place", "[unique]") {
  World world(any_storage());
  world.define_type(student(Json::array({key({"email.work"}), key({"school", "number"})})));
  const auto students = world.system().entities("student");
  students.create({{"email", {{"work", "a@x.org"}}}, {"school", "s"}, {"number", 1}});
  const auto place_of = [&](const Json& data) -> std::string {
    try {
      (void)students.create(data);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::conflict);
      return error.path();
    }
    return "no error";
  };
  CHECK(place_of({{"email", {{"work", "a@x.org"}}}}) == "data.email.work");
  CHECK(place_of({{"school", "s"}, {"number", 1}}).empty());  // two places
}

TEST_CASE("long values, equal or not but for their last byte, are told apart", "[unique]") {
  World world(any_storage());
  world.define_type(student(list_of(key({"email"}))));
  const auto students = world.system().entities("student");
  const std::string length(5000, 'x');
  for (const std::string& text : {length, length + "y", length + "z", std::string("#") + length})
    (void)students.create({{"email", text}});
  CHECK_ERROR(conflict, students.create({{"email", length + "y"}}));
  CHECK_ERROR(conflict, students.create({{"email", length}}));
  (void)students.create({{"email", length + "w"}});
  CHECK(students.count() == 5);
}

TEST_CASE("one row of many that breaks a key takes all with it, also where the other is among them", "[unique]") {
  World world(any_storage());
  world.define_type(student(list_of(key({"email"}))));
  const auto students = world.system().entities("student");
  CHECK(error_of([&] {
          (void)students.create_all(std::vector<Json>{{{"email", "a"}}, {{"email", "b"}}, {{"email", "a"}}});
        }).starts_with("conflict: row 3 of 3: "));
  CHECK(students.count() == 0);
  CHECK(students.create_all(std::vector<Json>{{{"email", "a"}}, {{"email", "b"}}}).size() == 2);
}

TEST_CASE("a definition whose keys stored rows break is refused, and says how many do", "[unique]") {
  World world(any_storage());
  world.define_type(student(Json::array()));
  const auto students = world.system().entities("student");
  for (const char* const email : {"a", "a", "a", "b", "b", "c"}) (void)students.create({{"email", email}});
  const EntityId removed = students.create({{"email", "c"}}).id;
  students.remove(removed);
  (void)students.create({{"email", nullptr}});
  (void)students.create({{"email", nullptr}});
  const auto types = world.system().entity_types();
  const std::string refusal = error_of([&] { types.define(student(list_of(key({"email"})))); });
  CHECK(refusal.starts_with("conflict: 5 entities "));
  CHECK(refusal.find("`email`") != std::string::npos);
  CHECK(types.list().front().unique.empty());
  // Nothing of it stays.
  CHECK_NOTHROW(students.create({{"email", "c"}}));
}

TEST_CASE("a key comes into force with the rows that are there, and goes with its definition", "[unique]") {
  World world(any_storage());
  world.define_type(student(Json::array()));
  const auto students = world.system().entities("student");
  (void)students.create({{"email", "a"}, {"n", 1}});
  world.define_type(student(Json::array({key({"email"}), key({"n"})})));
  CHECK(world.system().entity_types().list().front().unique == std::vector<UniqueKey>{{"email"}, {"n"}});
  CHECK_ERROR(conflict, students.create({{"email", "a"}}));
  CHECK_ERROR(conflict, students.create({{"n", 1}}));
  world.define_type(student(Json::array({key({"n"}), key({"other"})})));  // in another order
  CHECK(world.system().entity_types().list().front().unique == std::vector<UniqueKey>{{"n"}, {"other"}});
  (void)students.create({{"email", "a"}});
  CHECK_ERROR(conflict, students.create({{"n", 1}}));
  world.define_type(student(Json::array()));
  (void)students.create({{"n", 1}});
  world.system().entity_types().define({{"slug", "empty"}, {"unique", list_of(key({"a"}))}});
  world.system().entity_types().remove("empty");
}

TEST_CASE("what is no list of keys is refused", "[unique]") {
  World world(any_storage());
  const auto types = world.system().entity_types();
  const auto refuses = [&](Json unique) { CHECK_ERROR(invalid_definition, types.define(student(std::move(unique)))); };
  refuses("email");
  refuses(list_of("email"));
  refuses(list_of(Json::array()));
  refuses(list_of(key({"a", "b", "c", "d", "e"})));
  refuses(list_of(key({""})));
  refuses(list_of(key({"a b"})));
  refuses(list_of(Json::array({1})));
  Json nine = Json::array();
  for (const char* const path : {"a", "b", "c", "d", "e", "f", "g", "h", "i"}) nine.push_back(key({path}));
  refuses(nine);
  nine.erase(8);
  CHECK(types.define(student(nine)).unique.size() == 8);
}

TEST_CASE("upsert creates once and updates from then on", "[unique][upsert]") {
  World world(any_storage());
  world.define_type(student(Json::array({key({"email"}), key({"school.id", "n"})})));
  const auto students = world.system().entities("student");
  const Upserted first = students.upsert({"email"}, {{"email", "a"}, {"name", "Ana"}, {"age", 7}});
  CHECK(first.created);
  const Upserted second = students.upsert({"email"}, JsonTextView{R"({"email": "a", "age": null, "n": 1})"});
  CHECK_FALSE(second.created);
  CHECK(second.written.id == first.written.id);
  CHECK(second.written.row->version() == 2);
  CHECK(second.written.row->data() == Json{{"email", "a"}, {"name", "Ana"}, {"n", 1}});  // a merge patch
  CHECK(students.upsert({"school.id", "n"}, {{"school", {{"id", "s"}}}, {"n", 1}}).created);

  CHECK_ERROR(invalid_query, students.upsert({"name"}, {{"name", "Ana"}}));
  CHECK_ERROR(invalid_query, students.upsert({"n", "school.id"}, {{"school", {{"id", "s"}}}, {"n", 1}}));
  CHECK_ERROR(invalid_query, students.upsert({}, Json::array()));  // the key first, then the shape
  CHECK_ERROR(invalid_data, students.upsert({"email"}, Json::array()));
  CHECK_ERROR(invalid_data, students.upsert({"email"}, {{"name", "Ana"}}));
  CHECK_ERROR(invalid_data, students.upsert({"email"}, {{"email", nullptr}}));
  CHECK_ERROR(not_found, world.system().entities("nothing").upsert({"email"}, {{"email", "a"}}));
}

TEST_CASE("upsert tells nothing of who holds a value that the actor may not write", "[unique][upsert]") {
  World world(any_storage());
  world.define_type(student(list_of(key({"email"}))));
  (void)world.create("student", {{"email", "theirs"}, {"owner", "bo"}});
  const auto actor = [&](const char* role, Json masks) {
    world.define_role(
        {{"name", role},
         {"policies", {{{"resource", "student"}, {"actions", {"create", "update", "read"}}, {"effect", "allow"}}}},
         {"scopeRules",
          {{{"entityType", "student"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}},
         {"fieldMasks", std::move(masks)}});
    return world.user("ana", {role}).entities("student");
  };
  const auto masked =
      actor("masked", list_of({{"entityType", "student"}, {"fieldPath", "data.email"}, {"maskType", "hide"}}));
  CHECK(error_of([&] {
          (void)masked.upsert({"email"}, {{"email", "theirs"}, {"owner", "ana"}});
        }) == error_of([&] {
          (void)masked.upsert({"email"}, {{"email", "nobody's"}, {"owner", "ana"}});
        }));
  const auto plain = actor("plain", Json::array());
  CHECK_ERROR(conflict, plain.upsert({"email"}, {{"email", "theirs"}, {"owner", "ana"}}));
  CHECK(plain.upsert({"email"}, {{"email", "mine"}, {"owner", "ana"}}).created);
  // A denial is recorded as what was denied.
  const auto denials = world.system().events().list({.type = "access.denied"}).events;
  REQUIRE(denials.size() == 1);
  CHECK(denials[0].payload().at("action") == "create");
  CHECK(denials[0].payload().at("resource") == "student");
  CHECK(denials[0].payload().at("count") == 2);
}

TEST_CASE("of many writers who want the same key, one gets it", "[unique][concurrency]") {
  World world(any_shared_storage());
  world.define_type(student(list_of(key({"email"}))));
  std::atomic<int> created = 0, refused = 0, upserted = 0;
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < 8; ++writer)
      writers.emplace_back([&, writer] {
        const auto students = world.system().entities("student");
        for (int i = 0; i < 10; ++i) try {
            if (writer % 2 == 0)
              (void)students.create({{"email", i}});
            else if (!students.upsert({"email"}, {{"email", i}, {"by", writer}}).created)
              ++upserted;
            ++created;
          } catch (const Error& error) {
            if (error.code() == ErrorCode::conflict) ++refused;
          }
      });
  }
  CHECK(created + refused == 80);
  CHECK(created - upserted == 10);
  const auto students = world.system().entities("student");
  CHECK(students.count() == 10);
  for (int i = 0; i < 10; ++i) CHECK(students.count({.where = field("data.email") == i}) == 1);
}

TEST_CASE("an organization's own actors do not make all writers wait for what is worked out over very many rows",
          "[unique][bounds][large]") {
  World world(StorageKind::sqlite);
  world.define_type(student(Json::array()));
  std::vector<Json> rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back(Json::object());
  for (int i = 0; i < 5; ++i) (void)world.system().entities("student").create_all(rows);
  const auto keyed = student(list_of(key({"email"})));
  const Session admin = world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  admin.entity_types().define(keyed);  // 50,000
  admin.entity_types().define(student(Json::array()));
  (void)admin.entities("student").create(Json::object());
  CHECK_ERROR(permission_denied, admin.entity_types().define(keyed));
  CHECK_ERROR(conflict, world.system().entity_types().define(keyed));
  // Search fields are read of each row as well.
  Json searched = student(Json::array());
  searched["searchFields"] = {"email"};
  CHECK_ERROR(permission_denied, admin.entity_types().define(searched));
  CHECK_ERROR(conflict, world.system().entity_types().define(searched));
  const auto planned = [&](const Json& type) {
    DefinitionSet set;
    set.add(DefinitionKind::entity_type, type);
    return Definitions(world.system()).plan(set);
  };
  REQUIRE(planned(searched).obstacles.size() == 1);
  CHECK(planned(searched).obstacles[0].kind == Obstacle::Kind::holds_writers);
  const Definitions definitions(world.system());
  DefinitionSet wanted;
  wanted.add(DefinitionKind::entity_type, keyed);
  const ChangePlan plan = definitions.plan(wanted);
  REQUIRE(plan.obstacles.size() == 1);
  CHECK(plan.obstacles[0].kind == Obstacle::Kind::holds_writers);
  CHECK(plan.obstacles[0].count == 50'001);
  CHECK_ERROR(conflict, definitions.apply(plan));
  CHECK_ERROR(permission_denied, Definitions(admin).apply(Definitions(admin).plan(wanted, {.hold_writers = true})));
  CHECK_NOTHROW(definitions.apply(definitions.plan(wanted, {.hold_writers = true})));
  CHECK_NOTHROW(admin.entity_types().define(keyed));                                    // no key is new
  CHECK_ERROR(permission_denied, admin.entity_types().define(student(Json::array())));  // a key goes
}
