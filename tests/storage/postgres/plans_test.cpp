// Which indexes the server takes for what the library asks.
#include <catch2/catch.hpp>

#include <fmt/format.h>

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
      CHECK(plan.find("Seq Scan") == std::string::npos);
    }
  }
}
