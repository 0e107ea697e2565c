// Kept statements, and connections that are lent and given back.
#include "storage/sqlite/connection.hpp"

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "storage/sqlite/connection_pool.hpp"
#include "support/raw_database.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

std::int64_t count_of(Connection& connection) {
  Statement statement = connection.prepare("SELECT count(*) FROM numbers");
  statement.step();
  return statement.integer(0);
}

}  // namespace

// Under the address sanitizer this read freed memory: the key of the cache was the text of the statement given up.
TEST_CASE("a text that is prepared while in use leaves no key behind", "[storage][sqlite]") {
  Connection connection(":memory:", flags);
  const std::string twice = "SELECT 1 /* a text that is too long to be kept in place */";
  const auto flood = [&](int from) {
    for (int i = 0; i < 300; ++i) connection.prepare("SELECT " + std::to_string(from + i)).step();
  };
  {
    Statement first = connection.prepare(twice);
    REQUIRE(first.step());
    Statement second = connection.prepare(twice);
    REQUIRE(second.step());
    CHECK(first.integer(0) == second.integer(0));
    flood(0);
  }
  int kept = 0;
  for (sqlite3_stmt* each = sqlite3_next_stmt(connection.handle(), nullptr); each;
       each = sqlite3_next_stmt(connection.handle(), each))
    if (sqlite3_sql(each) == twice) ++kept;
  CHECK(kept == 1);  // the second one ends with its use
  for (int round = 1; round < 4; ++round) {
    flood(1000 * round);
    CHECK(connection.prepare(twice).step());
  }
}

TEST_CASE("a statement in use is not given up, however many others are prepared", "[storage][sqlite]") {
  Connection connection(":memory:", flags);
  std::vector<Statement> in_use;
  for (int i = 0; i < 400; ++i) {
    in_use.push_back(connection.prepare("SELECT " + std::to_string(i)));
    REQUIRE(in_use.back().step());
  }
  for (int i = 0; i < 400; ++i) CHECK(in_use[static_cast<std::size_t>(i)].integer(0) == i);
}

TEST_CASE("a connection that is given back in a transaction is in none when it is lent again", "[storage][sqlite]") {
  TemporaryFolder folder;
  RawDatabase other(folder.file());
  other.run("PRAGMA journal_mode = WAL; CREATE TABLE numbers(n INTEGER); INSERT INTO numbers VALUES(1), (2)");
  ConnectionPool pool([&] { return std::make_unique<Connection>(folder.file(), flags); }, 4);
  const auto how = GENERATE(as<std::string>{}, "BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT s");
  {
    const ConnectionLease lease = pool.lease();
    lease->execute(how);
    CHECK(count_of(*lease) == 2);
    if (how != "BEGIN") lease->execute("INSERT INTO numbers VALUES(3)");
  }
  CHECK(pool.idle() == 1);
  CHECK(other.refusal("INSERT INTO numbers VALUES(4)").empty());  // nobody holds the lock
  CHECK(count_of(*pool.lease()) == 3);                            // the row of the other, and none of the lost one
}

TEST_CASE("a read that has not ended when its connection is given back shows no old snapshot", "[storage][sqlite]") {
  TemporaryFolder folder;
  RawDatabase other(folder.file());
  other.run("PRAGMA journal_mode = WAL; CREATE TABLE numbers(n INTEGER); INSERT INTO numbers VALUES(1), (2)");
  ConnectionPool pool([&] { return std::make_unique<Connection>(folder.file(), flags); }, 4);
  const auto step_once = [](Connection& connection) {
    auto* const forgotten = new Statement(connection.prepare("SELECT n FROM numbers"));  // as by a fault of ours
    REQUIRE(forgotten->step());
    return forgotten;
  };
  Statement* forgotten = nullptr;
  {
    const ConnectionLease lease = pool.lease();
    forgotten = step_once(*lease);
  }
  other.run("INSERT INTO numbers VALUES(3)");
  CHECK(count_of(*pool.lease()) == 3);
  delete forgotten;
}

TEST_CASE("no more connections stay open than the pool keeps", "[storage][sqlite]") {
  TemporaryFolder folder;
  ConnectionPool pool([&] { return std::make_unique<Connection>(folder.file(), flags); }, 4);
  {
    std::vector<ConnectionLease> leases;
    for (int i = 0; i < 12; ++i) leases.push_back(pool.lease());
  }
  CHECK(pool.idle() == 4);
}
