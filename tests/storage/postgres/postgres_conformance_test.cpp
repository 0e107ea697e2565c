#include <catch2/catch.hpp>

#include <cstdlib>

#include "postgres/empty_databases.hpp"
#include "struere/conformance.hpp"

TEST_CASE("the PostgreSQL storage is a storage", "[storage][conformance][postgres]") {
  const char* const url = std::getenv("STRUERE_POSTGRESQL_URL");
  REQUIRE(url);  // scripts/postgres_server sets it
  CHECK(struere::conformance::check_storage(struere::conformance::empty_postgres_databases(url)) ==
        std::vector<std::string>());
}
