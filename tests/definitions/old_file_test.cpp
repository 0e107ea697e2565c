// A file of before packs had definitions.
#include <catch2/catch.hpp>

#include <filesystem>
#include <map>

#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/struere.hpp"
#include "support/old_database.hpp"
#include "support/places.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Every row of every table that the file has now, in the order of its key.
std::map<std::string, std::vector<RawDatabase::Row>> all_rows(const std::string& path) {
  RawDatabase raw(path);
  std::map<std::string, std::vector<RawDatabase::Row>> out;
  for (const auto& table : raw.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
    out[table[0]] = raw.rows("SELECT * FROM \"" + table[0] + "\" ORDER BY 1, 2");
  return out;
}

}  // namespace

TEST_CASE("a database of version 3 opens, keeps every row, and takes packs with their definitions",
          "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 3);
  const auto before = all_rows(folder.file());
  REQUIRE(before.at("installed_packs").size() == 4);
  REQUIRE(before.at("releases").size() == 4);
  CHECK_FALSE(before.contains("pack_definitions"));
  (void)Database::open(folder.file());
  CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "5");
  auto after = all_rows(folder.file());
  CHECK(after.at("pack_definitions").empty());
  std::erase_if(after, [&](const auto& table) { return !before.contains(table.first); });
  CHECK(after == before);
  CHECK(RawDatabase(folder.file()).value("PRAGMA integrity_check") == "ok");

  const auto database = Database::open(folder.file());
  for (const char* organization : {"acme", "globex"})
    for (const Environment environment : {Environment::development, Environment::production}) {
      const Session system = database.trusted_host().system_session(OrganizationId(organization), environment);
      CHECK(system.events().verify().ok);
      CHECK(system.entities("note").count({.search = "milk"}) == 2);
      const InstalledPack recorded = system.packs().get("tutoring");
      CHECK(recorded.version == "1.1.0");
      CHECK(recorded.overrides == Json{{"colour", "green"}});
      CHECK(recorded.history.size() == 2);
      // One that was recorded without its definitions goes as it came.
      system.packs().uninstall("tutoring");
    }
  const Session reader = database.authenticate("sk_prod_tnMM9vXqPn797WzIFbrFmLlq1niPVjEsGfyYqDlwdJ4");
  CHECK(reader.environment() == Environment::production);
  CHECK(reader.entities("note").list().size() == 2);

  const Session development = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  const Packs packs(development);
  packs.apply(packs.plan_install(read_pack(std::filesystem::path(source_dir()) / "examples/packs/tutoring/1.0.0")));
  CHECK(all_rows(folder.file()).at("pack_definitions").size() == 1);
  const Definitions production(database,
                               database.trusted_host().system_session(OrganizationId("acme"), Environment::production));
  CHECK(production.deploy(production.plan_rollback(1), "as it was").number == 3);
  CHECK_FALSE(production.current().find(DefinitionKind::role, "reader"));
}
