#include <catch2/catch.hpp>

#include "struere/conformance.hpp"
#include "struere/storage/sqlite.hpp"
#include "support/temporary_database.hpp"

TEST_CASE("the SQLite storage is a storage", "[storage][conformance]") {
  const struere::test::TemporaryFolder folder;
  int files = 0;
  CHECK(struere::conformance::check_storage([&] {
          return struere::open_sqlite_storage(folder.file(std::to_string(++files) + ".db"));
        }) == std::vector<std::string>());
}
