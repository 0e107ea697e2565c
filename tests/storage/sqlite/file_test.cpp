// The file behind a database: its name, its mode, and whether it is still there.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "struere/operations/backup.hpp"
#include "struere/operations/doctor.hpp"
#include "support/child_process.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

namespace paths = std::filesystem;

unsigned mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777U : 0;
}

void create_in(const Database& database) {
  const auto host = database.trusted_host();
  host.create_organization("acme", OrganizationId("acme"));
  const auto system = host.system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define(Json{{"slug", "session"}});
  system.entities("session").create(Json{{"n", 1}});
}

}  // namespace

TEST_CASE("a write to a file that was deleted, moved or replaced fails and names it", "[sqlite][file]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  world.create("session", {{"n", 1}});
  const auto sessions = world.system().entities("session");  // a read may notice the change first
  const std::string file = world.folder.file();
  const auto how =
      GENERATE(as<std::string>{}, "deleted", "moved", "replaced", "swapped", "log deleted", "index deleted");
  CAPTURE(how);
  if (how == "deleted") paths::remove(file);
  if (how == "moved") paths::rename(file, file + ".old");
  if (how == "replaced") {
    const World other(StorageKind::sqlite);
    paths::copy_file(other.folder.file(), file + ".new");
    paths::rename(file + ".new", file);
  }
  if (how == "swapped") {
    paths::rename(file, file + ".old");
    paths::copy_file(file + ".old", file);
  }
  if (how == "log deleted") paths::remove(file + "-wal");
  if (how == "index deleted") paths::remove(file + "-shm");
  const std::string said = error_of([&] { sessions.create(Json{{"n", 2}}); });
  CHECK(said.starts_with("storage: "));
  CHECK(said.find(file) != std::string::npos);
  CHECK(error_of([&] { world.host().create_user("ana"); }).starts_with("storage: "));
  CHECK(error_of([&] { world.host().require_storage(); }).starts_with("storage: "));
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  CHECK(error_of([&] { sessions.count(); }).starts_with("storage: "));
  CHECK_FALSE((how == "deleted" && paths::exists(file)));  // and nobody makes an empty one in its place
}

TEST_CASE("a unit of work whose file goes while its body runs is not acknowledged", "[sqlite][file]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  CHECK(error_of([&] {
          world.system().transaction([&](Session& unit) {
            unit.entities("session").create({{"n", 1}});
            paths::remove(world.folder.file());
          });
        }).starts_with("storage: "));
}

TEST_CASE("a database and what lies beside it are for their owner alone, whatever the umask", "[sqlite][file]") {
  const TemporaryFolder folder;
  const std::string answer = in_child([&] {
    umask(0);
    const auto database = Database::open(folder.file());
    create_in(database);
    back_up_database(folder.file(), folder.file("copy.db"));
    std::string out;
    for (const auto& entry : paths::directory_iterator(folder.path()))
      if (mode_of(entry.path()) != 0600)
        out += entry.path().filename().string() + " has mode " + std::to_string(mode_of(entry.path())) + "; ";
    return out;
  });
  CHECK(answer.empty());
  CHECK(paths::exists(folder.file("copy.db")));
}

TEST_CASE("a link that leads to nothing becomes a database for its owner alone", "[sqlite][file]") {
  const TemporaryFolder folder;
  paths::create_symlink("real.db", folder.file("link.db"));
  const auto database = Database::open(folder.file("link.db"));
  create_in(database);
  CHECK(mode_of(folder.file("real.db")) == 0600);
  CHECK(paths::exists(folder.file("real.db-wal")));
}

TEST_CASE("a file that others may read keeps its mode, and doctor tells", "[sqlite][file]") {
  World world(StorageKind::sqlite);
  const auto findings = [&] {
    std::string out;
    for (const Finding& finding : examine(*world.database))
      if (finding.check == Finding::Check::storage) out += finding.message + "\n";
    return out;
  };
  CHECK(findings().empty());
  chmod(world.folder.file().c_str(), 0644);
  CHECK(findings().find("chmod 600") != std::string::npos);
  const auto again = Database::open(world.folder.file());
  CHECK(mode_of(world.folder.file()) == 0644);
  chmod(world.folder.file().c_str(), 0600);
  chmod((world.folder.file() + "-wal").c_str(), 0644);
  CHECK(findings().find(world.folder.file() + "-wal may be read") != std::string::npos);
  chmod((world.folder.file() + "-wal").c_str(), 0600);
  CHECK(findings().empty());
  chmod(world.folder.path().c_str(), 0777);
  CHECK(findings().find("folder") != std::string::npos);
}

TEST_CASE("a relative path is a path: no URI, no memory, and the same after a change of folder", "[sqlite][file]") {
  const TemporaryFolder folder;
  paths::create_directory(folder.path() / "elsewhere");
  const auto name = GENERATE(as<std::string>{}, "file:acme.db", "file:acme.db?mode=memory", "a?b=c.db", "%41.db",
                             "with space.db", ":memory:x", "file::memory:");
  CAPTURE(name);
  CHECK(in_child([&]() -> std::string {
          paths::current_path(folder.path());
          const auto database = Database::open(name);
          paths::current_path(folder.path() / "elsewhere");
          create_in(database);
          std::string out;
          for (const auto& organization : database.trusted_host().organizations()) out += organization.name;
          paths::current_path(folder.path());
          back_up_database(name, folder.file("copy.db"));
          return out;
        }) == "acme");
  CHECK(paths::is_regular_file(folder.path() / name));
  CHECK(paths::is_empty(folder.path() / "elsewhere"));
}

TEST_CASE("what no file can be called is refused with words", "[sqlite][file]") {
  CHECK(error_of([] { Database::open(""); }).find("in_memory()") != std::string::npos);
  CHECK(error_of([] { Database::open(":memory:"); }).find("in_memory()") != std::string::npos);
  CHECK(error_of([] { Database::open(std::string("a\0b", 3)); }).starts_with("storage: "));
}

TEST_CASE("a database is not carried over a fork, and the parent's goes on", "[sqlite][file][fork]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  world.create("session", {{"n", 1}});
  const auto system = world.system();
  const std::string said = in_child([&] {
    std::string out;
    const auto tell = [&](const std::string& what, const std::function<void()>& body) {
      const std::string error = error_of(body);
      if (error.find("fork") == std::string::npos) out += what + ": " + error + "; ";
    };
    tell("create", [&] { system.entities("session").create(Json{{"n", 2}}); });
    tell("list", [&] { system.entities("session").list(); });
    tell("can", [&] { system.can(Action::list, "session"); });
    tell("organizations", [&] { world.host().organizations(); });
    tell("authenticate", [&] { world.database->authenticate("sk_dev_x"); });
    world.database.reset();  // closes nothing that is the parent's
    const auto own = Database::open(world.folder.file());
    own.trusted_host()
        .system_session(OrganizationId("acme"), Environment::development)
        .entities("session")
        .create(Json{{"n", 3}});
    return out;
  });
  CHECK(said.empty());
  world.create("session", {{"n", 4}});
  CHECK(system.entities("session").count() == 3);
  CHECK(system.events().verify().ok);
}
