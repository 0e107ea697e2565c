// Events with the trace of the request that they belong to (Session::traced).
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", other = "00000000000000000000000000000001";

struct TracedWorld : World {
  explicit TracedWorld(StorageKind kind, DatabaseOptions options = {}) : World(kind, options) {
    define_type({{"slug", "note"}});
    define_role({{"name", "writer"},
                 {"policies",
                  {{{"resource", "note"}, {"actions", {"create", "read", "list"}}, {"effect", "allow"}},
                   {{"resource", "agents"}, {"actions", {"read"}}, {"effect", "allow"}}}}});
  }

  Event newest() const { return system().events().list({.newest_first = true, .limit = 1}).events.at(0); }
};

}  // namespace

TEST_CASE("events of a traced session carry the trace, and those of others none", "[events][trace]") {
  TracedWorld world(any_storage());
  const Session system = world.system();
  const EntityId id = system.traced(trace).entities("note").create({{"n", 1}}).id;
  CHECK(world.newest().trace_id() == trace);
  CHECK(world.newest().to_json().at("traceId") == trace);
  system.entities("note").update(id, {{"n", 2}});
  CHECK_FALSE(world.newest().trace_id());
  CHECK_FALSE(world.newest().to_json().contains("traceId"));
  system.traced(other).audit().append("note.seen", Json::object(), id);
  CHECK(world.newest().trace_id() == other);
  // In a unit: of each of its sessions.
  system.traced(trace).transaction([&](Session& unit) {
    unit.entities("note").update(id, {{"n", 3}});
    unit.traced(other).entities("note").update(id, {{"n", 4}});
  });
  const auto last = system.events().list({.newest_first = true, .limit = 2}).events;
  CHECK(last.at(0).trace_id() == other);
  CHECK(last.at(1).trace_id() == trace);
  CHECK(system.events().verify().ok);
}

TEST_CASE("a trace stays with the actors that come from a session", "[events][trace]") {
  TracedWorld world(any_storage());
  const Session ana = world.user("ana", {"writer"});
  world.system().agents().define({.slug = "helper", .name = "Helper"});
  world.system().agents().configure("helper", {.system_prompt = "p", .model = "m", .tools = {"t"}});
  ana.traced(trace).agents().tool_session("helper", "t").entities("note").create({{"n", 1}});
  CHECK(world.newest().trace_id() == trace);
  world.system()
      .traced(other)
      .impersonate({.user = UserId("ana"), .may_write = true})
      .entities("note")
      .create({{"n", 2}});
  CHECK(world.newest().trace_id() == other);
  CHECK(world.newest().impersonated_by());
  CHECK(world.system().events().verify().ok);
}

TEST_CASE("a denial that is recorded alone has its trace, and a sum of denials has none", "[events][trace]") {
  const auto recording = GENERATE(DenialRecording::each, DenialRecording::summed);
  TracedWorld world(any_storage(), {.record_denials = recording});
  const Session ana = world.user("ana", {"writer"}).traced(trace);
  for (int i = 0; i < 2; ++i) CHECK_ERROR(permission_denied, ana.entities("note").remove(EntityId("x")));
  if (recording == DenialRecording::summed) {
    world.clock.advance(61'000);
    CHECK_ERROR(permission_denied, ana.entities("note").remove(EntityId("x")));  // writes the sum of the minute before
  }
  const auto denials = world.system().events().list({.type = "access.denied"}).events;
  REQUIRE_FALSE(denials.empty());
  for (const Event& denial : denials) CHECK(denial.trace_id().has_value() == (recording == DenialRecording::each));
}

TEST_CASE("a text that is no trace id is refused", "[events][trace]") {
  const World world;
  for (const std::string& wrong :
       {std::string(), trace.substr(1), trace + "0", std::string(32, '0'),
        std::string("4BF92F3577B34DA6A3CE929D0E0E4736"), std::string(31, 'a') + "g", std::string(31, 'a') + '\0'}) {
    INFO(wrong);
    CHECK_ERROR(invalid_data, world.system().traced(wrong));
  }
}

TEST_CASE("the chain covers a trace, and outlives a purge and pruning with it", "[events][trace][sqlite]") {
  TracedWorld world(StorageKind::sqlite);
  const Session traced = world.system().traced(trace);
  const EntityId id = traced.entities("note").create({{"n", 1}}).id;
  const auto with = [&](const std::string& sql) {
    RawDatabase(world.folder.file()).run(sql);
    return world.system().events().verify().ok;
  };
  CHECK(world.system().events().verify().ok);
  CHECK_FALSE(with("UPDATE events SET trace_id = NULL WHERE type = 'note.created'"));
  CHECK_FALSE(with("UPDATE events SET trace_id = '" + other + "' WHERE type = 'note.created'"));
  CHECK(with("UPDATE events SET trace_id = '" + trace + "' WHERE type = 'note.created'"));
  CHECK_FALSE(with("UPDATE events SET trace_id = '" + trace + "' WHERE type = 'entity-type.created'"));
  CHECK(with("UPDATE events SET trace_id = NULL WHERE type = 'entity-type.created'"));
  traced.entities("note").purge(id);
  CHECK(world.system().events().verify().ok);
  CHECK(world.newest().trace_id() == trace);
}
