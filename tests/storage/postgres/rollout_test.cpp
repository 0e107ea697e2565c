// A rollout: hosts of an older library at work while, and after, a newer one brings the tables up to date.
#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "struere/storage/postgres_setup.hpp"
#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const OrganizationId company_of_rollout("acme");

Session system_in_rollout(const Database& database) {
  return database.trusted_host().system_session(company_of_rollout, Environment::development);
}

Database open_in_rollout(const PostgresDatabase& server) {
  return Database::open(server.application(), {.sqlite = {.busy_timeout = std::chrono::minutes(2)}});
}

// Two hosts that write, read and authenticate until they are stopped.
class HostsAtWork {
 public:
  explicit HostsAtWork(const PostgresDatabase& server) : database(open_in_rollout(server)) {
    database.trusted_host().create_organization("acme", company_of_rollout);
    system_in_rollout(database).entity_types().define(
        {{"slug", "note"},
         {"unique", Json::array({Json::array({"title"})})},
         {"schema", {{"properties", {{"title", {{"type", "string"}, {"x-index", true}}}}}}}});
    secret_ = system_in_rollout(database).api_keys().create({.name = "key"}).secret;
    for (std::size_t host = 0; host < errors_.size(); ++host)
      threads_.emplace_back([this, host](const std::stop_token& stop) {
        errors_[host] = error_of([&] { work(host, stop); });
        failed_ += errors_[host] == "no error" ? 0 : 1;
      });
  }

  void wait_for_writes() const {
    for (const int at_least = written_ + 10; written_ < at_least && failed_ == 0;)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // Returns how many rows were written.
  int stop() {
    threads_.clear();
    for (const std::string& error : errors_) CHECK(error == "no error");
    return written_;
  }

  const Database database;

 private:
  void work(std::size_t host, const std::stop_token& stop) {
    const EntityRepository notes = system_in_rollout(database).entities("note");
    for (int i = 0; !stop.stop_requested(); ++i) {
      const std::string title = std::to_string(host) + "/" + std::to_string(i);
      const EntityId id = notes.create({{"title", title}}).id;
      notes.update(id, {{"n", i}});
      if (notes.list({.where = field("data.title") == title}).size() != 1)
        throw Error(ErrorCode::storage, "a row is not found: " + title);
      (void)database.authenticate(secret_);
      ++written_;
    }
  }

  std::string secret_;
  std::array<std::string, 2> errors_;
  std::atomic<int> written_ = 0, failed_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace

TEST_CASE("an older library reads and writes beside a newer one, before, during and after its migration",
          "[postgres][migration]") {
  const PostgresDatabase server;
  HostsAtWork hosts(server);
  hosts.wait_for_writes();
  // What a migration that older libraries may go on with does: columns with a default, tables and indexes.
  RawPostgres owner(server.superuser());
  owner.run(
      "BEGIN; SET LOCAL ROLE struere_owner; LOCK TABLE struere.scope_heads IN ACCESS EXCLUSIVE MODE; "
      "ALTER TABLE struere.entities ADD COLUMN of_newer bigint NOT NULL DEFAULT 7; "
      "ALTER TABLE struere.scope_heads ADD COLUMN of_newer bigint; "
      "CREATE INDEX entities_of_newer ON struere.entities(scope_id, of_newer); "
      "UPDATE struere.meta SET value = '999' WHERE name = 'schema_version'; COMMIT");
  hosts.wait_for_writes();
  const Database after = open_in_rollout(server);  // an older one that begins only now
  const EntityId id = system_in_rollout(after).entities("note").create({{"title", "after"}}).id;
  CHECK(system_in_rollout(hosts.database).entities("note").get(id).data().at("title") == "after");
  CHECK_ERROR(conflict, system_in_rollout(hosts.database).entities("note").create({{"title", "after"}}));
  hosts.wait_for_writes();
  const int written = hosts.stop();
  CHECK(system_in_rollout(after).entities("note").count() == written + 1);
  CHECK(system_in_rollout(after).events().verify().ok);
  CHECK(owner.value("SELECT count(*) FROM struere.entities WHERE of_newer = 7") == std::to_string(written + 1));
}

TEST_CASE("setting up again changes all tables while hosts are at work, and none of them fails",
          "[postgres][migration]") {
  const PostgresDatabase server;
  HostsAtWork hosts(server);
  RawPostgres raw(server.superuser());
  for (int round = 0; round < 3; ++round) {
    hosts.wait_for_writes();
    raw.run("ALTER TABLE struere.entity_words NO FORCE ROW LEVEL SECURITY");
    CHECK_ERROR(storage, open_in_rollout(server));
    CHECK_NOTHROW(set_up_postgres(round == 0 ? server.superuser() : server.owner()));
    CHECK_NOTHROW(open_in_rollout(server));
  }
  hosts.wait_for_writes();
  const int written = hosts.stop();
  CHECK(system_in_rollout(hosts.database).entities("note").count() == written);
  CHECK(system_in_rollout(hosts.database).events().verify().ok);
}

TEST_CASE("a library that is too old for the tables opens them no more, and says what to do", "[postgres][migration]") {
  const PostgresDatabase server;
  (void)Database::open(server.application());
  RawPostgres(server.superuser())
      .run("UPDATE struere.meta SET value = '999' WHERE name IN ('schema_version', 'oldest_compatible_version')");
  const std::string error = error_of([&] { (void)Database::open(server.application()); });
  INFO(error);
  CHECK(error.starts_with("storage: "));
  CHECK(error.find("version") != std::string::npos);
}
