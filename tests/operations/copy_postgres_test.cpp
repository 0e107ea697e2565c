// Organizations move between a file and PostgreSQL, either way.
#include <catch2/catch.hpp>

#include <random>
#include <thread>

#include "support/child_process.hpp"
#include "support/copied_world.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("what is copied to PostgreSQL and back is the same in every table", "[copy][postgres]") {
  World world(StorageKind::sqlite);
  make_source(world, first_seed(), 120);
  const std::string secret = world.system().api_keys().create({.name = "app", .roles = {"member"}}).secret;
  const TemporaryFolder folder;
  const PostgresDatabase target;
  const auto before = dump(world.folder.file());
  const auto server = Database::open(target.application());
  int checks = 0;
  const CopyReport report =
      copy_database(*world.database, server, {.batch_rows = 50, .progress = [&](const auto& at) {
                                                if (at.table != "events") return;
                                                ++checks;
                                                CHECK(server.trusted_host().organizations().empty());
                                                CHECK_ERROR(unauthenticated, server.authenticate(secret));
                                              }});
  CHECK(checks > 8);
  CHECK(report.organizations == 2);
  CHECK(server.authenticate(secret).actor().organization() == OrganizationId("acme"));
  copy_database(server, Database::open(folder.file("back.db")));
  auto after = dump(folder.file("back.db"));
  std::erase_if(after, [](const std::string& row) { return row.starts_with("api_keys"); });  // one was used
  auto expected = before;
  std::erase_if(expected, [](const std::string& row) { return row.starts_with("api_keys"); });
  CHECK(differences(expected, after) == no_differences);
  for (const Environment environment : each_environment) {
    const Session system = server.trusted_host().system_session(OrganizationId("globex"), environment);
    CHECK(system.events().verify().ok);
    CHECK(system.entities("person").create(Json::object()).row);  // ids, keys and the log go on
  }
  CHECK_ERROR(conflict, copy_database(*world.database, server));  // it is open
}

TEST_CASE("one organization moves between two databases of the server", "[copy][postgres]") {
  World world(StorageKind::sqlite);
  make_source(world, 21, 60);
  const TemporaryFolder folder;
  const PostgresDatabase first, second;
  const auto from = Database::open(first.application()), to = Database::open(second.application());
  copy_database(*world.database, from);
  to.trusted_host().create_organization("Others", OrganizationId("others"));  // so that scopes have other numbers
  copy_database(from, to, {.organization = OrganizationId("globex")});
  copy_database(to, Database::open(folder.file()), {.organization = OrganizationId("globex")});
  CHECK(differences(dump(world.folder.file(), "globex"), dump(folder.file(), "globex")) == no_differences);
}

TEST_CASE("a cursor of a database is none of its copy", "[copy][postgres][cursors]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  for (int i = 0; i < 5; ++i) world.create("note", {{"n", i}});
  const PostgresDatabase first, second;
  const auto one = Database::open(first.application()), two = Database::open(second.application());
  copy_database(*world.database, one);
  copy_database(one, two);
  const std::vector<const Database*> all{world.database.get(), &one, &two};
  const auto session = [](const Database& database) {
    return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  };
  for (const Database* const of : all) {
    const auto next = session(*of).entities("note").list({.limit = 2}).next();
    const auto next_event = session(*of).events().list({.limit = 2}).next;
    REQUIRE(next);
    REQUIRE(next_event);
    for (const Database* const at : all) {
      const auto list = [&] { return session(*at).entities("note").list({.limit = 2, .after = next}).size(); };
      const auto events = [&] { return session(*at).events().list({.limit = 2, .after = next_event}).events.size(); };
      if (at == of) {
        CHECK(list() == 2);
        CHECK(events() == 2);
      } else {
        CHECK_ERROR(invalid_cursor, list());
        CHECK_ERROR(invalid_cursor, events());
      }
    }
  }
}

TEST_CASE("a killed copy to PostgreSQL shows nothing, and the next one completes it", "[copy][postgres][kill]") {
  World world(StorageKind::sqlite);
  make_source(world, first_seed(), 80);
  std::mt19937 random(static_cast<std::mt19937::result_type>(first_seed()));
  const PostgresDatabase target;
  int killed = 0;
  for (bool is_done = false; !is_done;) {
    ChildProgram copier("copier", {world.folder.file(), target.application(), "10"});
    const int after = 1 + killed * 6 + static_cast<int>(random() % 20);  // later and later, so that it ends
    std::string line = copier.line();
    for (int i = 0; i < after && !line.empty() && line != "finished"; ++i) line = copier.line();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    copier.stop(SIGKILL);
    while (line != "finished" && !line.empty()) line = copier.line();
    is_done = line == "finished";
    copier.wait();
    if (is_done) break;
    ++killed;
    // Killed between the commit that opens the copy and the word that it is finished: then all of it is there.
    const auto shown = Database::open(target.application()).trusted_host().organizations().size();
    is_done = shown == 2;
    CHECK((is_done || shown == 0));
    REQUIRE(killed < 100);
  }
  CHECK(killed >= 5);
  const TemporaryFolder folder;
  copy_database(Database::open(target.application()), Database::open(folder.file()));
  CHECK(differences(dump(world.folder.file()), dump(folder.file())) == no_differences);
}
