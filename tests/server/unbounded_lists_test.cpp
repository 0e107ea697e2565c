// What one organization makes large or asks for often does not take the memory, or the time, of the others.
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <string>

#include "server/storage_reports.hpp"
#include "server/test_server.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/operations/doctor.hpp"
#include "struere/spi/forwarding_storage.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class CountedChecks final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, spi::Access access, const FirstLookups& first) override {
    ++begun[scope.organization().str()];
    return ForwardingStorage::begin_at(scope, access, first);
  }
  StorageReport check() override {
    ++checks;
    return ForwardingStorage::check();
  }

  std::map<std::string, int> begun;
  int checks = 0;
};

}  // namespace

TEST_CASE("the health of one organization costs nothing of the others, and seldom a check of the storage",
          "[server][doctor]") {
  auto* const storage = new CountedChecks(open_memory_storage());
  const Database database = Database::with_storage(std::unique_ptr<Storage>(storage));
  for (const char* const name : {"acme", "other"})
    database.trusted_host().create_organization(name, OrganizationId(name));
  storage->begun.clear();
  server::StorageReports reports;
  for (int i = 0; i < 3; ++i) {
    const auto report = reports.current(database);
    (void)examine(database, {.organization = OrganizationId("acme"), .storage = report.get()});
  }
  CHECK(storage->checks == 1);
  CHECK(storage->begun["acme"] > 0);
  CHECK(storage->begun["other"] == 0);
}

TEST_CASE("releases are listed without their definitions, and read whole by their number", "[definitions][bounds]") {
  const World world(any_storage());
  const Definitions production(world.system(Environment::production));
  const auto deploy = [&](const std::string& role) {
    DefinitionSet set;
    set.add(DefinitionKind::role, {{"name", role}});
    return production.deploy(production.plan(set), "note of " + role).number;
  };
  const std::int64_t first = deploy("a"), second = deploy("b");
  const auto listed = production.releases();
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].number == second);
  CHECK(listed[1].note == "note of a");
  CHECK(listed[0].definitions.is_null());
  CHECK_FALSE(listed[0].changes.is_null());
  CHECK(production.release(first).definitions.at("role").size() == 1);
  CHECK_ERROR(not_found, production.release(7));
}

TEST_CASE("descriptions, denied fields and kept configurations of agents are bounded", "[agents][bounds]") {
  const World world(any_storage());
  const AgentRepository agents = world.system().agents();
  CHECK_ERROR(invalid_data, agents.define({"helper", "Helper", std::string(4'097, 'x')}));
  agents.define({"helper", "Helper", std::string(4'096, 'x')});
  NewToolPermission permission;
  for (int i = 0; i < 1'001; ++i) permission.denied_fields.push_back("data.f" + std::to_string(i));
  CHECK_ERROR(invalid_definition, agents.permit_tool("helper", "tool", permission));
  permission.denied_fields.pop_back();
  agents.permit_tool("helper", "tool", permission);
  for (int i = 0; i < 12; ++i)
    agents.configure("helper", {.system_prompt = std::string(1'000'000, static_cast<char>('a' + i)), .model = "m"});
  const auto history = agents.history("helper");
  CHECK(history.size() == 9);
  CHECK(history.front().system_prompt.front() == 'l');
}
