// Retention: an organization says how long what a scope gathers is kept, and pruning removes what is older.
#include <catch2/catch.hpp>

#include "storage/records.hpp"
#include "struere/operations/retention.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;
using std::chrono::days;

namespace {

constexpr Timestamp one_day = 86'400'000;

struct GatheringWorld : World {
  explicit GatheringWorld(StorageKind kind) : World(kind) { define_type({{"slug", "note"}}); }
  Retention retention() const { return Retention(system()); }
  // A thread with messages, an execution in it, and an entity.
  ThreadId gather(int messages) {
    const ThreadId thread = system().threads().create({}).id;
    for (int i = 0; i < messages; ++i)
      system().threads().append(thread, {.role = MessageRole::user, .content = "hello"});
    NewExecution execution;
    execution.model = "m";
    execution.thread = thread;
    system().executions().record(execution);
    create("note", {{"n", 1}});
    return thread;
  }
};

}  // namespace

TEST_CASE("an admin sets how long things are kept, with an event, and nobody else does", "[retention]") {
  GatheringWorld world(any_storage());
  const Session omar = world.user("omar", {}, Environment::development, "acme", MembershipRole::admin);
  const Session ana = world.user("ana");
  CHECK(Retention(omar).get().empty());
  Retention(omar).set({{Gathered::events, days(30)}, {Gathered::messages, days(7)}});
  CHECK(world.retention().get() == RetentionDays{{Gathered::events, days(30)}, {Gathered::messages, days(7)}});
  const auto events = world.system().events().list({.type = "events.retention-set"}).events;
  REQUIRE(events.size() == 1);
  CHECK(events[0].payload() == Json{{"events", 30}, {"messages", 7}});
  CHECK_ERROR(permission_denied, Retention(ana).set({}));
  CHECK_ERROR(permission_denied, Retention(ana).get());
  CHECK_ERROR(permission_denied, Retention(omar).prune());
  CHECK_ERROR(invalid_data, world.retention().set({{Gathered::events, days(0)}}));
  CHECK(world.retention().get().size() == 2);
  CHECK(Retention(world.system(Environment::production)).get().empty());
  world.retention().set({});
  CHECK(world.retention().get().empty());
}

TEST_CASE("what is older than it is kept is removed, the rest stays, and the log verifies", "[retention]") {
  GatheringWorld world(any_storage());
  const ThreadId old = world.gather(450);
  world.clock.advance(40 * one_day);
  const ThreadId young = world.gather(3);
  CHECK(world.retention().prune().empty());
  world.retention().set(
      {{Gathered::executions, days(30)}, {Gathered::threads, days(30)}, {Gathered::events, days(30)}});
  const auto removed = world.retention().prune();
  CHECK(removed.at(Gathered::executions) == 1);
  CHECK(removed.at(Gathered::threads) == 451);
  CHECK(removed.at(Gathered::events) > 0);
  CHECK_ERROR(not_found, world.system().threads().get(old));
  CHECK(world.system().threads().messages(young, 10, {}).messages.size() == 3);
  CHECK(world.system().executions().list().executions.size() == 1);
  CHECK(world.system().entities("note").count() == 2);
  CHECK(world.system().events().verify().ok);
  for (const auto& [kind, count] : world.retention().prune()) CHECK((kind == Gathered::events || count == 0));
}

TEST_CASE("messages go before their thread, which goes on counting", "[retention]") {
  GatheringWorld world(any_storage());
  const ThreadId thread = world.gather(2);
  world.clock.advance(10 * one_day);
  world.system().threads().append(thread, {.role = MessageRole::user, .content = "again"});
  world.retention().set({{Gathered::messages, days(5)}, {Gathered::threads, days(5)}});
  const auto removed = world.retention().prune();
  CHECK(removed.at(Gathered::messages) == 2);
  CHECK(removed.at(Gathered::threads) == 0);
  const auto messages = world.system().threads().messages(thread, 10, {}).messages;
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].sequence == 3);
  CHECK(world.system().threads().get(thread).message_count == 3);  // all that were ever appended
}

TEST_CASE("counts of cascades that ended long ago are removed, those of running ones stay", "[retention]") {
  GatheringWorld world(any_shared_storage());
  const auto storage = world.open_storage();
  const auto transaction = [&] { return storage->begin(world.system().actor().scope(), Access::write); };
  const auto cascades = [&] { return select<TriggerCascade>(*transaction(), {}).size(); };
  {
    const auto filling = transaction();
    for (int i = 0; i < 450; ++i) insert(*filling, TriggerCascade{"old-" + std::to_string(i), 1, world.clock.now()});
    filling->commit();
  }
  world.clock.advance(31 * one_day);
  {
    const auto filling = transaction();
    insert(*filling, TriggerCascade{"new", 1, world.clock.now()});
    filling->commit();
  }
  REQUIRE(cascades() == 451);
  CHECK(world.retention().prune().empty());  // nothing of the organization's
  CHECK(cascades() == 1);
}
