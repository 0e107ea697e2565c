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
    CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "10");
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

TEST_CASE("the step to version 5 says anew who may be whom", "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 3);
  const OrganizationId acme("acme");
  const auto value = [&](const std::string& sql) { return RawDatabase(folder.file()).value(sql); };
  {
    RawDatabase raw(folder.file());
    raw.run("UPDATE agents SET status = 'inactive' WHERE organization_id = 'acme'");
    // Ana made the key of acme's development scope; the log of its production scope does not tell any more.
    raw.run(
        "UPDATE events SET actor_type = 'user', actor_id = 'ana@acme' WHERE scope_id = 1 AND type = 'api-key.created'");
    raw.run("UPDATE events SET type = 'x.y' WHERE scope_id = 2 AND type = 'api-key.created'");
    raw.run("INSERT INTO users VALUES('gone', 'Gone', 1)");
    raw.run("INSERT INTO role_assignments SELECT scope_id, 'gone', role_id, NULL, 'system', 1 FROM role_assignments");
  }
  for (int opening = 0; opening < 2; ++opening) {
    const Database database = Database::open(folder.file());
    CHECK(value("PRAGMA user_version") == "10");
    CHECK(value("PRAGMA integrity_check") == "ok");
    CHECK(value("SELECT count(*) FROM pragma_foreign_key_check") == "0");
    for (const Environment environment : {Environment::development, Environment::production}) {
      CHECK_ERROR(not_found, database.trusted_host().agent_session("clerk", acme, environment));
      CHECK_NOTHROW(database.trusted_host().agent_session("clerk", OrganizationId("globex"), environment));
    }
    CHECK(value("SELECT count(*) FROM role_assignments WHERE user_id = 'gone'") == "0");
    CHECK(value("SELECT count(*) FROM role_assignments") == "4");
    const Session system = database.trusted_host().system_session(acme, Environment::development);
    CHECK(system.api_keys().list().front().created_by == "ana@acme");
    const Session there = database.trusted_host().system_session(acme, Environment::production);
    CHECK(there.api_keys().list().front().created_by_type == "system");
    const auto thread = system.threads().find("chat-1");
    REQUIRE(thread);
    CHECK(system.threads().messages(thread->id).messages.size() == 1);
    CHECK(database.trusted_host()
              .user_session(UserId("ana@acme"), acme, Environment::development)
              .threads()
              .list()
              .threads.empty());
  }
}

TEST_CASE("a database of version 5 opens with all that is in it", "[sqlite][migration]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  const EntityId id = world.create("note", {{"text", "Forget the milk"}});
  world.database.reset();
  const std::string path = world.folder.file();
  RawDatabase(path).run(
      "ALTER TABLE events DROP COLUMN trace_id; DROP TABLE log_disorder; DROP INDEX threads_by_agent; DROP INDEX "
      "executions_by_agent; DROP INDEX trigger_runs_by_trigger; DROP TABLE kept_answers; DROP TABLE "
      "operator_sessions; ALTER TABLE "
      "organizations DROP COLUMN unfinished_copy; "
      "PRAGMA user_version = 5");
  const Database database = Database::open(path);
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  CHECK(system.entities("note").get(id).data().at("text") == "Forget the milk");
  CHECK(RawDatabase(path).value("PRAGMA user_version") == "10");
}

TEST_CASE("a database of version 6 opens with all that is in it, and takes operators", "[sqlite][migration]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  const EntityId id = world.create("note", {{"text", "Forget the milk"}});
  world.user("ana");
  world.database.reset();
  const std::string path = world.folder.file();
  RawDatabase(path).run(
      "ALTER TABLE events DROP COLUMN trace_id; DROP TABLE log_disorder; DROP INDEX threads_by_agent; DROP INDEX "
      "executions_by_agent; DROP INDEX trigger_runs_by_trigger; DROP TABLE kept_answers; DROP TABLE "
      "operator_sessions; PRAGMA "
      "user_version = 6");
  const Database database = Database::open(path);
  const TrustedHost host = database.trusted_host();
  CHECK(host.system_session(OrganizationId("acme"), Environment::development).entities("note").get(id).version() == 1);
  CHECK(RawDatabase(path).value("PRAGMA user_version") == "10");
  const std::string link = host.operator_sessions().invite(OrganizationId("acme"), UserId("ana")).secret;
  CHECK(host.operator_sessions().redeem(link).session.user == UserId("ana"));
}

TEST_CASE("a database of version 7 opens, and its field keys lead to its rows", "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 7);
  const OrganizationId acme("acme");
  for (int opening = 0; opening < 2; ++opening) {
    const Database database = Database::open(folder.file());
    const TrustedHost host = database.trusted_host();
    CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "10");
    CHECK(RawDatabase(folder.file()).value("PRAGMA integrity_check") == "ok");
    CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM pragma_foreign_key_check") == "0");
    CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM entity_keys") == "18");
    CHECK(host.check_storage().faults.empty());
    const auto notes_of = [&](const char* user, Environment environment) {
      return host.user_session(UserId(user), acme, environment).entities("note");
    };
    CHECK(notes_of("ana", Environment::development).count() == 3);
    CHECK(notes_of("ana", Environment::development).list().size() == 3);
    CHECK(notes_of("ben", Environment::development).list().size() == 2);
    CHECK(notes_of("ana", Environment::development).list({.where = field("data.number") == 2}).size() == 1);
    CHECK(notes_of("ana", Environment::development).list({.search = "cello"}).size() == 1);
    const Session system = host.system_session(acme, Environment::production);
    CHECK(system.entities("note").list().front().data().at("text") == "In production");
    CHECK_ERROR(conflict, system.entities("note").create({{"text", "Another"}, {"number", 7}}));
    CHECK(system.events().verify().ok);
    CHECK_NOTHROW(database.authenticate("sk_dev_6ubgICXtLrm3aeeS94BDX2xU_fIws6BYtdb4QJr_Hmw"));
  }
}

TEST_CASE("a database of version 8 opens with all that is in it, and carries requests out once",
          "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 8);
  const OrganizationId acme("acme");
  for (int opening = 0; opening < 2; ++opening) {
    const Database database = Database::open(folder.file());
    const TrustedHost host = database.trusted_host();
    const Session ana = host.user_session(UserId("ana"), acme, Environment::development);
    CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "10");
    CHECK(RawDatabase(folder.file()).value("PRAGMA integrity_check") == "ok");
    CHECK(RawDatabase(folder.file()).value("SELECT count(*) FROM pragma_foreign_key_check") == "0");
    CHECK(host.check_storage().faults.empty());
    for (const Environment environment : {Environment::development, Environment::production})
      CHECK(host.system_session(acme, environment).events().verify().ok);
    CHECK(ana.entities("note").list({.where = field("data.number") == 2}).size() == 1);
    const OnceAnswer answer = ana.once({"k", "f"}, [](Session& unit) {
      return Json(unit.entities("note").create({{"text", "Once"}, {"author", "ana"}}).id.str());
    });
    CHECK(answer.is_repeated == (opening == 1));
    CHECK(ana.entities("note").count() == 4);
    CHECK_NOTHROW(database.authenticate("sk_dev_EgXJsHdQwEaK3KqD8HCjSNYgAzNz0rl7OPvxW0OoL4A"));
  }
}

TEST_CASE("a migration that fails leaves foreign keys and the file as they were", "[sqlite][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 7);
  RawDatabase(folder.file()).run("CREATE TABLE numbered_entities(mine TEXT)");
  CHECK(error_of([&] { (void)Database::open(folder.file()); }).starts_with("storage: "));
  CHECK(RawDatabase(folder.file()).value("PRAGMA user_version") == "7");
  RawDatabase(folder.file()).run("DROP TABLE numbered_entities");
  CHECK(error_of([&] { (void)Database::open(folder.file()); }) == "no error");
}
