// What goes to the server along with other statements, so that an operation takes few round trips.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <thread>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json note_type(bool has_key) {
  return {{"slug", "note"},
          {"schema",
           {{"type", "object"},
            {"properties", {{"n", {{"type", "integer"}, {"x-index", has_key}}}, {"text", {{"type", "string"}}}}}}}};
}

struct CountedNotes {
  CountedNotes() {
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
    session(database).entity_types().define(note_type(true));
    for (int i = 0; i < 40; ++i) ids.push_back(notes().create({{"n", i % 4}, {"text", "some text"}}).id);
  }
  static Session session(const Database& of) {
    return of.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  }
  EntityRepository notes() const { return session(database).entities("note"); }

  // What the application's connections were sent last, the latest first, and what state that left each in.
  std::vector<std::string> states() {
    std::vector<std::string> out;
    for (const auto& row : raw.rows("SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = '" +
                                    server.name() + "' AND usename = 'struere_application' ORDER BY query_start DESC"))
      out.push_back(row.at(0));
    return out;
  }
  // Waits until the server has noted the state of whatever it has answered.
  template <class Check>
  bool soon(Check&& check) {
    for (int tries = 0; tries < 1000; ++tries) {
      if (check(states())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  PostgresDatabase server;
  RawPostgres raw{server.superuser()};
  Database database = Database::open(server.application());
  std::vector<EntityId> ids;
};

Query by_n(int n, std::int64_t limit = 50) { return {.where = field("data.n") == n, .limit = limit}; }

}  // namespace

TEST_CASE("a read of one statement ends its transaction along with it", "[postgres]") {
  CountedNotes world;
  const auto has_committed = [&] {
    return world.soon([](const std::vector<std::string>& states) { return states.at(0) == "idle: COMMIT"; });
  };
  const auto has_rolled_back = [&] {  // so that the next one is told from it
    CHECK_FALSE(world.notes().list({.where = field("data.text") == "another"}).size());
    return world.soon([](const std::vector<std::string>& states) { return states.at(0) == "idle: ROLLBACK"; });
  };
  CHECK(has_rolled_back());
  CHECK(world.notes().get(world.ids[3]).data().at("n") == 3);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().list({.limit = 10}).size() == 10);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().list(by_n(1, 3)).size() == 3);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().count(by_n(1)) == 10);
  CHECK(has_committed());
}

TEST_CASE("no read leaves a transaction open, however many statements it takes", "[postgres]") {
  CountedNotes world;
  const auto no_transaction = [&] {
    return world.soon([](const std::vector<std::string>& states) {
      return std::ranges::all_of(states, [](const std::string& state) { return state.starts_with("idle: "); });
    });
  };
  CHECK(world.notes().list({.where = field("data.text") == "some text", .limit = 30}).size() == 30);
  CHECK(no_transaction());
  CHECK_FALSE(world.notes().find(EntityId("none")));
  CHECK(no_transaction());
  CHECK_THROWS(world.notes().list({.limit = -1}));
  CHECK(no_transaction());
}

TEST_CASE("pages by a cursor are the whole list, of any size", "[postgres]") {
  CountedNotes world;
  std::vector<std::string> all;
  for (const Entity& note : world.notes().list({.limit = 1000})) all.push_back(note.id().str());
  CHECK(all.size() == 40);
  for (const std::int64_t limit : {1, 7, 16, 17, 39, 40, 41, 300}) {
    INFO(limit);
    std::vector<std::string> seen;
    Query query{.limit = limit};
    for (;;) {
      const EntityPage page = world.notes().list(query);
      for (const Entity& note : page) seen.push_back(note.id().str());
      if (!page.next()) break;
      CHECK(static_cast<std::int64_t>(page.size()) == limit);
      query.after = page.next();
    }
    CHECK(seen == all);
  }
}

TEST_CASE("a reader who knows old field keys reads once more by the new ones", "[postgres]") {
  CountedNotes world;
  const Database other = Database::open(world.server.application());
  for (const bool has_key : {false, true, false, true}) {
    CHECK(world.notes().list(by_n(2)).size() == 10);
    CHECK(world.notes().count(by_n(2)) == 10);
    CountedNotes::session(other).entity_types().define(note_type(has_key));
    const EntityId added = CountedNotes::session(other).entities("note").create({{"n", 2}, {"text", "added"}}).id;
    CHECK(world.notes().list(by_n(2)).size() == 11);
    CHECK(world.notes().count(by_n(2)) == 11);
    CountedNotes::session(other).entities("note").remove(added);
  }
}

TEST_CASE("of writers of one row, each sees what the one before has left", "[postgres]") {
  CountedNotes world;
  constexpr int writers = 4, writes = 25;
  std::vector<std::vector<std::int64_t>> seen(writers);
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      for (int i = 0; i < writes; ++i)
        seen[static_cast<std::size_t>(writer)].push_back(
            world.notes().update(world.ids[0], {{"n", writer}}).row->version());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::int64_t> versions;
  for (const auto& own : seen) versions.insert(own.begin(), own.end());
  CHECK(versions.size() == writers * writes);
  CHECK(world.notes().get(world.ids[0]).version() == writers * writes + 1);
  CHECK(CountedNotes::session(world.database).events().verify().ok);
}
