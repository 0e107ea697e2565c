// Workers of several hosts on one PostgreSQL database.
#include <catch2/catch.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "struere/spi/storage.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/struere.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("of workers on several hosts, one carries out each run, however they meet", "[triggers][postgres]") {
  constexpr std::size_t hosts = 4, runs = 80;
  const PostgresDatabase server;
  std::vector<Database> databases;
  PostgresOptions patient;  // on a busy machine, too
  patient.busy_timeout = std::chrono::minutes(5);
  for (std::size_t host = 0; host < hosts; ++host)
    databases.push_back(Database::with_storage(open_postgres_storage(server.application(), patient)));
  databases[0].trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = databases[0].trusted_host().system_session(OrganizationId("acme"), Environment::development);
  for (const char* const type : {"visit", "note"}) system.entity_types().define({{"slug", type}});
  system.triggers().define(
      {{"slug", "tell"},
       {"on", {{"entityType", "visit"}, {"action", "created"}}},
       {"actions",
        {{{"tool", "tell"}},
         {{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", {{"about", "{{trigger.entityId}}"}}}}}}}}});
  system.entities("visit").create_all(std::vector<Json>(runs, Json::object()));

  std::mutex mutex;
  std::map<std::string, int> calls;
  std::vector<std::unique_ptr<TriggerWorker>> workers;
  for (const Database& database : databases) {
    workers.push_back(std::make_unique<TriggerWorker>(database));
    workers.back()->add_tool("tell", [&](const ToolCall& call) {
      const std::scoped_lock lock(mutex);
      ++calls[call.run.id.str()];
      return Json();
    });
  }
  std::vector<std::size_t> completed(hosts);
  {
    std::vector<std::jthread> threads;
    for (std::size_t host = 0; host < hosts; ++host)
      threads.emplace_back([&, host] { completed[host] = workers[host]->run_due().completed; });
  }
  std::size_t all = 0;
  for (const std::size_t own : completed) all += own;
  CHECK(all == runs);
  CHECK(calls.size() == runs);
  for (const auto& [run, times] : calls) {
    INFO(run);
    CHECK(times == 1);
  }
  CHECK(system.entities("note").count() == static_cast<std::int64_t>(runs));
  CHECK(system.events().verify().ok);
}
