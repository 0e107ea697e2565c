// A rollout: hosts of an older library at work while, and after, a newer one brings the tables up to date.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

}  // namespace

TEST_CASE("an older library reads and writes beside a newer one, before, during and after its migration",
          "[postgres][migration]") {
  const PostgresDatabase server;
  const Database before = Database::open(server.application());
  before.trusted_host().create_organization("acme", company_of_rollout);
  system_in_rollout(before).entity_types().define(
      {{"slug", "note"},
       {"unique", Json::array({Json::array({"title"})})},
       {"schema", {{"properties", {{"title", {{"type", "string"}, {"x-index", true}}}}}}}});
  const std::string secret = system_in_rollout(before).api_keys().create({.name = "key"}).secret;
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0, failed = 0;
  std::vector<std::string> errors(2);
  std::vector<std::jthread> hosts;
  for (std::size_t host = 0; host < errors.size(); ++host)
    hosts.emplace_back([&, host] {
      const EntityRepository notes = system_in_rollout(before).entities("note");
      errors[host] = error_of([&] {
        for (int i = 0; !stop; ++i) {
          const std::string title = std::to_string(host) + "/" + std::to_string(i);
          const EntityId id = notes.create({{"title", title}}).id;
          notes.update(id, {{"n", i}});
          if (notes.list({.where = field("data.title") == title}).size() != 1) throw std::logic_error(title);
          (void)before.authenticate(secret);
          ++written;
        }
      });
      failed += errors[host] == "no error" ? 0 : 1;
    });
  const auto wait_for_writes = [&] {
    for (const int at_least = written + 10; written < at_least && failed == 0;)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  wait_for_writes();
  // What a migration that older libraries may go on with does: columns with a default, tables and indexes.
  RawPostgres owner(server.superuser());
  owner.run(
      "BEGIN; SET LOCAL ROLE struere_owner; "
      "ALTER TABLE struere.entities ADD COLUMN of_newer bigint NOT NULL DEFAULT 7; "
      "ALTER TABLE struere.events ADD COLUMN of_newer text; "
      "ALTER TABLE struere.scope_heads ADD COLUMN of_newer bigint; "
      "CREATE INDEX entities_of_newer ON struere.entities(scope_id, of_newer); "
      "UPDATE struere.meta SET value = '999' WHERE name = 'schema_version'; COMMIT");
  wait_for_writes();
  const Database after = Database::open(server.application());  // an older one that begins only now
  const EntityId id = system_in_rollout(after).entities("note").create({{"title", "after"}}).id;
  CHECK(system_in_rollout(before).entities("note").get(id).data().at("title") == "after");
  CHECK_ERROR(conflict, system_in_rollout(before).entities("note").create({{"title", "after"}}));
  wait_for_writes();
  stop = true;
  hosts.clear();
  for (const std::string& error : errors) CHECK(error == "no error");
  CHECK(system_in_rollout(after).entities("note").count() == written + 1);
  CHECK(system_in_rollout(after).events().verify().ok);
  CHECK(owner.value("SELECT count(*) FROM struere.entities WHERE of_newer = 7") == std::to_string(written + 1));
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
