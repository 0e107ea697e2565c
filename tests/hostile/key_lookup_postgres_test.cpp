// The same as key_lookup_test.cpp says of a file, of PostgreSQL: both tables that a key leads through are asked for its
// SHA-256 alone, by an index.
#include <catch2/catch.hpp>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a key is looked up by its hash on PostgreSQL, and no part of it is compared", "[hostile][keys][postgres]") {
  const PostgresDatabase server;
  const Database database = Database::open(server.application());
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const CreatedApiKey made = database.trusted_host()
                                 .system_session(OrganizationId("acme"), Environment::development)
                                 .api_keys()
                                 .create({.name = "k"});
  RawPostgres raw(server.superuser());
  CHECK(raw.value("SELECT DISTINCT length(hash) FROM struere.api_keys") == "32");
  CHECK(raw.value("SELECT DISTINCT length(hash) FROM struere.api_key_scopes") == "32");
  // Nothing of the key itself is stored but what is shown of it.
  const std::string token = made.secret.substr(std::string("sk_dev_").size());
  CHECK(raw.value("SELECT count(*) FROM struere.api_keys WHERE api_keys::text LIKE '%" + token.substr(8) + "%'") ==
        "0");
  RawPostgres application(server.application());
  application.run("SET enable_seqscan = off");  // a table of one row is read as it is, by whatever one asks
  for (const std::string table : {"api_key_scopes WHERE", "api_keys WHERE scope_id = 1 AND"}) {
    std::string plan;
    for (const auto& row :
         application.rows("BEGIN; SET LOCAL struere.scope = 1; EXPLAIN (COSTS OFF) SELECT * FROM struere." + table +
                          " hash = '\\x00'"))
      plan += row.at(0) + "\n";
    application.run("ROLLBACK");
    INFO(plan);
    CHECK(plan.find("Index Cond: ") != std::string::npos);
    CHECK(plan.find("(hash = '\\x00'::bytea)") != std::string::npos);
    CHECK(plan.find("\n  Filter: (hash") == std::string::npos);
  }
  // The row says what is shown of a key; that it says something else changes nothing about who gets in.
  raw.run("UPDATE struere.api_keys SET name = 'another'");
  CHECK(database.authenticate(made.secret).actor().environment() == Environment::development);
}
