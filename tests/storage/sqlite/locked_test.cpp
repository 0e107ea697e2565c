// Another process that holds the write lock and does not let go: writers are told so after the busy timeout, readers do
// not notice, and nothing is left behind when the lock is free again.
#include <catch2/catch.hpp>

#include <chrono>

#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class LockedWorld : public World {
 public:
  LockedWorld() : World(StorageKind::sqlite, options()) {
    define_type({{"slug", "session"}});
    id = create("session", {{"subject", "maths"}});
  }

  EntityRepository sessions() const { return system().entities("session"); }
  EntityId id;

 private:
  static DatabaseOptions options() {
    DatabaseOptions out;
    out.sqlite.busy_timeout = std::chrono::milliseconds(150);
    return out;
  }
};

}  // namespace

TEST_CASE("a held write lock is an error for writers, after the busy timeout, and nothing to readers",
          "[sqlite][locked]") {
  LockedWorld world;
  const std::string key = world.system().api_keys().create({.name = "k", .roles = {}}).secret;
  RawDatabase other(world.folder.file());
  other.run("BEGIN IMMEDIATE");
  other.run("UPDATE entities SET status = 'half written'");

  const auto started = std::chrono::steady_clock::now();
  const std::string message = error_of([&] { (void)world.sessions().update(world.id, {{"subject", "art"}}); });
  const auto waited = std::chrono::steady_clock::now() - started;
  INFO(message);
  CHECK(message.starts_with("storage: "));
  CHECK(message.find("busy timeout") != std::string::npos);
  CHECK(waited >= std::chrono::milliseconds(150));
  CHECK_ERROR(storage, world.sessions().create({{"subject", "art"}}));
  CHECK_ERROR(storage, world.sessions().remove(world.id));
  CHECK_ERROR(storage, world.system().roles().define({{"name", "r"}}));
  CHECK_ERROR(storage, world.host().create_user("bob"));

  // Readers see what was committed last, at once.
  CHECK(world.sessions().get(world.id).status() == "active");
  CHECK(world.sessions().count() == 1);
  CHECK(world.system().events().verify().ok);
  // A key is as good while its last use cannot be written down.
  CHECK(world.database->authenticate(key).actor().id() != "");

  other.run("ROLLBACK");
  CHECK(world.sessions().update(world.id, {{"subject", "art"}}).row->version() == 2);
  CHECK(world.system().events().verify().ok);
}

TEST_CASE("a denial stays a denial where it cannot be recorded", "[sqlite][locked]") {
  LockedWorld world;
  const Session nobody = world.user("nobody");
  RawDatabase other(world.folder.file());
  other.run("BEGIN IMMEDIATE");
  CHECK_ERROR(permission_denied, nobody.entities("session").get(world.id));
  other.run("ROLLBACK");
}

TEST_CASE("a file that is locked altogether cannot be opened, and says so", "[sqlite][locked]") {
  const TemporaryFolder folder;
  RawDatabase other(folder.file());
  other.run("BEGIN EXCLUSIVE");
  SqliteOptions options;
  options.busy_timeout = std::chrono::milliseconds(50);
  const std::string message = error_of([&] { (void)Database::open(folder.file(), {.sqlite = options}); });
  INFO(message);
  CHECK(message.starts_with("storage: "));
  CHECK(message.find("busy timeout") != std::string::npos);
  other.run("ROLLBACK");
  CHECK(error_of([&] { (void)Database::open(folder.file(), {.sqlite = options}); }) == "no error");
}
