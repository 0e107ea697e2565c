// What is opened may be anything: nothing, a folder, another program's data, a file of a newer struere, one that
// somebody has tampered with. Each is refused in words that help, and not one byte of it changes.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "storage/sqlite/database_file.hpp"
#include "support/child_process.hpp"
#include "support/file_bytes.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string error_of_opening(const std::string& path, const SqliteOptions& options = {}) {
  return error_of([&] { (void)Database::open(path, {.sqlite = options}); });
}

// A closed database with a type and some rows in it; all of it in the one file.
void make_database(const std::string& path, int rows = 3) {
  const auto database = Database::open(path, {.sqlite = {.durability = Durability::normal}});
  database.trusted_host().create_organization("Acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define({{"slug", "session"}});
  for (int i = 0; i < rows; ++i) system.entities("session").create({{"number", i}, {"text", std::string(200, 'x')}});
}

struct RefusedOpening {
  std::string message;
  bool unchanged;
};

RefusedOpening refusal_of(const std::string& path) {
  const std::string before = bytes_of(path);
  const std::string message = error_of_opening(path);
  return {message, bytes_of(path) == before};
}

void check_refused(const std::string& path, const std::string& help) {
  const RefusedOpening refusal = refusal_of(path);
  INFO(refusal.message);
  CHECK(refusal.message.starts_with("storage: "));
  CHECK(refusal.message.find(help) != std::string::npos);
  CHECK(refusal.unchanged);
  // Nothing is left lying beside it either.
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-journal"));
}

}  // namespace

TEST_CASE("paths that no database can be at are refused", "[sqlite][opening]") {
  const TemporaryFolder folder;
  CHECK(error_of_opening("").starts_with("storage: "));
  CHECK(error_of_opening(":memory:").find("in_memory()") != std::string::npos);
  CHECK(error_of_opening(folder.file("no/such/folder/acme.db")).find("folder exists") != std::string::npos);
  for (const SqliteOptions& options :
       {SqliteOptions(), SqliteOptions{.must_exist = true}, SqliteOptions{.read_only = true}})
    CHECK(error_of_opening(folder.path(), options) ==
          "storage: " + folder.path().string() + " is a folder; name a file in it");
  CHECK(error_of_opening(folder.file(std::string(5000, 'x'))).starts_with("storage: "));
  // A missing file is created, unless it must be there.
  CHECK(error_of_opening(folder.file("acme.db"), {.must_exist = true}).starts_with("storage: "));
  CHECK_FALSE(std::filesystem::exists(folder.file("acme.db")));
  CHECK(error_of_opening(folder.file("acme.db")) == "no error");
  CHECK(error_of_opening(folder.file("acme.db"), {.must_exist = true}) == "no error");
}

TEST_CASE("a file that has a second name is refused by either, as each would have a log of its own",
          "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string first = folder.file("first.db"), second = folder.file("second.db");
  make_database(first);
  const std::string bytes = bytes_of(first);
  std::filesystem::create_hard_link(first, second);
  for (const std::string& name : {first, second})
    for (const bool read_only : {false, true}) {
      const std::string text = error_of_opening(name, {.read_only = read_only});
      CHECK(text.find(name + " is one of 2 names") != std::string::npos);
    }
  CHECK(bytes_of(first) == bytes);
  CHECK_FALSE(std::filesystem::exists(second + "-wal"));
  std::filesystem::remove(first);
  CHECK(error_of_opening(second) == "no error");
}

TEST_CASE("a path is a path, whatever is in it", "[sqlite][opening]") {
  const TemporaryFolder folder;
  for (const std::string name : {"file:acme.db?mode=memory", "%41.db", "a'b\"c;--.db", "käse ☃.db", "-x"}) {
    INFO(name);
    CHECK(error_of_opening(folder.file(name)) == "no error");
    CHECK(std::filesystem::is_regular_file(folder.file(name)));
  }
}

TEST_CASE("files that are no database are refused and left alone", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  SECTION("text") {
    write_bytes(path, "Dear diary, this is not a database.\n");
    check_refused(path, "not an SQLite database");
  }
  SECTION("a lot of text") {
    write_bytes(path, std::string(100'000, 'a'));
    check_refused(path, "not an SQLite database");
  }
  SECTION("a header and then nothing of it") {
    write_bytes(path, std::string("SQLite format 3\0", 16) + std::string(4080, '\x7f'));
    check_refused(path, "");
  }
  SECTION("one byte") {
    write_bytes(path, "x");
    check_refused(path, "");
  }
}

TEST_CASE("a damaged database is refused and left alone", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path, 200);
  const std::string whole = bytes_of(path);
  REQUIRE(whole.size() > 40'000);
  SECTION("cut off within the first page") {
    write_bytes(path, whole.substr(0, 1000));
    check_refused(path, "");
  }
  SECTION("cut off after the first page") {
    write_bytes(path, whole.substr(0, 4096));
    check_refused(path, "");
  }
  SECTION("cut off in the middle") {
    write_bytes(path, whole.substr(0, whole.size() / 2));
    check_refused(path, "");
  }
  SECTION("its last page lost") {
    write_bytes(path, whole.substr(0, whole.size() - 4096));
    check_refused(path, "");
  }
  SECTION("its schema overwritten") {
    std::string damaged = whole;
    damaged.replace(100, 3996, std::string(3996, '\xff'));
    write_bytes(path, damaged);
    check_refused(path, "");
  }
}

TEST_CASE("another program's database is refused and left alone", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  SECTION("with tables") {
    RawDatabase(path).run("CREATE TABLE bookmarks(url TEXT); INSERT INTO bookmarks VALUES('https://example.org')");
  }
  SECTION("with a table of one of our names") { RawDatabase(path).run("CREATE TABLE entities(id TEXT)"); }
  SECTION("with an application id and no table") {
    RawDatabase(path).run("PRAGMA application_id = 7; CREATE TABLE t(x); DROP TABLE t");
  }
  SECTION("with a version and no table") {
    RawDatabase(path).run("PRAGMA user_version = 5; CREATE TABLE t(x); DROP TABLE t");
  }
  check_refused(path, "another program");
}

TEST_CASE("another program's database in WAL mode keeps its log", "[sqlite][opening]") {
  // The other program may be in the middle of its work, or have died in it: its log is part of its data, not ours to
  // merge.
  const TemporaryFolder folder;
  const std::string path = folder.file();
  CHECK(in_child([&]() -> std::string {
          RawDatabase raw(path);
          raw.run("PRAGMA journal_mode = WAL; CREATE TABLE bookmarks(url TEXT)");
          _exit(0);  // without closing, as if it had been killed
        }).empty());
  const std::string before = bytes_of(path), log = bytes_of(path + "-wal");
  REQUIRE_FALSE(log.empty());
  CHECK(error_of_opening(path).find("another program") != std::string::npos);
  CHECK((bytes_of(path) == before));
  CHECK((bytes_of(path + "-wal") == log));
}

TEST_CASE("a database of a newer version is refused and left alone", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path);
  RawDatabase(path).run("PRAGMA user_version = 11");
  check_refused(path, "newer library");
  RawDatabase(path).run("PRAGMA user_version = 2147483647");
  check_refused(path, "newer library");
  RawDatabase(path).run("PRAGMA user_version = -1");
  check_refused(path, "");
}

TEST_CASE("a database whose tables were changed is refused and left alone", "[sqlite][opening]") {
  // The third wall is in the schema, so a schema that is not ours is a wall that may not stand.
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path);
  const auto [change, help] =
      GENERATE(std::pair<std::string, std::string>("ALTER TABLE entities ADD COLUMN extra TEXT", "entities"),
               std::pair<std::string, std::string>("DROP INDEX entities_by_type", "entities_by_type"),
               std::pair<std::string, std::string>("DROP TABLE entity_relations", "entity_relations"),
               std::pair<std::string, std::string>(
                   "DROP TABLE field_masks; CREATE TABLE field_masks(scope_id INTEGER, role_id TEXT, position INTEGER, "
                   "entity_type TEXT, kind TEXT, definition TEXT)",
                   "field_masks"),
               std::pair<std::string, std::string>(
                   "CREATE TRIGGER spy AFTER INSERT ON entities BEGIN UPDATE entities SET scope_id = 2; END", "spy"),
               std::pair<std::string, std::string>("DROP TABLE policies; CREATE VIEW policies AS SELECT 1", "policies"),
               std::pair<std::string, std::string>("CREATE VIEW everything AS SELECT * FROM entities", "everything"),
               std::pair<std::string, std::string>("DELETE FROM meta", "cursor key"));
  INFO(change);
  RawDatabase(path).run(change);
  check_refused(path, help);
}

TEST_CASE("a read-only file or folder is refused and left alone", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path);
  const bool whole_folder = GENERATE(false, true);
  const std::string before = bytes_of(path);
  REQUIRE(chmod(path.c_str(), whole_folder ? 0666 : 0444) == 0);
  REQUIRE(chmod(folder.path().c_str(), whole_folder ? 0555 : 0777) == 0);
  // The superuser may write everywhere, so somebody else has to try.
  const std::string answer = in_child([&]() -> std::string {
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0)) return "cannot become another user";
    return error_of_opening(path);
  });
  INFO(answer);
  CHECK(answer.starts_with("storage: "));
  CHECK((answer.find("read-only") != std::string::npos || answer.find("writable") != std::string::npos ||
         answer.find("permissions") != std::string::npos));
  CHECK((bytes_of(path) == before));
  // And a new file cannot be made where nothing may be made.
  if (whole_folder) {
    const std::string fresh = in_child([&]() -> std::string {
      if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0)) return "cannot become another user";
      return error_of_opening(folder.file("fresh.db"));
    });
    INFO(fresh);
    CHECK(fresh.starts_with("storage: "));
    CHECK_FALSE(std::filesystem::exists(folder.file("fresh.db")));
  }
  chmod(folder.path().c_str(), 0755);
}

TEST_CASE("an unreadable file is refused", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path);
  REQUIRE(chmod(path.c_str(), 0) == 0);
  REQUIRE(chmod(folder.path().c_str(), 0777) == 0);
  const std::string answer = in_child([&]() -> std::string {
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0)) return "cannot become another user";
    return error_of_opening(path);
  });
  INFO(answer);
  CHECK(answer.starts_with("storage: "));
}

TEST_CASE("an existing database opens with all that is in it", "[sqlite][opening]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_database(path, 3000);
  for (int i = 0; i < 3; ++i) {
    const auto database = Database::open(path, {.sqlite = {.must_exist = true}});
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    CHECK(system.entities("session").count() == 3000);
    CHECK(system.events().verify().ok);
  }
}

TEST_CASE("an empty file becomes a database, unless one must be there", "[sqlite][opening]") {
  const TemporaryFolder folder;
  write_bytes(folder.file(), "");
  const auto check_refused_as_empty = [&](const char* what) {
    const std::string before = bytes_of(folder.file());
    const std::string message = error_of_opening(folder.file(), {.must_exist = true});
    INFO(message);
    CHECK(message.starts_with("storage: "));
    CHECK(message.find(what) != std::string::npos);
    CHECK(bytes_of(folder.file()) == before);
  };
  check_refused_as_empty("empty file of 0 bytes");
  RawDatabase(folder.file()).run("PRAGMA journal_mode = WAL");
  check_refused_as_empty("without tables");
  make_database(folder.file());
  CHECK(error_of_opening(folder.file(), {.must_exist = true}) == "no error");
}

TEST_CASE("the log of a file is found through a link as well", "[sqlite][opening]") {
  const TemporaryFolder folder, other;
  const std::string path = folder.file(), link = other.file("link.db");
  std::filesystem::create_symlink(path, link);
  {
    const Database database = Database::open(path);
    database.trusted_host().create_organization("Acme");
    CHECK(has_log(path));
    CHECK(has_log(link));  // otherwise it would be read as it stands, without what the log has
  }
  CHECK_FALSE(has_log(link));
  CHECK_FALSE(has_log(folder.file("none.db")));
}

TEST_CASE("two databases on one file see one another's writes", "[sqlite][opening]") {
  const TemporaryFolder folder;
  make_database(folder.file());
  const auto first = Database::open(folder.file()), second = Database::open(folder.file());
  const auto system_of = [](const Database& database) {
    return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  };
  const EntityId id = system_of(first).entities("session").create({{"number", 99}}).id;
  CHECK(system_of(second).entities("session").get(id).data() == Json{{"number", 99}});
}
