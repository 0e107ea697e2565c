// Organizations move to another database: all of it or nothing, whatever interrupts the copy.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <thread>

#include "support/child_process.hpp"
#include "support/copied_world.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

void require_nothing_shown(const std::string& file) {
  const auto database = Database::open(file);
  CHECK(database.trusted_host().organizations().empty());
  CHECK_ERROR(not_found, database.trusted_host().system_session(OrganizationId("acme"), Environment::development));
  CHECK_ERROR(not_found, database.trusted_host().user_session(UserId("acme-ana"), OrganizationId("acme"),
                                                              Environment::development));
}

}  // namespace

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t worlds = 1;  // each takes several times as long
#else
constexpr std::uint64_t worlds = 3;
#endif

TEST_CASE("a database that is copied there and back is the same in every table", "[copy][property]") {
  const std::uint64_t first = first_seed();
  for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
    INFO("seed " << seed);
    World world(StorageKind::sqlite);
    make_source(world, seed, 120);
    const TemporaryFolder folder;
    const auto there = folder.file("there.db"), back = folder.file("back.db");
    const CopyReport report = copy_database(*world.database, Database::open(there), {.batch_rows = 7});
    CHECK(report.organizations == 2);
    CHECK(report.users == 2);
    CHECK_FALSE(report.resumed);
    const auto before = dump(world.folder.file());
    CHECK(differences(before, dump(there)) == no_differences);
    copy_database(Database::open(there), Database::open(back));
    CHECK(differences(before, dump(back)) == no_differences);
    CHECK(before.size() > 400);

    const auto opened = Database::open(back);
    for (const char* const organization : {"acme", "globex"})
      for (const Environment environment : each_environment) {
        const Session system = opened.trusted_host().system_session(OrganizationId(organization), environment);
        CHECK(system.events().verify().ok);
        CHECK(system.entities("person").create(Json::object()).row);  // ids, keys and the log go on
      }
    CHECK(opened.trusted_host().check_storage().faults.empty());
  }
}

TEST_CASE("a copy through memory is the same as well", "[copy]") {
  World world(StorageKind::sqlite);
  make_source(world, 5, 60);
  const TemporaryFolder folder;
  const auto memory = Database::in_memory();
  copy_database(*world.database, memory, {.batch_rows = 3});
  copy_database(memory, Database::open(folder.file("back.db")));
  CHECK(differences(dump(world.folder.file()), dump(folder.file("back.db"))) == no_differences);
}

TEST_CASE("one organization moves beside others, which notice nothing", "[copy]") {
  World world(StorageKind::sqlite), target(StorageKind::sqlite);
  make_source(world, 7, 60);
  target.system().entity_types().define({{"slug", "note"}});
  const auto others = dump(target.folder.file(), "acme");
  const CopyReport report =
      copy_database(*world.database, *target.database, {.organization = OrganizationId("globex")});
  CHECK(report.organizations == 1);
  CHECK(report.users == 1);
  CHECK(dump(target.folder.file(), "acme") == others);
  CHECK(differences(dump(world.folder.file(), "globex"), dump(target.folder.file(), "globex")) == no_differences);

  // What is there is not written into; nor is an organization copied that is none.
  CHECK_ERROR(conflict, copy_database(*world.database, *target.database, {.organization = OrganizationId("globex")}));
  CHECK_ERROR(conflict, copy_database(*world.database, *target.database));
  CHECK_ERROR(not_found, copy_database(*world.database, *target.database, {.organization = OrganizationId("none")}));
  CHECK_ERROR(invalid_data, copy_database(*world.database, *target.database, {.batch_rows = 0}));
}

TEST_CASE("an API key is valid in the copy once it is open, and not before", "[copy]") {
  World world(StorageKind::sqlite);
  make_source(world, 9, 20);
  const std::string secret = world.system().api_keys().create({.name = "app", .roles = {"member"}}).secret;
  const TemporaryFolder folder;
  const auto target = Database::open(folder.file());
  int checks = 0;
  copy_database(*world.database, target, {.progress = [&](const CopyProgress& at) {
    if (at.table != "events") return;
    ++checks;
    CHECK_ERROR(unauthenticated, target.authenticate(secret));
    require_nothing_shown(folder.file());
  }});
  CHECK(checks >= 8);
  CHECK(target.authenticate(secret).actor().organization() == OrganizationId("acme"));
}

TEST_CASE("a user of the target with the id of another person stops the copy", "[copy]") {
  World world(StorageKind::sqlite), target(StorageKind::sqlite);
  make_source(world, 11, 10);
  target.host().create_user("Somebody else", UserId("globex-ana"));
  const CopyOptions options{.organization = OrganizationId("globex")};
  CHECK_ERROR(conflict, copy_database(*world.database, *target.database, options));
  CopyOptions joining = options;
  joining.join_users = true;
  CHECK(copy_database(*world.database, *target.database, joining).users == 0);
}

TEST_CASE("a copy for the organization itself tells of a user only what the organization knows", "[copy][wall]") {
  World world(StorageKind::sqlite);
  world.add_organization("globex");
  world.host().create_user("Dora Real-Name", UserId("dora"));
  world.host().put_member(OrganizationId("globex"), UserId("dora"));
  world.clock.advance(60'000);
  world.user("dora");
  world.user("nobody");
  const TemporaryFolder folder;
  const CopyOptions options{.organization = OrganizationId("acme"), .keep_names = false};
  CHECK(copy_database(*world.database, Database::open(folder.file()), options).users == 2);
  RawDatabase copy(folder.file());
  CHECK(copy.value("SELECT count(DISTINCT created_at) FROM users") == "1");
  CHECK(copy.value("SELECT created_at FROM users LIMIT 1") == copy.value("SELECT created_at FROM memberships LIMIT 1"));
  CHECK(copy.value("SELECT count(*) FROM users WHERE name = id") == "2");
  CHECK_ERROR(invalid_data, copy_database(*world.database, Database::in_memory(), {.keep_names = false}));

  const auto named = Database::open(folder.file("named.db"));
  copy_database(*world.database, named, {.organization = OrganizationId("acme")});
  CHECK(RawDatabase(folder.file("named.db")).value("SELECT name FROM users WHERE id = 'dora'") == "Dora Real-Name");
}

TEST_CASE("a copy whose source is written to meanwhile is not opened", "[copy]") {
  World world(StorageKind::sqlite);
  make_source(world, 13, 40);
  const TemporaryFolder folder;
  const auto target = Database::open(folder.file());
  bool has_written = false;
  CopyOptions options{.progress = [&](const CopyProgress& at) {
    if (at.step != CopyProgress::Step::verify || std::exchange(has_written, true)) return;
    world.system(Environment::production).entities("person").create(Json::object());
  }};
  CHECK_ERROR(conflict, copy_database(*world.database, target, options));
  require_nothing_shown(folder.file());
  CHECK_ERROR(conflict, copy_database(*world.database, target));  // what is there is of an older state
  options.restart = true;
  CHECK(copy_database(*world.database, target, options).resumed);  // globex, which had not changed
  CHECK(differences(dump(world.folder.file()), dump(folder.file())) == no_differences);
}

TEST_CASE("a copy that differs from its source is not opened", "[copy]") {
  const char* const damage = GENERATE(
      "UPDATE entities SET data = '{}' WHERE rowid = (SELECT min(rowid) FROM entities WHERE data <> '{}')",
      "UPDATE roles SET name = 'other' WHERE scope_id = 2", "DELETE FROM entity_relations",
      "UPDATE events SET payload = '{\"a\":1}' WHERE scope_id = 3 AND sequence = (SELECT max(sequence) FROM events "
      "WHERE "
      "scope_id = 3)",
      "UPDATE agents SET name = 'other'", "DELETE FROM unique_values; DELETE FROM unique_keys WHERE scope_id = 4");
  World world(StorageKind::sqlite);
  make_source(world, 15, 60);
  const TemporaryFolder folder;
  const auto target = Database::open(folder.file());
  bool is_damaged = false;
  CHECK_ERROR(storage, copy_database(*world.database, target, {.progress = [&](const CopyProgress& at) {
                if (at.step == CopyProgress::Step::verify && !std::exchange(is_damaged, true))
                  RawDatabase(folder.file()).run(damage);
              }}));
  CHECK(is_damaged);
  require_nothing_shown(folder.file());
}

TEST_CASE("a killed copy shows nothing, and the next one completes it", "[copy][kill]") {
  World world(StorageKind::sqlite);
  make_source(world, first_seed(), 150);
  std::mt19937 random(static_cast<std::mt19937::result_type>(first_seed()));
  const TemporaryFolder folder;
  int killed = 0, lines = 0;
  for (int round = 0; round < 2; ++round) {
    const std::string target = folder.file("target" + std::to_string(round) + ".db");
    for (bool is_done = false; !is_done;) {
      ChildProgram copier("copier", {world.folder.file(), target, "5"});
      // Later and later, so that it ends.
      const int after = 1 + killed * 3 + static_cast<int>(random() % 20);
      std::string line = copier.line();
      for (int i = 0; i < after && !line.empty() && line != "finished"; ++i, ++lines) line = copier.line();
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
      copier.stop(SIGKILL);
      while (line != "finished" && !line.empty()) line = copier.line();
      is_done = line == "finished";
      copier.wait();
      if (is_done) break;
      ++killed;
      if (!std::filesystem::exists(target)) continue;
      // Killed between the commit that opens the copy and the word that it is finished: then all of it is there.
      is_done = Database::open(target).trusted_host().organizations().size() == 2;
      if (!is_done) require_nothing_shown(target);
      REQUIRE(killed < 200);
    }
    CHECK(differences(dump(world.folder.file()), dump(target)) == no_differences);
  }
  CHECK(killed >= 6);
}
