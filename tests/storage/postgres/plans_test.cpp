// Which indexes the server takes for what the library asks.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <thread>

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

namespace {

// The blocks of entities and of their keys that `read` looks at, by connections of its own. A server counts them when a
// connection ends.
std::int64_t blocks_read(const PostgresDatabase& server, RawPostgres& raw,
                         const std::function<void(const TrustedHost&)>& read) {
  const auto count = [&] {
    const std::string connections = fmt::format(
        "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = '{}' AND usename = 'struere_application'",
        server.name());
    for (int tries = 0; tries < 1000 && raw.value(connections) != "0"; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return std::stoll(
        raw.value("SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit) FROM "
                  "pg_catalog.pg_statio_user_tables WHERE schemaname = 'struere' AND relname IN ('entities', "
                  "'entity_keys', 'entity_relations')"));
  };
  const std::int64_t before = count();
  {
    const Database database = Database::open(server.application());
    read(database.trusted_host());
  }
  return count() - before;
}

}  // namespace

TEST_CASE("what keys and relations lead to is read alone, whatever the server knows of the tables", "[postgres]") {
  const PostgresDatabase server;
  RawPostgres raw(server.superuser());
  for (const char* const table : {"entities", "entity_keys", "entity_relations", "entity_words"})
    raw.run(fmt::format("ALTER TABLE struere.{} SET (autovacuum_enabled = false)", table));
  raw.run("ANALYZE");  // of empty tables
  const OrganizationId acme("acme");
  const UserId ada("ada"), bob("bob");
  EntityId cited("none");
  const auto system = [&](const TrustedHost& host) { return host.system_session(acme, Environment::production); };
  {
    const Database database = Database::open(server.application());
    const TrustedHost host = database.trusted_host();
    host.create_organization("acme", acme);
    Json properties{{"text", {{"type", "string"}}}, {"plain", {{"type", "integer"}}}};
    for (const char* const field : {"n", "team", "group"}) properties[field] = {{"type", "integer"}, {"x-index", true}};
    const Session session = system(host);
    session.entity_types().define(
        {{"slug", "note"}, {"schema", {{"properties", properties}}}, {"searchFields", {"text"}}});
    for (const char* const field : {"team", "group"})
      session.roles().define(
          {{"name", field},
           {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}},
           {"scopeRules",
            {{{"entityType", "note"}, {"field", fmt::format("data.{}", field)}, {"operator", "eq"}, {"value", 7}}}}});
    session.roles().define(
        {{"name", "citing"},
         {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}},
         {"scopeRules",
          {{{"entityType", "note"}, {"field", "id"}, {"operator", "in"}, {"value", "actor.relatedIds:cites"}}}}});
    for (const UserId& user : {ada, bob}) {
      host.create_user(user.str(), user);
      host.put_member(acme, user);
    }
    for (const char* const role : {"team", "group"}) session.roles().assign(ada, role);
    session.roles().assign(bob, "citing");
    std::vector<Json> notes;
    for (int i = 0; i < 3000; ++i)
      notes.push_back(
          {{"n", i * 7919 % 3001}, {"plain", i % 2}, {"team", i % 60}, {"group", i % 50}, {"text", "alpha"}});
    const std::vector<EntityId> ids = session.entities("note").create_all(notes);
    session.entity_types().define({{"slug", "person"}, {"boundToRole", "citing"}});
    const EntityId person = session.entities("person").create({{"userId", "bob"}}).id;
    for (std::size_t i = 0; i < 50; ++i) session.relations().link(person, "cites", ids[i]);
    cited = ids[0];
  }
  constexpr std::int64_t most_blocks = 8000;
  for (const bool is_analyzed : {false, true}) {
    if (is_analyzed) raw.run("ANALYZE");
    INFO("analyzed: " << is_analyzed);
    for (const Direction direction : {Direction::ascending, Direction::descending}) {
      INFO("descending: " << (direction == Direction::descending));
      const std::vector<OrderBy> order{{"data.n", direction}};
      const std::int64_t blocks = blocks_read(server, raw, [&](const TrustedHost& host) {
        const EntityRepository notes = system(host).entities("note");
        const EntityPage first = notes.list({.order = order});
        CHECK(first.size() == 50);
        CHECK(notes.list({.order = order, .after = first.next()}).size() == 50);
        CHECK(notes.list({.where = field("data.plain") == 1, .order = order}).size() == 50);
        CHECK(notes.list({.status = "active", .order = order}).size() == 50);
        CHECK(notes.list({.search = "alpha", .order = order}).size() == 50);
      });
      CHECK(blocks < most_blocks);
    }
    const std::int64_t filtered = blocks_read(server, raw, [&](const TrustedHost& host) {
      const EntityRepository notes = system(host).entities("note");
      const Query query{.where = field("data.team") == 7, .status = "active"};
      CHECK(notes.list(query).size() == 50);
      CHECK(notes.count(query) == 50);
    });
    CHECK(filtered < most_blocks);
    const std::int64_t of_two_roles = blocks_read(server, raw, [&](const TrustedHost& host) {
      const EntityRepository notes = host.user_session(ada, acme, Environment::production).entities("note");
      CHECK(notes.list({.order = {{"data.plain"}}, .limit = 1000}).size() == 100);
    });
    CHECK(of_two_roles < most_blocks);
    const std::int64_t related = blocks_read(server, raw, [&](const TrustedHost& host) {
      const EntityRepository notes = host.user_session(bob, acme, Environment::production).entities("note");
      CHECK(notes.get(cited).id() == cited);
    });
    CHECK(related < most_blocks);
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
