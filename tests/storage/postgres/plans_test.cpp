// Which indexes the server takes for what the library asks.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "storage/postgres/connection.hpp"
#include "storage/postgres/event_statements.hpp"
#include "storage/postgres/word_table.hpp"
#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("rows that a field key leads to are found by their ids, whether or not the server has analyzed the tables",
          "[postgres]") {
  const PostgresDatabase server;
  const Database database = Database::open(server.application());
  RawPostgres raw(server.superuser());
  for (const char* const table : {"entities", "entity_keys"})
    raw.run(fmt::format("ALTER TABLE struere.{} SET (autovacuum_enabled = false)", table));
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  system.entity_types().define(
      {{"slug", "note"}, {"schema", {{"properties", {{"n", {{"type", "integer"}, {"x-index", true}}}}}}}});
  for (const int rows : {300, 2000}) {
    std::vector<Json> notes;
    for (int i = 0; i < rows; ++i) notes.push_back({{"n", i % 50}, {"text", std::string(100, 't')}});
    system.entities("note").create_all(notes);
    for (const bool is_analyzed : {false, true}) {
      if (is_analyzed) raw.run("ANALYZE");
      const auto steps = system.profile(system, "note", {.where = field("data.n") == 7, .limit = 20}).steps;
      const std::string plan = fmt::format("{}", fmt::join(steps, "\n"));
      INFO(plan);
      CHECK(plan.find("entities_pkey") != std::string::npos);
      CHECK(plan.find("entities_by_type") == std::string::npos);
      CHECK(plan.find("id = k.id)") != std::string::npos);
      for (const char* const step : {"Seq Scan", "Bitmap", "Hash", "Merge", "Materialize", "Memoize", "Join Filter"})
        CHECK(plan.find(step) == std::string::npos);
    }
  }
}

TEST_CASE("the words of an entity are found by its id, whether or not the server has analyzed the tables",
          "[postgres]") {
  const PostgresDatabase server;
  const Database database = Database::open(server.application());
  RawPostgres raw(server.superuser());
  raw.run("ALTER TABLE struere.entity_words SET (autovacuum_enabled = false)");
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  system.entity_types().define(
      {{"slug", "note"}, {"schema", {{"properties", {{"text", {{"type", "string"}}}}}}}, {"searchFields", {"text"}}});
  std::vector<Json> notes;
  for (int i = 0; i < 500; ++i) notes.push_back({{"text", fmt::format("alpha beta gamma delta word{}", i)}});
  const std::vector<EntityId> ids = system.entities("note").create_all(notes);
  const std::string scope = raw.value("SELECT id FROM struere.scopes WHERE environment = 'production'");
  const std::string type = raw.value("SELECT min(type_key) FROM struere.entity_words");
  for (const bool is_analyzed : {false, true}) {
    if (is_analyzed) raw.run("ANALYZE");
    postgres::Connection connection(postgres::Target::parse(server.application()));
    for (const std::string& statement : {std::string("BEGIN"), "SET LOCAL struere.scope = " + scope,
                                         fmt::format("PREPARE words AS {}", postgres::WordTable::count_of_words)})
      connection.run(statement);
    const std::string values =
        fmt::format("words({}, {}, '{}', '{{alpha,beta,gamma,delta,word7}}')", scope, type, ids[7].str());
    CHECK(connection.run("EXECUTE " + values).integer(0, 0) == 5);
    const postgres::Result rows = connection.run("EXPLAIN (COSTS OFF) EXECUTE " + values);
    std::string plan;
    for (int row = 0; row < rows.rows(); ++row) plan.append(rows.bytes(row, 0)).append("\n");
    INFO(plan);
    CHECK(plan.find("entity_words_by_entity") != std::string::npos);
    CHECK(plan.find("entity_words_pkey") == std::string::npos);
    CHECK(plan.find("Seq Scan") == std::string::npos);
  }
}

TEST_CASE("on PostgreSQL the history of an entity is a seek by its id, also for who sees the events of purged ones",
          "[postgres]") {
  const PostgresDatabase server;
  const Database database = Database::open(server.application());
  RawPostgres raw(server.superuser());
  raw.run("ALTER TABLE struere.events SET (autovacuum_enabled = false)");
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  system.entity_types().define({{"slug", "note"}});
  const std::vector<EntityId> notes = system.entities("note").create_all(std::vector<Json>(40, Json::object()));
  for (int i = 0; i < 10; ++i) system.entities("note").purge(notes[static_cast<std::size_t>(i)]);
  const std::string scope = raw.value("SELECT id FROM struere.scopes WHERE environment = 'production'");
  // A few entities have almost all events: by these, reading the log in its order looks as good as anything.
  raw.run(
      "INSERT INTO struere.events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, created_at, payload, "
      "hash) SELECT scope_id, sequence * 100000 + i, id || i, type, entity_id, actor_type, actor_id, created_at, "
      "payload, hash FROM struere.events, generate_series(1, 500) i WHERE entity_id IS NOT NULL");

  // The plan that the library's connections make once, for all values.
  const auto plan_of = [&](const std::string& sql, const std::string& values) {
    postgres::Connection connection(postgres::Target::parse(server.application()));
    for (const std::string& statement :
         {std::string("BEGIN"), "SET LOCAL struere.scope = " + scope, "PREPARE history AS " + sql})
      connection.run(statement);
    const postgres::Result rows = connection.run("EXPLAIN (COSTS OFF) EXECUTE history(" + values + ")");
    std::string plan;
    for (int row = 0; row < rows.rows(); ++row) plan.append(rows.bytes(row, 0)).append("\n");
    return plan;
  };
  for (const bool is_analyzed : {false, true}) {
    if (is_analyzed) raw.run("ANALYZE");
    for (const std::int64_t rows : {32, 1024}) {
      for (const bool purged : {false, true}) {
        for (const bool newest_first : {false, true}) {
          EventSelection selection;
          selection.purged = purged;
          selection.newest_first = newest_first;
          selection.entity = notes.back().str();
          const std::string plan = plan_of(postgres::next_events(1, selection, 0, {}, rows).sql, "1, 0, 'note'");
          INFO(plan);
          CHECK(plan.find("events_by_entity") != std::string::npos);
          CHECK((plan.find("events_by_purged_entity") != std::string::npos) == purged);
          CHECK(plan.find("events_pkey") == std::string::npos);
          CHECK(plan.find("Seq Scan") == std::string::npos);
        }
      }
      const std::string plan =
          plan_of(postgres::events_to_replay(1, {0, notes.back().str()}, 0, rows).sql, "1, 0, 'note'");
      INFO(plan);
      CHECK(plan.find("events_by_entity") != std::string::npos);
      CHECK(plan.find("events_by_purged_entity") != std::string::npos);
      CHECK(plan.find("events_pkey") == std::string::npos);
    }
  }
}
