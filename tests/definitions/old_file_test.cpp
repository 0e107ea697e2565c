// A file of before packs had definitions.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/struere.hpp"
#include "struere/yaml/pack_folder.hpp"
#include "support/old_database.hpp"
#include "support/places.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using Columns = std::map<std::string, std::set<std::string>>;  // by table

Columns columns_of(const std::string& path) {
  RawDatabase raw(path);
  Columns out;
  for (const auto& row : raw.rows("SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE "
                                  "t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"))
    out[row[0]].insert(row[1]);
  return out;
}

// Every row of these tables, as far as these columns go.
std::map<std::string, std::vector<RawDatabase::Row>> all_rows(const std::string& path, const Columns& columns) {
  RawDatabase raw(path);
  std::map<std::string, std::vector<RawDatabase::Row>> out;
  for (const auto& [table, names] : columns) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
    out[table] = raw.rows("SELECT " + list + " FROM \"" + table + "\"");
    std::sort(out[table].begin(), out[table].end());
  }
  return out;
}

}  // namespace

TEST_CASE("a database of version 3 opens, keeps every row, and takes packs with their definitions",
          "[sqlite][migration]") {
  const TemporaryFolder folder, untouched;
  make_old_database(folder.file(), 3);
  make_old_database(untouched.file(), 3);
  Columns kept = columns_of(folder.file());
  CHECK_FALSE(kept.contains("pack_definitions"));
  (void)Database::open(folder.file());
  CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "10");
  const Columns now = columns_of(folder.file());
  CHECK(kept.at("agents").erase("status") == 1);  // a configuration says it now
  for (const auto& [table, names] : kept) {
    INFO(table);
    CHECK(std::includes(now.at(table).begin(), now.at(table).end(), names.begin(), names.end()));
  }
  const auto before = all_rows(untouched.file(), kept);
  REQUIRE(before.at("installed_packs").size() == 4);
  REQUIRE(before.at("releases").size() == 4);
  CHECK(all_rows(folder.file(), kept) == before);
  CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM pack_definitions") == "0");
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
  CHECK(reader.actor().environment() == Environment::production);
  CHECK(reader.entities("note").list().size() == 2);

  const Session development = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  const Packs packs(development);
  packs.apply(packs.plan_install(read_pack(std::filesystem::path(source_dir()) / "examples/packs/tutoring/1.0.0")));
  CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM pack_definitions") == "1");
  const Definitions production(database.trusted_host().system_session(OrganizationId("acme"), Environment::production));
  CHECK(production.deploy(production.plan_rollback(1), "as it was").number == 3);
  CHECK_FALSE(production.current().find(DefinitionKind::role, "reader"));
}
