// One write keeps all others of a file waiting for as long as the host allows, whatever it does meanwhile.
#include <catch2/catch.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/struere.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

namespace {

const OrganizationId busy_company("acme");

struct BoundedFile {
  explicit BoundedFile(std::chrono::milliseconds longest_write)
      : database(Database::open(folder.file(), {.sqlite = {.longest_write = longest_write}})) {
    database.trusted_host().create_organization("Acme", busy_company);
  }

  Session session() const { return database.trusted_host().system_session(busy_company, Environment::development); }

  TemporaryFolder folder;
  Database database;
};

bool is_refusal(const std::string& told) {
  return told.find("invalid_data") != std::string::npos &&
         told.find("while all other writers of the file waited, and nothing of it was kept") != std::string::npos;
}

}  // namespace

TEST_CASE("a unit of work that takes too long has no further operation, and nothing of it is kept",
          "[sqlite][bounds]") {
  const BoundedFile file(200ms);
  const Session session = file.session();
  session.entity_types().define({{"slug", "note"}});
  const EntityRepository notes = session.entities("note");
  const std::string told = error_of([&] {
    session.transaction([](Session& unit) {
      unit.entities("note").create({{"n", 1}});
      std::this_thread::sleep_for(250ms);
      unit.entities("note").create({{"n", 2}});
    });
  });
  CAPTURE(told);
  CHECK(is_refusal(told));
  CHECK(notes.count() == 0);
  // One that is late at its end is so as well.
  CHECK(is_refusal(error_of([&] {
    session.transaction([](Session& unit) {
      unit.entities("note").create({{"n", 1}});
      std::this_thread::sleep_for(250ms);
    });
  })));
  CHECK(notes.count() == 0);
  CHECK(session.events().verify().ok);
  // What comes after has its own time.
  CHECK_NOTHROW(notes.create({{"n", 3}}));
  CHECK(notes.count() == 1);
}

TEST_CASE("a write that works for too long is undone, of whatever kind its work is", "[sqlite][bounds]") {
  const TemporaryFolder folder;
  std::string words;
  for (int i = 0; i < 20'000; ++i) words += std::to_string(i) + " ";
  const std::vector<Json> rows(60, Json{{"text", words}});
  const auto open = [&](std::chrono::milliseconds longest_write) {
    return Database::open(folder.file(), {.sqlite = {.longest_write = longest_write}});
  };
  const auto session_of = [](const Database& database) {
    return database.trusted_host().system_session(busy_company, Environment::development);
  };
  {
    const Database database = open(0ms);
    database.trusted_host().create_organization("Acme", busy_company);
    const Session session = session_of(database);
    session.entity_types().define({{"slug", "note"}, {"searchFields", {"text"}}});
    session.entity_types().define({{"slug", "plain"}});
    session.entities("plain").create_all(rows);
  }
  const Database database = open(20ms);
  const Session session = session_of(database);
  const std::string imported = error_of([&] { session.entities("note").create_all(rows); });
  CAPTURE(imported);
  CHECK(is_refusal(imported));
  const std::string searched = error_of([&] {
    session.entity_types().define({{"slug", "plain"}, {"searchFields", {"text"}}});
  });
  CAPTURE(searched);
  CHECK(is_refusal(searched));
  CHECK(session.entities("note").count() == 0);
  CHECK(session.entities("plain").count({.search = "19999"}) == 0);
  CHECK(session.events().verify().ok);
}

TEST_CASE("a statement that works for too long is ended while it runs", "[sqlite][bounds]") {
  const TemporaryFolder folder;
  Connection connection(folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const auto count_to = [&](int most) {
    connection
        .prepare(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1) SELECT count(*) "
            "FROM c")
        .bind(1, std::int64_t{most})
        .step();
  };
  connection.limit_write(50ms, true);
  const std::string told = error_of([&] { count_to(2'000'000'000); });
  CAPTURE(told);
  CHECK(is_refusal(told));
  connection.limit_write(std::nullopt);
  CHECK_NOTHROW(count_to(10));
}
