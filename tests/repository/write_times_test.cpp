// SPEC 7: times never run backwards in a scope, whatever the clock says.
#include <catch2/catch.hpp>

#include <thread>

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
