// Which statements a connection keeps prepared, however many there are, and that it agrees with the server about them.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <string>

#include "storage/postgres/connection.hpp"
#include "struere/core/error.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr int many_statements = 600;  // more than a connection keeps

std::string numbered(int number) { return fmt::format("SELECT $1::bigint + {}", number); }

struct PreparingConnection {
  explicit PreparingConnection(const std::string& more = "")
      : connection(postgres::Target::parse(server.application() + more)) {}

  std::int64_t ask(const std::string& sql) { return connection.run(sql, postgres::Parameters().add(1)).integer(0, 0); }
  std::int64_t number(const std::string& sql) { return connection.run(sql).integer(0, 0); }
  std::int64_t prepared() { return number("SELECT count(*) FROM pg_prepared_statements"); }
  bool is_prepared(const std::string& sql) {
    return number("SELECT count(*) FROM pg_prepared_statements WHERE statement = '" + sql + "'") == 1;
  }
  void ask_numbered(int first, int last) {
    for (int i = first; i < last; ++i) REQUIRE(ask(numbered(i)) == i + 1);
  }

  PostgresDatabase server{PostgresDatabase::Tables::made};
  postgres::Connection connection;
};

}  // namespace

TEST_CASE("a statement in use stays prepared, however many others a connection is sent", "[postgres]") {
  PreparingConnection world;
  const std::string usual = "SELECT $1::bigint * 7";
  for (int i = 0; i < many_statements; ++i) {
    REQUIRE(world.ask(numbered(i)) == i + 1);
    REQUIRE(world.ask(usual) == 7);
  }
  CHECK(world.is_prepared(usual));
  // Each use went to the one that was prepared first.
  CHECK(world.number("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement = '" + usual +
                     "'") == many_statements);
  CHECK(world.is_prepared(numbered(many_statements - 1)));
  CHECK_FALSE(world.is_prepared(numbered(0)));
  CHECK(world.prepared() <= 520);
  // One that was dropped is prepared again.
  CHECK(world.ask(numbered(0)) == 1);
  CHECK(world.is_prepared(numbered(0)));
}

TEST_CASE("statements without parameters have room of their own, and drop the least recently used one as well",
          "[postgres]") {
  PreparingConnection world;
  const std::string usual = "SELECT $1::bigint * 7", without = "SET SESSION struere.number = 1";
  CHECK(world.ask(usual) == 7);
  for (int i = 0; i < many_statements; ++i) {
    world.connection.queue_again(fmt::format("SET SESSION struere.number = {}", i));
    world.connection.queue_again(without);
    world.connection.finish();
  }
  CHECK(world.is_prepared(without));
  CHECK(world.is_prepared(usual));
  CHECK(world.prepared() <= 264);
}

TEST_CASE("a connection keeps fewer statements if they are long", "[postgres]") {
  PreparingConnection world;
  const auto sql = [](int number, std::size_t length) {
    return fmt::format("{} /* {} */", numbered(number), std::string(length, 'x'));
  };
  for (int i = 0; i < 200; ++i) REQUIRE(world.ask(sql(i, 2000)) == i + 1);
  CHECK(world.is_prepared(sql(199, 2000)));
  const std::int64_t kept = world.prepared();
  CHECK(kept > 20);
  CHECK(world.number("SELECT sum(length(statement)) FROM pg_prepared_statements WHERE statement LIKE '%$1%'") <=
        80 * 1024);
  // One that would push out many others is not kept.
  CHECK(world.ask(sql(7, 20'000)) == 8);
  CHECK(world.prepared() == kept);
}

TEST_CASE("without prepared statements, none is dropped either", "[postgres]") {
  PreparingConnection world("&prepare=off");
  world.ask_numbered(0, many_statements);
  CHECK(world.prepared() == 0);
}

TEST_CASE("a pipeline that is aborted leaves a connection and its server agreed about prepared statements",
          "[postgres]") {
  PreparingConnection world;
  world.ask_numbered(0, many_statements);
  const std::int64_t usual = world.prepared();
  const std::string fails = "SELECT 1 / ($1::bigint - 1)";
  constexpr int aborted = 40;
  for (int i = many_statements; i < many_statements + 2 * aborted; i += 2) {
    // The first one pushes another out and stays, the last one is not carried out.
    const auto first = world.connection.queue(numbered(i), postgres::Parameters().add(1));
    world.connection.queue(fails, postgres::Parameters().add(1));
    world.connection.queue(numbered(i + 1), postgres::Parameters().add(1));
    REQUIRE_THROWS_AS(world.connection.finish(), Error);
    REQUIRE(world.connection.take(first).integer(0, 0) == i + 1);
    REQUIRE(world.connection.is_usable());
  }
  CHECK(world.prepared() > usual);  // those that are dropped go after it
  CHECK(world.prepared() <= usual);
  CHECK(world.is_prepared(numbered(many_statements + 2 * aborted - 2)));
  CHECK_FALSE(world.is_prepared(numbered(many_statements + 2 * aborted - 1)));
  world.ask_numbered(0, 2 * many_statements);
  CHECK(world.prepared() == usual);
}

TEST_CASE("a unit of work that fails in the middle leaves a connection and its server agreed about prepared statements",
          "[postgres]") {
  PreparingConnection world;
  world.ask_numbered(0, many_statements);
  const std::int64_t usual = world.prepared();
  for (int i = many_statements; i < many_statements + 40; ++i) {
    world.connection.queue_again("BEGIN");
    REQUIRE(world.ask(numbered(i)) == i + 1);
    world.connection.queue("SELECT 1 / ($1::bigint - 1)", postgres::Parameters().add(1));
    REQUIRE_THROWS_AS(world.connection.finish(), Error);
    // In a transaction that has failed, nothing but its end is carried out.
    world.connection.queue_again(i % 2 == 0 ? "ROLLBACK" : fmt::format("ROLLBACK /* {} */", i));
    world.connection.send_and_forget();
    REQUIRE(world.connection.is_usable());
    REQUIRE(world.ask(numbered(i - many_statements)) == i - many_statements + 1);
  }
  CHECK(world.prepared() <= usual + 22);  // those that ended a transaction
}

TEST_CASE("more statements than a connection keeps can go in one pipeline", "[postgres]") {
  PreparingConnection world;
  for (int round = 0; round < 2; ++round) {
    std::vector<postgres::Connection::Ticket> tickets;
    for (int i = 0; i < many_statements; ++i)
      tickets.push_back(world.connection.queue(numbered(i), postgres::Parameters().add(1)));
    world.connection.finish();
    for (int i = 0; i < many_statements; ++i)
      REQUIRE(world.connection.take(tickets[static_cast<std::size_t>(i)]).integer(0, 0) == i + 1);
  }
  CHECK(world.prepared() <= 520);
}

TEST_CASE("a connection on which one pipeline after the other is aborted does not fill its server's memory",
          "[postgres]") {
  PreparingConnection world;
  world.ask_numbered(0, many_statements);
  int aborted = 0;
  for (; aborted < 200 && world.connection.is_whole(); ++aborted) {
    world.connection.queue(numbered(many_statements + aborted), postgres::Parameters().add(1));
    world.connection.queue("SELECT 1 / ($1::bigint - 1)", postgres::Parameters().add(1));
    REQUIRE_THROWS_AS(world.connection.finish(), Error);
  }
  CHECK(aborted < 200);
}

// As behind a pooler that hands on the name of no statement in SQL.
TEST_CASE("a connection whose server has lost its prepared statements is not used again", "[postgres]") {
  PreparingConnection world;
  world.ask_numbered(0, many_statements);
  world.connection.run("DEALLOCATE ALL");
  CHECK(world.ask(numbered(many_statements)) == many_statements + 1);
  CHECK_FALSE(world.connection.is_whole());
  CHECK_FALSE(world.connection.is_usable());
}

TEST_CASE("a connection that is left inside a transaction is not used again", "[postgres]") {
  PreparingConnection world;
  const std::string fails = "SELECT 1 / ($1::bigint - 1)";
  for (const char* const sql : {"BEGIN", "ROLLBACK"}) world.connection.queue_again(sql);
  world.connection.queue(fails, postgres::Parameters().add(2));
  world.connection.finish();
  world.connection.queue_again("BEGIN");
  world.connection.queue(fails, postgres::Parameters().add(1));
  world.connection.queue_again("ROLLBACK");  // is not carried out
  world.connection.send_and_forget();
  CHECK_FALSE(world.connection.is_usable());
}
