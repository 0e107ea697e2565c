// A file that an older struere made opens with everything that was in it.
#include <catch2/catch.hpp>

#include "support/old_database.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a database of version 1 opens, keeps all that is in it and can do what is new", "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 1);
  for (int opening = 0; opening < 2; ++opening) {
    const auto database = Database::open(folder.file());
    const Session reader = database.authenticate("sk_dev_KyzukPi-voeiJoHlVljHzxJ73d1A9qf9z4FrWU9f75g");
    CHECK(reader.actor().organization() == OrganizationId("acme"));
    const auto notes = reader.entities("note");
    const EntityPage page = notes.list();
    REQUIRE(page.size() == 2);
    CHECK(page.front().data().at("text") == "Forget the milk");
    CHECK_FALSE(page.front().data().contains("secret"));
    CHECK(notes.count({.search = "forget"}) == 1);
    CHECK(notes.count({.search = "milk"}) == 2);
    for (const char* organization : {"acme", "globex"})
      for (const Environment environment : {Environment::development, Environment::production}) {
        const Session system = database.trusted_host().system_session(OrganizationId(organization), environment);
        CHECK(system.entities("note").count() == 3);
        const Entity person = system.entities("person").list().front();
        CHECK(system.relations().related(person.id(), "wrote").size() == 3);
        CHECK(system.events().verify().ok);
      }
    CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "5");
    // Three notes in each of the four scopes, with their words.
    CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM searchable_entities") == "12");
    CHECK(RawDatabase(folder.file())
              .value("SELECT group_concat(n) FROM (SELECT count(*) AS n FROM entity_search WHERE words LIKE '%.milk%' "
                     "GROUP BY scope_id ORDER BY scope_id)") == "3,3,3,3");
    CHECK(RawDatabase(folder.file()).value("PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE("a migration that cannot be finished changes nothing", "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 1);
  RawDatabase(folder.file()).run("CREATE TABLE threads(mine TEXT)");
  CHECK(error_of([&] { (void)Database::open(folder.file()); }).starts_with("storage: "));
  CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "1");
  CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM sqlite_schema WHERE name = 'agents'") == "0");
  RawDatabase(folder.file()).run("DROP TABLE threads");
  CHECK(error_of([&] { (void)Database::open(folder.file()); }) == "no error");
}
