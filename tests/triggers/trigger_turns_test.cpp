// What the steps of one scope's triggers ask for keeps no other scope waiting.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "struere/spi/forwarding_storage.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/forwarded_transaction.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json trigger_with(const Json& actions) {
  return {{"slug", "t"}, {"on", {{"entityType", "note"}, {"action", "created"}}}, {"actions", actions}};
}

// Counts the pages and entities that are asked for while the write lock is held.
class LockWatch final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    auto transaction = ForwardingStorage::begin_at(scope, access, first);
    if (!is_write(access)) return transaction;
    return std::make_unique<Watched>(std::move(transaction), *this);
  }

  int asked = 0;

 private:
  class Watched final : public ForwardedTransaction {
   public:
    Watched(std::unique_ptr<Transaction> transaction, LockWatch& watch)
        : ForwardedTransaction(std::move(transaction)), watch_(watch) {}
    Page select(const Selection& selection) override {
      ++watch_.asked;
      return ForwardedTransaction::select(selection);
    }
    std::optional<StoredEntity> find_entity(const std::string& id) override {
      ++watch_.asked;
      return ForwardedTransaction::find_entity(id);
    }

   private:
    LockWatch& watch_;
  };
};

}  // namespace

TEST_CASE("a step that reads does it while others may write", "[triggers]") {
  auto watched = std::make_unique<LockWatch>(open_memory_storage());
  LockWatch& watch = *watched;
  Database database = Database::with_storage(std::move(watched));
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define({{"slug", "note"}});
  system.triggers().define(trigger_with(R"([{"tool": "entity.query", "args": {"type": "note"}},
                       {"tool": "entity.get", "args": {"type": "note", "id": "{{trigger.entityId}}"}}])"_json));
  const EntityId id = system.entities("note").create({{"n", 7}}).id;
  watch.asked = 0;
  CHECK(TriggerWorker(database).run_due().completed == 1);
  CHECK(watch.asked == 0);
  const TriggerRun run = system.triggers().runs().runs.at(0);
  CHECK(run.steps.at(0).at("result").at("rows").at(0).at("id") == id.str());
  CHECK(run.steps.at(1).at("result").at("data").at("n") == 7);
}

TEST_CASE("a run of many steps lets the runs of other scopes go between", "[triggers]") {
  World world(any_storage());
  world.add_organization("beta");
  const Json step{{"tool", "mine"}};
  for (const char* const organization : {"acme", "beta"}) {
    world.define_type({{"slug", "note"}}, Environment::development, organization);
    world.system(Environment::development, organization)
        .triggers()
        .define(trigger_with(organization == std::string("acme") ? Json::array({step, step, step, step})
                                                                 : Json::array({step})));
  }
  TriggerWorker worker(*world.database, {.turn = std::chrono::milliseconds(0)});
  std::vector<std::string> order;
  worker.add_tool("mine", [&](const ToolCall& call) -> Json {
    order.push_back(call.session.actor().organization().str() + std::to_string(call.step));
    return call.step;
  });
  const auto create = [&](const char* organization) {
    world.create("note", Json::object(), Environment::development, organization);
  };
  create("acme");
  create("acme");
  create("beta");
  CHECK(worker.run_due().completed == 3);
  REQUIRE(order.size() == 9);
  CHECK((order[0] == "beta0" || order[1] == "beta0"));
  std::erase(order, "beta0");
  // Of one scope, the run that was due first ends first.
  CHECK(order == std::vector<std::string>{"acme0", "acme1", "acme2", "acme3", "acme0", "acme1", "acme2", "acme3"});
  for (const TriggerRun& run : world.system().triggers().runs().runs) {
    CHECK(run.status == TriggerRunStatus::completed);
    CHECK(run.attempts == 1);
    CHECK(run.steps.size() == 4);
  }
}

TEST_CASE("a query of a step ends at the worker's bound", "[triggers]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.system().entities("note").create_all(std::vector<Json>(2'000, Json{{"text", std::string(1'000, 'x')}}));
  Json trigger = trigger_with(R"([{"tool": "entity.query", "args": {"type": "note",
    "where": [{"field": "data.text", "operator": "contains", "value": "y"}]}}])"_json);
  trigger["retry"] = {{"maxAttempts", 1}};
  world.system().triggers().define(trigger);
  world.create("note", Json::object());
  TriggerWorker worker(*world.database, {.query_timeout = std::chrono::milliseconds(0)});
  CHECK(worker.run_due().dead == 1);
  CHECK(world.system().triggers().runs().runs.at(0).error.value_or("").find("timeout") != std::string::npos);
}
