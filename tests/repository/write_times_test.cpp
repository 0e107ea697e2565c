// SPEC 7: times never run backwards in a scope, whatever the clock says.
#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>

#include "struere/operations/retention.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/jumping_clock.hpp"
#include "support/log_times.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class Stage {
 public:
  explicit Stage(bool on_disk)
      : database(on_disk ? Database::open(folder.file(), {.clock = &clock}) : Database::in_memory({.clock = &clock})),
        system(made()) {}

  JumpingClock clock;
  TemporaryFolder folder;
  Database database;
  Session system;

 private:
  Session made() const {
    const auto host = database.trusted_host();
    host.create_organization("acme", OrganizationId("acme"));
    const auto out = host.system_session(OrganizationId("acme"), Environment::development);
    out.entity_types().define(Json{{"slug", "session"}});
    return out;
  }
};

}  // namespace

TEST_CASE("times of rows and events do not run back with the clock", "[repository][time]") {
  const Stage stage(GENERATE(false, true));
  const auto sessions = stage.system.entities("session");
  Timestamp last = 0;
  for (int i = 0; i < 50; ++i) {
    const EntityId id = sessions.create(Json{{"n", i}}).id;
    const Entity created = sessions.get(id);
    CHECK(*created.created_at() >= last);
    sessions.update(id, Json{{"n", -i}});
    const Entity updated = sessions.get(id);
    CHECK(*updated.updated_at() >= *created.updated_at());
    last = *updated.updated_at();
    if (i == 20) stage.system.events().prune(last + 1'000'000);  // the newest event says it was
  }
  CHECK(never_back(log_times(stage.system)));
  CHECK(stage.system.events().verify().ok);
}

TEST_CASE("a write that leaves no event counts as well", "[repository][time]") {
  const Stage stage(GENERATE(false, true));
  const auto threads = stage.system.threads();
  const auto sessions = stage.system.entities("session");
  const ThreadId thread = threads.create({}).id;
  Timestamp last = 0;
  for (int i = 0; i < 50; ++i) {
    const Message message = threads.append(thread, {.content = "hello"});
    CHECK(message.created_at >= last);
    const Entity row = sessions.get(sessions.create(Json{{"n", i}}).id);
    CHECK(*row.created_at() >= message.created_at);
    last = *row.created_at();
  }
}

TEST_CASE("of two threads that write, the later one has the later time", "[repository][time]") {
  const Stage stage(GENERATE(false, true));
  const auto write = [&] {
    for (int i = 0; i < 60; ++i) stage.system.entities("session").create(Json{{"n", i}});
  };
  std::thread one(write), other(write);
  one.join();
  other.join();
  CHECK(never_back(log_times(stage.system)));
}

TEST_CASE("what ends, is due or grows old follows the clock, also after it was ahead for a write",
          "[repository][time]") {
  constexpr Timestamp minute = 60'000, day = 24 * 60 * minute, ten_years = 3'650 * day;
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const Session system = world.system();
  const auto define_trigger = [&](const char* slug, const char* action, Json more) {
    more["slug"] = slug;
    more["on"] = {{"entityType", "note"}, {"action", action}};
    system.triggers().define(more);
  };
  const Json emit = Json::array({{{"tool", "event.emit"}, {"args", {{"type", "note.seen"}}}}});
  define_trigger("now", "created", {{"actions", emit}});
  define_trigger("later", "created", {{"actions", emit}, {"schedule", {{"delay", "5m"}}}});
  define_trigger("failing", "updated",
                 {{"actions", Json::array({{{"tool", "fail"}}})}, {"retry", {{"maxAttempts", 2}, {"backoff", "1m"}}}});
  Retention(system).set({{Gathered::trigger_runs, std::chrono::days(30)}, {Gathered::events, std::chrono::days(30)}});
  TriggerWorker worker(*world.database);
  const EntityRepository notes = system.entities("note");
  worker.add_tool("fail", [](const ToolCall&) -> Json { throw std::runtime_error("no"); });
  const EntityId before = notes.create({{"n", 1}}).id;
  CHECK(worker.run_due().completed == 1);
  world.clock.advance(ten_years);
  system.audit().append("host.event", Json::object());
  world.clock.advance(-ten_years);

  SECTION("triggers") {
    notes.create({{"n", 2}});
    CHECK(world.host().environments_with_due_runs() == 1);
    CHECK(worker.run_due().completed == 1);
    world.clock.advance(6 * minute);
    CHECK(worker.run_due().completed == 2);
    notes.update(before, {{"n", 3}});
    CHECK(worker.run_due().failed == 1);
    CHECK(worker.run_due().dead == 0);
    world.clock.advance(2 * minute);
    CHECK(worker.run_due().dead == 1);
    system.triggers().retry(system.triggers().runs({.trigger = "failing"}).runs.at(0).id);
    CHECK(worker.run_due().failed == 1);
  }
  SECTION("keys") {
    const CreatedApiKey key =
        system.api_keys().create({.name = "a key", .expires_at = world.clock.now() + 60 * minute});
    CHECK_NOTHROW(world.database->authenticate(key.secret));
    system.api_keys().rotate(key.key.id, std::chrono::minutes(1));
    CHECK_NOTHROW(world.database->authenticate(key.secret));
    world.clock.advance(2 * minute);
    CHECK_ERROR(unauthenticated, world.database->authenticate(key.secret));
    CHECK_ERROR(conflict, system.api_keys().rotate(key.key.id, std::chrono::minutes(1)));
  }
  SECTION("answers that are kept") {
    const auto answer = [&](int n) {
      return system.once({"key", "request"}, [&](Session&) { return Json(n); }).answer;
    };
    CHECK(answer(1) == 1);
    CHECK(answer(2) == 1);
    world.clock.advance(2 * day);
    CHECK(answer(3) == 3);
  }
  SECTION("retention") {
    Retention(system).prune();
    CHECK(system.triggers().runs().runs.size() == 2);
    CHECK(system.events().list({.type = "note.created"}).events.size() == 1);
  }
  CHECK(system.events().verify().ok);
}
