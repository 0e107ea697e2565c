// Rows that a transaction inserts wait for others of their table: nobody notices but the server, which gets fewer
// statements.
#include <catch2/catch.hpp>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct ServedNotes {
  ServedNotes() {
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
    session().entity_types().define(Json::parse(
        R"({"slug": "note", "searchFields": ["text"], "schema": {"type": "object", "properties": {
          "n": {"type": "integer", "x-index": true}, "text": {"type": "string", "x-index": true}}}})"));
  }
  Session session() const {
    return database.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  }
  EntityRepository notes() const { return session().entities("note"); }
  void check_whole(std::int64_t rows) const {
    CHECK(notes().count() == rows);
    CHECK(session().events().verify().ok);
    for (const Finding& finding : examine(database)) FAIL(finding.subject);
  }

  PostgresDatabase server;
  Database database = Database::open(server.application());
};

Json note(int n, const std::string& text = "some text") { return {{"n", n}, {"text", text}}; }

}  // namespace

TEST_CASE("many rows are few statements", "[postgres]") {
  const ServedNotes world;
  RawPostgres raw(world.server.superuser());
  raw.run("CREATE TABLE public.inserts(name text)");
  raw.run(
      "CREATE FUNCTION public.count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO "
      "public.inserts VALUES(TG_TABLE_NAME); RETURN NULL; END $$");
  for (const char* const table : {"entities", "entity_keys", "entity_words", "events"})
    raw.run(std::string("CREATE TRIGGER counter AFTER INSERT ON struere.") + table +
            " EXECUTE FUNCTION public.count()");
  std::vector<Json> rows;
  for (int i = 0; i < 1200; ++i) rows.push_back(note(i));
  world.notes().create_all(rows);
  for (const char* const table : {"entities", "entity_keys", "entity_words", "events"}) {
    INFO(table);
    const int statements =
        std::stoi(raw.value(std::string("SELECT count(*) FROM public.inserts WHERE name = '") + table + "'"));
    CHECK(statements >= 3);
    CHECK(statements <= 8);  // a row has two keys and two words
  }
  for (const char* const table : {"entities", "entity_keys", "entity_words", "events"})
    raw.run(std::string("DROP TRIGGER counter ON struere.") + table);
  CHECK(world.notes().count({.where = field("data.n") >= 1000}) == 200);
  CHECK(world.notes().list({.search = "text"}).size() == 50);
  world.check_whole(1200);
}

TEST_CASE("a transaction sees what it has just inserted, by whatever it asks", "[postgres]") {
  const ServedNotes world;
  world.session().transaction([](Session& unit) {
    const auto notes = unit.entities("note");
    for (int i = 0; i < 3; ++i) {
      const EntityId id = notes.create(note(i, "word" + std::to_string(i))).id;
      switch (i) {
        case 0: CHECK(notes.get(id).data().at("n") == 0); break;
        case 1: CHECK(notes.list({.where = field("data.n") == 1}).size() == 1); break;
        default: CHECK(notes.list({.search = "word2"}).size() == 1);
      }
      CHECK(unit.events().list({.entity = id}).events.size() == 1);
    }
    const EntityId first = notes.create(note(7)).id, second = notes.create(note(8)).id;
    notes.update(first, {{"n", 9}});
    notes.remove(second);
    unit.relations().link(notes.create(note(10)).id, "follows", first);
    CHECK(notes.count() == 5);
  });
  world.check_whole(5);
  CHECK(world.notes().count({.where = field("data.n") == 9}) == 1);
}

TEST_CASE("if a row of many is refused, none is there", "[postgres]") {
  const ServedNotes world;
  std::vector<Json> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(note(i));
  rows[700]["n"] = "seven hundred";
  CHECK_ERROR(invalid_data, world.notes().create_all(rows));
  const auto broken = [&] {
    world.session().transaction([&](Session& unit) {
      for (int i = 0; i < 600; ++i) unit.entities("note").create(note(i));
      throw std::runtime_error("the caller has changed its mind");
    });
  };
  CHECK_THROWS_AS(broken(), std::runtime_error);
  CHECK(world.session().events().list({.type = "note.created"}).events.empty());
  world.notes().create(note(1));
  world.check_whole(1);
}

TEST_CASE("a unit that is given up while much of it is still to be sent leaves its connection usable", "[postgres]") {
  const ServedNotes world;
  const auto broken = [&] {
    world.session().transaction([&](Session& unit) {
      for (int i = 0; i < 8; ++i) unit.entities("note").create({{"n", i}, {"large", std::string(900'000, 'x')}});
      throw std::runtime_error("the caller has changed its mind");
    });
  };
  for (int i = 0; i < 3; ++i) CHECK_THROWS_AS(broken(), std::runtime_error);
  CHECK(world.notes().count() == 0);
  world.notes().create(note(1));
  world.check_whole(1);
}

TEST_CASE("large rows wait for few others", "[postgres][large]") {
  const ServedNotes world;
  std::vector<Json> rows;
  for (int i = 0; i < 30; ++i) rows.push_back({{"n", i}, {"large", std::string(900'000, 'x')}});
  world.notes().create_all(rows);
  CHECK(world.notes().get(world.notes().list({.where = field("data.n") == 17})[0].id()).data() == rows[17]);
  world.check_whole(30);
}

TEST_CASE("many rows with unique keys are few statements, and the first that is taken is named", "[postgres][unique]") {
  const ServedNotes world;
  const Database memory = Database::in_memory();
  memory.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session other = memory.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  const Json type = Json::parse(R"({"slug": "guest", "unique": [["email"], ["n", "team"]]})");
  const auto guest = [](int n) { return Json{{"email", "m" + std::to_string(n)}, {"n", n}, {"team", 1}}; };
  for (const Session& session : {world.session(), other}) {
    session.entity_types().define(type);
    session.entities("guest").create(guest(-1));
  }
  RawPostgres raw(world.server.superuser());
  raw.run("CREATE SEQUENCE public.inserts");
  raw.run(
      "CREATE FUNCTION public.count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM "
      "nextval('public.inserts'); RETURN NULL; END $$");
  raw.run("CREATE TRIGGER counter AFTER INSERT ON struere.unique_values EXECUTE FUNCTION public.count()");
  std::vector<Json> rows;
  for (int i = 0; i < 1200; ++i) rows.push_back(guest(i));
  const EntityRepository guests = world.session().entities("guest");
  guests.create_all(rows);
  CHECK(std::stoi(raw.value("SELECT last_value FROM public.inserts")) <= 8);  // of 2,400 values
  raw.run("DROP TRIGGER counter ON struere.unique_values");
  CHECK(raw.value("SELECT count(*) FROM struere.unique_values") == "2402");
  other.entities("guest").create(guest(17));  // all that matters below; memory looks through all rows for a value

  const auto said = [](const EntityRepository& repository, const std::vector<Json>& of) {
    return error_of([&] { repository.create_all(of); });
  };
  std::vector<Json> taken;
  for (int i = 0; i < 700; ++i) taken.push_back(guest(5000 + i));
  const auto same = [&] { return said(guests, taken) == said(other.entities("guest"), taken); };
  taken[600] = guest(17);  // stored
  CHECK(same());
  CHECK(said(guests, taken).find("row 601 of 700") != std::string::npos);
  taken[300] = guest(5299);  // the one before it
  taken[300]["n"] = 77'777;
  CHECK(same());
  CHECK(said(guests, taken).find("row 301 of 700") != std::string::npos);
  taken[200] = "no object";  // an earlier row that is wrong in another way
  CHECK(same());
  CHECK(guests.count() == 1201);

  taken.clear();
  for (int i = 0; i < 10; ++i) taken.push_back({{"team", 1}});  // takes part in no key
  CHECK(guests.create_all(taken).size() == 10);
  CHECK(world.session().entities("guest").upsert({"email"}, guest(5)).created == false);
  CHECK(world.session().events().verify().ok);
}

TEST_CASE("a unique key of very many rows is built by few statements", "[postgres][unique]") {
  const ServedNotes world;
  world.session().entity_types().define({{"slug", "guest"}});
  std::vector<Json> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back({{"email", "m" + std::to_string(i)}});
  world.session().entities("guest").create_all(rows);
  world.session().entity_types().define(Json::parse(R"({"slug": "guest", "unique": [["email"]]})"));
  RawPostgres raw(world.server.superuser());
  CHECK(raw.value("SELECT count(*) FROM struere.unique_values") == "3000");
  // Rows of one statement have one command's number.
  CHECK(std::stoi(raw.value("SELECT count(DISTINCT cmin::text) FROM struere.unique_values")) <= 12);
  CHECK_ERROR(conflict, world.session().entities("guest").create({{"email", "m2999"}}));
}
