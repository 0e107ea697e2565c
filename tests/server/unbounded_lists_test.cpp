// What one organization makes large or asks for often does not take the memory, or the time, of the others.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
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

// Counts the questions for the records of all organizations at once.
class WatchedRecords final : public RecordTransaction {
 public:
  WatchedRecords(std::unique_ptr<RecordTransaction> records, std::atomic<int>& lists)
      : records_(std::move(records)), lists_(lists) {}

  void commit() override { records_->commit(); }
  bool insert_record(RecordTable table, const Record& record) override {
    return records_->insert_record(table, record);
  }
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override {
    return records_->update_records(table, where, changes);
  }
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override {
    return records_->remove_records(table, where);
  }
  std::vector<Record> select_records(const RecordSelection& selection) override {
    const auto names_one = [](const RecordCondition& condition) { return condition.column == "id"; };
    if (std::ranges::none_of(selection.where, names_one)) ++lists_;
    return records_->select_records(selection);
  }
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override { return records_->sum_records(rollup); }

 private:
  std::unique_ptr<RecordTransaction> records_;
  std::atomic<int>& lists_;
};

class WatchedLists final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<RecordTransaction> begin_database(spi::Access access) override {
    return std::make_unique<WatchedRecords>(ForwardingStorage::begin_database(access), lists);
  }

  std::atomic<int> lists = 0;
};

}  // namespace

TEST_CASE("what an organization asks about itself reads no list of all organizations", "[server][doctor]") {
  auto* const storage = new WatchedLists(open_memory_storage());
  const Database database = Database::with_storage(std::unique_ptr<Storage>(storage));
  const TrustedHost host = database.trusted_host();
  host.create_organization("Acme", OrganizationId("acme"));
  host.create_user("boss", UserId("boss"));
  host.put_member(OrganizationId("acme"), UserId("boss"), MembershipRole::admin);
  const RunningServer server(database);
  storage->lists = 0;
  for (const char* const path : {"/v1/operator", "/v1/me", "/v1/doctor", "/v1/members", "/v1/operators", "/v1/keys"}) {
    const std::string target =
        std::string(path) + (std::string_view(path) == "/v1/operator" ? "" : "?environment=development");
    const HttpAnswer answer =
        HttpClient(server.port()).ask("GET", target, {{"Cookie", "user=boss; organization=acme"}});
    INFO(path << ": " << answer.body);
    CHECK(answer.status == 200);
    if (std::string_view(path) == "/v1/me") CHECK(answer.json().at("organization").at("name") == "Acme");
    if (std::string_view(path) == "/v1/operator") CHECK(answer.json().at("organizations").at(0).at("name") == "Acme");
    CHECK(storage->lists == 0);
  }
  (void)host.organizations();
  CHECK(storage->lists == 1);  // so the watch works
}

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
