// The database, copied while others write to it: whole, verified, or not there.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

#include "support/child_process.hpp"
#include "support/file_bytes.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Whatever is left beside the files that a test knows.
std::vector<std::string> unfinished(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().string().find(".unfinished") != std::string::npos) out.push_back(entry.path().filename().string());
  return out;
}

void add_rows(World& world, int count) {
  world.define_type({{"slug", "session"}, {"schema", {{"type", "object"}}}});
  for (int i = 0; i < count; ++i) world.create("session", {{"number", i}});
}

}  // namespace

TEST_CASE("who follows a log is told that it is another one since a backup was restored", "[backup][cursors]") {
  World world(StorageKind::sqlite);
  add_rows(world, 3);
  const auto end_of = [](const Session& session) { return session.events().end({}); };
  const std::string before = end_of(world.system());
  const std::string copy = world.folder.file("copy.db");
  back_up_database(world.folder.file(), copy);
  for (int i = 0; i < 3; ++i) world.create("session", {{"number", i}});
  const std::string lost = end_of(world.system());

  const Database restored = Database::open(copy);
  const Session session = restored.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  const EventRepository events = session.events();
  CHECK_ERROR(invalid_cursor, events.list({.after = lost}));
  // The numbers of the events that were lost are those of others.
  for (int i = 0; i < 5; ++i) session.entities("session").create({{"number", i}});
  CHECK_ERROR(invalid_cursor, events.list({.after = lost}));
  CHECK_ERROR(invalid_cursor, events.subscribe({.after = lost}).next(std::chrono::milliseconds(0)));
  CHECK(events.list({.after = before}).events.size() == 5);
}

TEST_CASE("a backup holds what was there, and is a database like any other", "[backup]") {
  World world(StorageKind::sqlite);
  add_rows(world, 100);
  const std::string key = world.system().api_keys().create({.name = "app"}).secret;
  const std::string copy = world.folder.file("copy.db");
  std::vector<BackupProgress> seen;
  const BackupReport report = back_up_database(world.folder.file(), copy,
                                               {.progress = [&](const auto& progress) { seen.push_back(progress); }});
  CHECK(report.organizations == 1);
  CHECK(report.events == world.system().events().verify().verified);
  CHECK(report.bytes == static_cast<std::int64_t>(std::filesystem::file_size(copy)));
  REQUIRE(seen.size() >= 3);
  CHECK(seen.front().step == BackupProgress::Step::copy);
  CHECK(seen.back().step == BackupProgress::Step::verify);
  CHECK(seen.back().done == seen.back().total);
  CHECK(unfinished(world.folder.path()).empty());
  CHECK_FALSE(std::filesystem::exists(copy + "-wal"));
  CHECK(RawDatabase(copy).value("PRAGMA journal_mode") == "wal");

  world.system().entities("session").create(Json{{"number", 100}});
  const auto opened = Database::open(copy);
  CHECK_NOTHROW(opened.authenticate(key));
  const Session system = opened.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  CHECK(system.entities("session").count() == 100);
  system.entities("session").create(Json{{"number", 100}});
  CHECK(system.events().verify().ok);
}

TEST_CASE("a backup is one moment of a database that another process writes to all the time", "[backup][process]") {
  World world(StorageKind::sqlite);
  add_rows(world, 2000);
  const std::string file = world.folder.file();
  ChildProgram writer("scoped_writer", {file, "rows"});
  REQUIRE_FALSE(writer.line().empty());
  const auto events_of = [&](const Database& database) {
    return database.trusted_host()
        .system_session(OrganizationId("acme"), Environment::development)
        .events()
        .verify()
        .verified.value();
  };
  const std::int64_t first = events_of(*world.database);
  for (int round = 0; round < 5; ++round) {
    const std::string copy = world.folder.file("copy" + std::to_string(round) + ".db");
    const std::int64_t before = events_of(*world.database);
    const BackupReport report = back_up_database(file, copy);
    const std::int64_t after = events_of(*world.database);
    CHECK(report.events >= before);
    CHECK(report.events <= after);
    const auto opened = Database::open(copy);
    CHECK(opened.trusted_host().check_storage().faults.empty());
    CHECK(events_of(opened) == report.events);
    // Each row came with its event, and the other way round.
    const Session system = opened.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    CHECK(RawDatabase(copy).value("SELECT count(*) FROM events WHERE type = 'session.created'") ==
          std::to_string(system.entities("session").count()));
  }
  CHECK(events_of(*world.database) > first);  // the writer was not held up
  writer.stop(SIGKILL);
  writer.wait();
}

TEST_CASE("a backup replaces nothing unless it is told to, and never the database itself", "[backup]") {
  World world(StorageKind::sqlite);
  add_rows(world, 3);
  const std::string file = world.folder.file(), copy = world.folder.file("copy.db");
  std::ofstream(copy) << "dear to somebody";
  CHECK(error_code_of([&] { back_up_database(file, copy); }) == ErrorCode::conflict);
  CHECK(std::filesystem::file_size(copy) == 16);
  CHECK_NOTHROW(back_up_database(file, copy, {.replace = true}));
  CHECK_NOTHROW(back_up_database(file, copy, {.replace = true}));
  CHECK(Database::open(copy).trusted_host().organizations().size() == 1);

  const std::string link = world.folder.file("link.db"), nowhere = world.folder.file("nowhere.db");
  std::filesystem::create_symlink(file, link);
  std::filesystem::create_symlink("/nonexistent", nowhere);
  std::filesystem::create_hard_link(file, world.folder.file("hard.db"));
  for (const bool replace : {false, true}) {
    CHECK(error_code_of([&] { back_up_database(file, file, {.replace = replace}); }) == ErrorCode::conflict);
    CHECK(error_code_of([&] { back_up_database(file, link, {.replace = replace}); }) == ErrorCode::conflict);
    CHECK(error_code_of([&] { back_up_database(file, nowhere, {.replace = replace}); }) == ErrorCode::conflict);
    CHECK(error_code_of([&] { back_up_database(file, world.folder.file("hard.db"), {.replace = replace}); }) ==
          ErrorCode::conflict);
    CHECK(error_code_of([&] { back_up_database(file, world.folder.path(), {.replace = replace}); }) ==
          ErrorCode::conflict);
  }
  // The log of a database that is open would be read as part of the copy.
  const auto open = Database::open(copy);
  open.trusted_host().create_organization("Other");
  CHECK(error_code_of([&] { back_up_database(file, copy, {.replace = true}); }) == ErrorCode::conflict);
  CHECK(unfinished(world.folder.path()).empty());
}

TEST_CASE("a backup that fails leaves nothing, and what was there", "[backup]") {
  World world(StorageKind::sqlite);
  add_rows(world, 50);
  const std::string file = world.folder.file(), copy = world.folder.file("copy.db");
  CHECK_NOTHROW(back_up_database(file, copy));
  const auto size = std::filesystem::file_size(copy);
  const auto attempt = [&](const std::string& from) {
    const auto code = error_code_of([&] { back_up_database(from, copy, {.replace = true}); });
    CHECK(unfinished(world.folder.path()).empty());
    CHECK(std::filesystem::file_size(copy) == size);
    return code;
  };
  SECTION("no database") {
    CHECK(attempt(world.folder.file("missing.db")) == ErrorCode::storage);
    std::ofstream(world.folder.file("text.db")) << std::string(5000, 'x');
    CHECK(attempt(world.folder.file("text.db")) == ErrorCode::storage);
    std::ofstream(world.folder.file("empty.db")).close();
    CHECK(attempt(world.folder.file("empty.db")) == ErrorCode::storage);
  }
  SECTION("an altered log") {
    RawDatabase(file).run("UPDATE events SET payload = '{}' WHERE sequence = 7");
    CHECK(attempt(file) == ErrorCode::storage);
  }
  SECTION("rows that refer to none") {
    RawDatabase(file).run("PRAGMA foreign_keys = OFF; UPDATE entities SET type_key = 77 WHERE rowid = 1");
    CHECK(attempt(file) == ErrorCode::storage);
  }
  SECTION("whoever watches it stops it") {
    struct Stop {};
    CHECK_THROWS_AS(back_up_database(file, copy, {.replace = true, .progress = [](const auto&) { throw Stop(); }}),
                    Stop);
    CHECK(unfinished(world.folder.path()).empty());
  }
  SECTION("a full disk") {
    CHECK(in_child([&]() -> std::string {
            std::signal(SIGXFSZ, SIG_IGN);
            rlimit limit{20'000, 20'000};
            setrlimit(RLIMIT_FSIZE, &limit);
            try {
              back_up_database(file, copy, {.replace = true});
            } catch (const Error& error) {
              return std::string(error.what()).find("disk") == std::string::npos ? error.what() : "";
            }
            return "it was let in";
          }) == "");
    CHECK(unfinished(world.folder.path()).empty());
    CHECK(std::filesystem::file_size(copy) == size);
  }
}

TEST_CASE("a backup that has organizations is not replaced by a copy that has none", "[backup]") {
  World world(StorageKind::sqlite);
  add_rows(world, 5);
  const std::string empty = world.folder.file("empty.db"), copy = world.folder.file("copy.db");
  back_up_database(world.folder.file(), copy);
  (void)Database::open(empty);
  const std::string before = bytes_of(copy);
  const std::string message = error_of([&] { back_up_database(empty, copy, {.replace = true}); });
  INFO(message);
  CHECK(message.starts_with("conflict: "));
  CHECK(message.find("copy.db is left as it is") != std::string::npos);
  CHECK(bytes_of(copy) == before);
  CHECK(unfinished(world.folder.path()).empty());
  const std::string other = world.folder.file("other.db");
  CHECK(back_up_database(empty, other).organizations == 0);
  CHECK_NOTHROW(back_up_database(empty, other, {.replace = true}));
  CHECK_NOTHROW(back_up_database(world.folder.file(), copy, {.replace = true}));
}

TEST_CASE("what a killed backup left is removed by the next to that file, and nothing else is", "[backup][process]") {
  World world(StorageKind::sqlite);
  add_rows(world, 50);
  const std::string file = world.folder.file(), copy = world.folder.file("copy.db");
  for (const auto step : {BackupProgress::Step::copy, BackupProgress::Step::verify})
    CHECK(in_child([&]() -> std::string {
            back_up_database(file, copy, {.progress = [&](const BackupProgress& progress) {
                               if (progress.step == step) raise(SIGKILL);
                             }});
            return "it was through";
          }) == "died of signal 9");
  CHECK_FALSE(std::filesystem::exists(copy));
  CHECK(unfinished(world.folder.path()).size() >= 2);
  const std::vector<std::string> others{"copy.db.unfinished-mine", "other.db.unfinished-0123456789abcdef",
                                        "copy.db.unfinished-0123456789abcdef.txt"};
  for (const std::string& other : others) std::ofstream(world.folder.file(other)) << "dear to somebody";

  // One that goes on at the same time loses nothing to the other.
  bool is_second = false;
  const BackupReport report = back_up_database(file, copy, {.progress = [&](const auto&) {
                                                 if (std::exchange(is_second, true)) return;
                                                 back_up_database(file, world.folder.file("second.db"));
                                                 back_up_database(file, copy, {.replace = true});
                                                 std::filesystem::remove(copy);
                                               }});
  CHECK(report.bytes == static_cast<std::int64_t>(std::filesystem::file_size(copy)));
  CHECK(Database::open(copy).trusted_host().organizations().size() == 1);
  std::vector<std::string> left = unfinished(world.folder.path());
  std::ranges::sort(left);
  CHECK(left == std::vector<std::string>{others[2], others[0], others[1]});
}

TEST_CASE("a backup may be read by whoever may read the database", "[backup]") {
  World world(StorageKind::sqlite);
  add_rows(world, 3);
  const std::string file = world.folder.file(), copy = world.folder.file("copy.db");
  for (const mode_t mode : {0600U, 0640U}) {
    REQUIRE(chmod(file.c_str(), mode) == 0);
    back_up_database(file, copy, {.replace = true});
    struct stat found {};
    REQUIRE(stat(copy.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == mode);
  }
}

TEST_CASE("a backup is taken of a file that may not be written, in a folder that may not either", "[backup]") {
  const TemporaryFolder folder, other;
  const std::string file = folder.file("read only?.db"), copy = other.file("copy.db");
  {
    const auto database = Database::open(file);
    database.trusted_host().create_organization("Acme");
  }
  std::filesystem::remove(file + "-lock");
  const auto back_up = [&] {
    return in_child([&]() -> std::string {
      if (getuid() == 0 && setuid(65534) != 0) return "cannot become another user";
      return std::to_string(back_up_database(file, copy, {.replace = true}).organizations);
    });
  };
  REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
  REQUIRE(chmod(other.path().c_str(), 0777) == 0);
  for (const mode_t mode : {0444U, 0666U}) {
    REQUIRE(chmod(file.c_str(), mode) == 0);
    CHECK(back_up() == "1");
  }
  // A log, whose content would be missing in the copy.
  std::ofstream(file + "-wal", std::ios::binary) << std::string(4096, 'x');
  if (getuid() == 0) CHECK(back_up().starts_with("exception: "));
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
}

TEST_CASE("a backup never takes the name of a part of the database, by whatever way it is named", "[backup]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.create("note", Json::object());
  namespace files = std::filesystem;
  const files::path folder = files::path(world.folder.file()).parent_path(), file = world.folder.file();
  REQUIRE(files::exists(file.string() + "-wal"));
  files::create_directory_symlink(folder, folder / "other-way");
  files::create_symlink(file, folder / "link.db");
  files::create_hard_link(file.string() + "-wal", folder / "hard-wal");
  const auto refused = [&](const files::path& from, const files::path& to) {
    for (const bool replace : {false, true}) {
      INFO(to << " " << replace);
      CHECK(error_code_of([&] { back_up_database(from.string(), to.string(), {.replace = replace}); }) ==
            ErrorCode::conflict);
    }
  };
  for (const char* const part : {"", "-wal", "-shm", "-journal", "-lock"}) {  // there or not
    const std::string name = file.filename().string() + part;
    refused(file, folder / name);
    refused(file, folder / "other-way" / name);
    refused(folder / "link.db", folder / name);
    refused(folder / "link.db", folder / (std::string("link.db") + part));
  }
  refused(file, folder / "hard-wal");
  // Nor that of a part of any other database: whoever opens that one would remove the copy.
  back_up_database(file.string(), (folder / "copy.db").string());
  for (const char* const part : {"-wal", "-shm", "-journal", "-lock"}) {
    refused(file, folder / (std::string("copy.db") + part));
    refused(file, folder / "other-way" / (std::string("copy.db") + part));
  }
  // Beside the copy SQLite would put files of these names.
  const files::path odd = folder / "odd.db-wal";
  back_up_database(file.string(), odd.string());
  refused(odd, folder / "odd.db");
  CHECK(world.system().entities("note").count() == 1);
  CHECK(world.host().check_storage().faults.empty());
}
