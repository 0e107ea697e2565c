// Triggers: what sets them off, when they are due, what their steps do, and what becomes of those that fail.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>

#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class TriggerWorld : public World {
 public:
  explicit TriggerWorld(StorageKind kind) : World(kind), worker(*database) {
    for (const char* const type : {"session", "note"})
      for (const Environment environment : {Environment::development, Environment::production})
        define_type({{"slug", type}}, environment);
  }

  Trigger define(const Json& definition, Environment environment = Environment::development) const {
    return system(environment).triggers().define(definition);
  }
  EntityRepository sessions() const { return system().entities("session"); }
  std::int64_t notes(Environment environment = Environment::development) const {
    return system(environment).entities("note").count();
  }
  std::vector<TriggerRun> runs() const { return system().triggers().runs({.limit = 1000}).runs; }

  TriggerWorker worker;
};

// A trigger that writes a note.
Json noting(const std::string& slug, const Json& on) {
  return {{"slug", slug},
          {"on", on},
          {"actions",
           {{{"tool", "entity.create"},
             {"args", {{"type", "note"}, {"data", {{"about", "{{trigger.entityId}}"}, {"by", slug}}}}}}}}};
}

}  // namespace

TEST_CASE("a write sets off the triggers of its type, action and condition", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define(noting("on-create", {{"entityType", "session"}, {"action", "created"}}));
  world.define(noting("on-maths",
                      {{"entityType", "session"}, {"action", "created"}, {"condition", {{"data.subject", "maths"}}}}));
  world.define(
      noting("on-completion", {{"entityType", "session"},
                               {"action", "updated"},
                               {"condition",
                                {{{"field", "data.state"}, {"operator", "eq"}, {"value", "completed"}},
                                 {{"field", "previousData.state"}, {"operator", "neq"}, {"value", "completed"}}}}}));
  world.define(noting("on-delete", {{"entityType", "session"}, {"action", "deleted"}}));

  const auto fired = [&] {
    world.worker.run_due();
    Json by = Json::array();
    for (const Entity& note : world.system().entities("note").list({.order = {{"data.by"}}})) {
      by.push_back(note.data().at("by"));
      world.system().entities("note").remove(note.id());
    }
    return by.dump();
  };
  const EntityId art = world.sessions().create({{"subject", "art"}, {"state", "scheduled"}}).id;
  CHECK(fired() == R"(["on-create"])");
  world.sessions().create({{"subject", "maths"}});
  CHECK(fired() == R"(["on-create","on-maths"])");
  world.sessions().update(art, {{"subject", "maths"}});
  CHECK(fired() == "[]");
  world.sessions().update(art, {{"state", "completed"}});
  CHECK(fired() == R"(["on-completion"])");
  world.sessions().update(art, {{"room", 4}});  // it was completed already
  CHECK(fired() == "[]");
  world.sessions().remove(art);
  CHECK(fired() == R"(["on-delete"])");
}

TEST_CASE("a worker that is limited to an organization and an environment leaves other runs due", "[triggers]") {
  TriggerWorld world(any_storage());
  for (const Environment environment : {Environment::development, Environment::production}) {
    world.define(noting("on-create", {{"entityType", "session"}, {"action", "created"}}), environment);
    world.system(environment).entities("session").create({{"subject", "art"}});
  }
  const auto run = [&](const TriggerWorkerOptions& options) {
    return TriggerWorker(*world.database, options).run_due().completed;
  };
  CHECK(run({.organization = OrganizationId("another")}) == 0);
  CHECK(run({.organization = OrganizationId("acme"), .environment = Environment::production}) == 1);
  CHECK(world.notes() == 0);
  CHECK(world.notes(Environment::production) == 1);
  CHECK(run({.environment = Environment::development}) == 1);
  CHECK(world.notes() == 1);
}

TEST_CASE("a write that is refused sets nothing off", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define_type({{"slug", "strict"}, {"schema", {{"required", {"name"}}}}});
  world.define(noting("noting", {{"entityType", "strict"}, {"action", "created"}}));
  CHECK_ERROR(invalid_data, world.system().entities("strict").create({{"x", 1}}));
  CHECK(world.runs().empty());
}

TEST_CASE("steps hand on what they found, and keep the kinds of values", "[triggers]") {
  TriggerWorld world(any_storage());
  Json seen;
  world.worker.add_tool("send", [&](const ToolCall& call) {
    seen = call.arguments;
    CHECK(call.session.actor().type() == ActorType::system);
    CHECK(call.session.actor().environment() == Environment::development);
    return Json{{"receipt", 7}};
  });
  const EntityId student = world.create("note", {{"mail", "kim@example.org"}, {"tags", {"a", "b"}}});
  world.define(
      {{"slug", "mail"},
       {"on", {{"entityType", "session"}, {"action", "created"}}},
       {"actions",
        {{{"tool", "entity.get"}, {"as", "student"}, {"args", {{"type", "note"}, {"id", "{{trigger.data.student}}"}}}},
         {{"tool", "send"},
          {"as", "sent"},
          {"args",
           {{"to", "{{steps.student.data.mail}}"},
            {"tag", "{{ steps.student.data.tags.1 }}"},
            {"tags", "{{steps.student.data.tags}}"},
            {"minutes", "{{trigger.data.minutes}}"},
            {"text", "{{trigger.data.title}}: {{trigger.data.minutes}} min"}}}},
         {{"tool", "entity.update"},
          {"args",
           {{"type", "session"},
            {"id", "{{trigger.entityId}}"},
            {"data", {{"receipt", "{{steps.sent.receipt}}"}}}}}}}}});
  const EntityId session =
      world.sessions().create({{"student", student.str()}, {"minutes", 45}, {"title", "{{trigger.entityId}}"}}).id;
  const TriggerWork work = world.worker.run_due();
  CHECK(work.completed == 1);
  CHECK(work.attempts() == 1);
  CHECK(seen == Json{{"to", "kim@example.org"},
                     {"tag", "b"},
                     {"tags", {"a", "b"}},
                     {"minutes", 45},
                     {"text", "{{trigger.entityId}}: 45 min"}});  // what is put in is not read again
  CHECK(world.sessions().get(session).data().at("receipt") == 7);
  const TriggerRun run = world.runs().at(0);
  CHECK(run.status == TriggerRunStatus::completed);
  CHECK(run.steps.size() == 3);
}

TEST_CASE("a run waits for its time", "[triggers]") {
  TriggerWorld world(any_storage());
  Json later = noting("later", {{"entityType", "session"}, {"action", "created"}});
  later["schedule"] = {{"delay", "5m"}};
  world.define(later);
  Json before = noting("before", {{"entityType", "session"}, {"action", "updated"}});
  before["schedule"] = {{"at", "{{trigger.data.start}}"}, {"offset", "-1h"}, {"cancelPrevious", true}};
  world.define(before);

  const EntityId session = world.sessions().create({{"start", "1970-01-02T00:00:00Z"}}).id;
  CHECK(world.worker.run_due().attempts() == 0);
  world.clock.advance(5 * 60'000 - 1);
  CHECK(world.worker.run_due().attempts() == 0);
  world.clock.advance(1);
  CHECK(world.worker.run_due().completed == 1);

  const Timestamp now = world.clock.now();
  world.sessions().update(session, {{"start", now + 3 * 3'600'000}});
  world.sessions().update(session, {{"start", now + 4 * 3'600'000}});  // takes the place of the one before
  world.clock.advance(2 * 3'600'000);
  CHECK(world.worker.run_due().attempts() == 0);
  world.clock.advance(3'600'000);
  CHECK(world.worker.run_due().completed == 1);
  CHECK(world.system().triggers().runs({.status = TriggerRunStatus::cancelled}).runs.size() == 1);

  // A time that is none is no reason to refuse the write; the run says what is wrong.
  world.sessions().update(session, {{"start", "tomorrow"}});
  const auto dead = world.system().triggers().runs({.status = TriggerRunStatus::dead}).runs;
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].error->find("`at`") != std::string::npos);
}

TEST_CASE("a step that fails is repeated, later each time, and what was done before it is not", "[triggers]") {
  TriggerWorld world(any_storage());
  int calls = 0;
  world.worker.add_tool("flaky", [&](const ToolCall&) -> Json {
    if (++calls < 3) throw std::runtime_error("the line is busy");
    return "done";
  });
  Json definition = noting("retry", {{"entityType", "session"}, {"action", "created"}});
  definition["actions"].push_back({{"tool", "flaky"}});
  definition["retry"] = {{"maxAttempts", 3}, {"backoff", "10s"}};
  world.define(definition);
  world.sessions().create(Json::object());

  CHECK(world.worker.run_due().failed == 1);
  CHECK(world.runs().at(0).error == "the line is busy");
  world.clock.advance(9'999);
  CHECK(world.worker.run_due().attempts() == 0);
  world.clock.advance(1);
  CHECK(world.worker.run_due().failed == 1);
  world.clock.advance(19'999);
  CHECK(world.worker.run_due().attempts() == 0);
  world.clock.advance(1);
  CHECK(world.worker.run_due().completed == 1);
  CHECK(calls == 3);
  CHECK(world.notes() == 1);  // the first step happened once
}

TEST_CASE("a run that fails as often as it may is dead, and can be brought back", "[triggers]") {
  TriggerWorld world(any_storage());
  bool works = false;
  world.worker.add_tool("send", [&](const ToolCall&) -> Json {
    if (!works) throw std::runtime_error("no \xff line");
    return nullptr;
  });
  world.define({{"slug", "send"},
                {"on", {{"entityType", "session"}, {"action", "created"}}},
                {"retry", {{"maxAttempts", 2}, {"backoff", "1h"}}},
                {"actions", {{{"tool", "send"}}}}});
  world.sessions().create(Json::object());
  CHECK(world.worker.run_due().failed == 1);
  world.clock.advance(3'600'000);
  CHECK(world.worker.run_due().dead == 1);
  const TriggerRun run = world.runs().at(0);
  CHECK(run.status == TriggerRunStatus::dead);
  CHECK(run.attempts == 2);
  CHECK(world.system().events().list({.type = "trigger.dead"}).events.size() == 1);
  CHECK_ERROR(conflict, world.system().triggers().cancel(run.id));
  works = true;
  world.system().triggers().retry(run.id);
  CHECK(world.worker.run_due().completed == 1);
  CHECK_ERROR(conflict, world.system().triggers().retry(run.id));
}

TEST_CASE("a run waits for a worker that has its tools, and no other run for it", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define(
      {{"slug", "send"},
       {"on", {{"entityType", "session"}, {"action", "created"}}},
       {"retry", {{"maxAttempts", 1}}},
       {"actions",
        {{{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", Json::object()}}}}, {{"tool", "send"}}}}});
  world.define(noting("take", {{"entityType", "session"}, {"action", "created"}}));
  TriggerWorkerOptions options;
  std::vector<std::string> told;
  options.on_missing_tool = [&](const OrganizationId& organization, Environment environment, const TriggerRun& run) {
    told.push_back(organization.str() + " " + std::string(to_string(environment)) + " " + run.trigger);
    throw std::runtime_error("the host's own");
  };
  TriggerWorker without(*world.database, options);
  world.sessions().create(Json::object());
  CHECK(without.run_due().completed == 1);
  CHECK(told == std::vector<std::string>{"acme development send"});
  CHECK(world.notes() == 1);  // no step of the other was carried out
  const auto waiting = world.system().triggers().runs({.status = TriggerRunStatus::pending}).runs;
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].attempts == 0);
  CHECK(waiting[0].error->find("`send`") != std::string::npos);
  CHECK(without.run_due().attempts() == 0);
  CHECK(told.size() == 1);
  world.clock.advance(90LL * 86'400'000);
  CHECK(without.run_due().attempts() == 0);
  CHECK(told.size() == 2);

  world.worker.add_tool("send", [](const ToolCall&) -> Json { return nullptr; });
  world.clock.advance(600'000);  // however long it has waited, it is looked at again by then
  CHECK(world.worker.run_due().completed == 1);
  CHECK(world.notes() == 2);
}

TEST_CASE("a worker that died for the last time ends a run that the next one lacks the tool for", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define({{"slug", "send"},
                {"on", {{"entityType", "session"}, {"action", "created"}}},
                {"retry", {{"maxAttempts", 1}}},
                {"actions", {{{"tool", "send"}}}}});
  world.sessions().create(Json::object());
  TriggerWorker without(*world.database);
  std::size_t dead = 0;
  world.worker.add_tool("send", [&](const ToolCall&) -> Json {
    world.clock.advance(3'600'000);  // longer than its lease
    dead = without.run_due().dead;
    return nullptr;
  });
  world.worker.run_due();
  CHECK(dead == 1);
  CHECK(world.system().events().list({.type = "trigger.dead"}).events.size() == 1);
}

TEST_CASE("a run whose time cannot be told is dead from the first, with an event that says so", "[triggers]") {
  TriggerWorld world(any_storage());
  Json later = noting("later", {{"entityType", "session"}, {"action", "created"}});
  later["schedule"] = {{"at", "{{trigger.data.at}}"}};
  world.define(later);
  world.sessions().create({{"at", "soon"}});
  const TriggerRun run = world.runs().at(0);
  CHECK(run.status == TriggerRunStatus::dead);
  const auto events = world.system().events().list({.type = "trigger.dead"}).events;
  REQUIRE(events.size() == 1);
  CHECK(events[0].payload() == Json{{"trigger", "later"}, {"run", run.id.str()}});
  world.system().triggers().retry(run.id);  // at once
  CHECK(world.worker.run_due().completed == 1);
}

TEST_CASE("triggers that set one another off end", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define({{"slug", "loop"},
                {"on", {{"entityType", "note"}, {"action", "created"}}},
                {"actions", {{{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", {{"n", 1}}}}}}}}});
  world.system().entities("note").create(Json::object());
  const TriggerWork work = world.worker.run_due();
  CHECK(work.completed == 7);
  CHECK(work.dead == 1);  // at once: trying again would change nothing
  CHECK(world.notes() == 8);
  const auto dead = world.system().triggers().runs({.status = TriggerRunStatus::dead}).runs;
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].error->find("deep") != std::string::npos);
}

TEST_CASE("a trigger of development never touches production", "[triggers]") {
  TriggerWorld world(any_storage());
  world.define(noting("noting", {{"entityType", "session"}, {"action", "created"}}));
  world.system(Environment::production).entities("session").create(Json::object());
  CHECK(world.worker.run_due().attempts() == 0);
  const EntityId in_production = world.create("note", {{"secret", 1}}, Environment::production);
  world.define({{"slug", "reach"},
                {"on", {{"entityType", "session"}, {"action", "created"}}},
                {"retry", {{"maxAttempts", 1}}},
                {"actions",
                 {{{"tool", "entity.update"},
                   {"args", {{"type", "note"}, {"id", in_production.str()}, {"data", {{"secret", 2}}}}}}}}});
  world.sessions().create(Json::object());
  const TriggerWork work = world.worker.run_due();
  CHECK(work.completed == 1);
  CHECK(work.dead == 1);
  CHECK(world.notes(Environment::production) == 1);
  CHECK(world.system(Environment::production).entities("note").get(in_production).data().at("secret") == 1);
}

TEST_CASE("workers side by side do each run once", "[triggers]") {
  TriggerWorld world(any_storage());
  std::atomic<int> calls = 0;
  const auto count = [&](const ToolCall&) -> Json { return ++calls; };
  world.define(
      {{"slug", "count"},
       {"on", {{"entityType", "session"}, {"action", "created"}}},
       {"actions",
        {{{"tool", "count"}}, {{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", {{"n", 1}}}}}}}}});
  for (int i = 0; i < 40; ++i) world.sessions().create(Json::object());
  std::vector<std::unique_ptr<TriggerWorker>> workers;
  for (int i = 0; i < 4; ++i) {
    workers.push_back(std::make_unique<TriggerWorker>(
        *world.database, TriggerWorkerOptions{.poll_interval = std::chrono::milliseconds(5)}));
    workers.back()->add_tool("count", count);
  }
  for (const auto& worker : workers) worker->start();
  for (int i = 0; i < 12'000 && world.notes() < 40; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const auto& worker : workers) worker->stop();
  CHECK(calls == 40);
  CHECK(world.notes() == 40);
}

TEST_CASE("a run whose worker is gone is taken over after its lease, and the first worker's work is undone",
          "[triggers]") {
  TriggerWorld world(any_storage());
  TriggerWorker second(*world.database);
  int calls = 0;
  const auto slow = [&](const ToolCall&) -> Json {
    if (++calls > 1) return "second";
    // As if the first worker had stopped here for longer than its lease.
    world.clock.advance(60'000);
    CHECK(second.run_due().completed == 1);
    return "first";
  };
  world.worker.add_tool("slow", slow);
  second.add_tool("slow", slow);
  Json definition = noting("slow", {{"entityType", "session"}, {"action", "created"}});
  definition["actions"] = {
      {{"tool", "slow"}, {"as", "who"}},
      {{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", {{"by", "{{steps.who}}"}}}}}}};
  world.define(definition);
  world.sessions().create(Json::object());
  CHECK(world.worker.run_due().attempts() == 0);
  CHECK(calls == 2);
  REQUIRE(world.notes() == 1);
  CHECK(world.system().entities("note").list().front().data().at("by") == "second");
}

TEST_CASE("a trigger with a mistake is refused", "[triggers]") {
  TriggerWorld world(StorageKind::memory);
  const Json sound = noting("sound", {{"entityType", "session"}, {"action", "created"}});
  CHECK_NOTHROW(world.define(sound));
  const auto refused = [&](const char* pointer, const Json& value) {
    Json broken = sound;
    broken[Json::json_pointer(pointer)] = value;
    INFO(broken.dump());
    CHECK_ERROR(invalid_definition, world.define(broken));
  };
  refused("/slug", "No Slug");
  refused("/extra", 1);
  refused("/on/entityType", "nothing");
  refused("/on/action", "create");
  refused("/on/condition", Json::array({{{"field", "data.x"}, {"operator", "like"}, {"value", 1}}}));
  refused("/on/condition", Json{{"data.x y", 1}});
  refused("/schedule", Json::object());
  refused("/schedule", Json{{"delay", "soon"}});
  refused("/schedule", Json{{"delay", "-1s"}});
  refused("/schedule", Json{{"delay", "1s"}, {"at", "{{trigger.data.x}}"}});
  refused("/retry", Json{{"maxAttempts", 0}});
  refused("/retry", Json{{"backoff", "2h"}});
  refused("/actions", Json::array());
  refused("/actions/0/args", Json{{"x", "{{steps.later.id}}"}});
  refused("/actions/0/args", Json{{"x", "{{env.SECRET}}"}});
  refused("/actions/0/args", Json{{"x", "{{trigger.data.x"}});
  refused("/actions/0/as", "a b");
  CHECK_ERROR(conflict, world.system().entity_types().remove("session"));
  world.system().triggers().remove("sound");
  CHECK_NOTHROW(world.system().entity_types().remove("session"));
  world.define_type({{"slug", "session"}});
  const Session nobody = world.user("nobody");
  CHECK_ERROR(permission_denied, nobody.triggers().define(sound));
  CHECK_ERROR(permission_denied, nobody.triggers().runs());
}

TEST_CASE("the events of a run carry the trace of the write that set it off, through further runs and failures",
          "[triggers][trace]") {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  TriggerWorld world(any_storage());
  world.define(noting("first", {{"entityType", "session"}, {"action", "created"}}));
  world.define({{"slug", "second"},
                {"on", {{"entityType", "note"}, {"action", "created"}}},
                {"retry", {{"maxAttempts", 1}}},
                {"actions",
                 {{{"tool", "event.emit"}, {"args", {{"type", "note.seen"}}}},
                  {{"tool", "host"}, {"args", Json::object()}},
                  {{"tool", "fail"}, {"args", Json::object()}}}}});
  world.worker.add_tool("host", [](const ToolCall& call) -> Json {
    call.session.audit().append("host.called", Json::object());
    return nullptr;
  });
  world.worker.add_tool("fail", [](const ToolCall&) -> Json { throw std::runtime_error("it fails"); });
  const auto traces = [&](const std::string& type) {
    std::vector<std::string> out;
    for (const Event& event : world.system().events().list({.type = type}).events)
      out.push_back(event.trace_id().value_or("none"));
    return out;
  };
  world.system().traced(trace).entities("session").create({{"n", 1}});
  world.sessions().create({{"n", 2}});
  world.worker.run_due();
  for (const std::string type : {"note.created", "note.seen", "host.called", "trigger.dead"}) {
    INFO(type);
    auto found = traces(type);
    std::ranges::sort(found);
    CHECK(found == std::vector<std::string>{trace, "none"});
  }
  // A run that is tried again is still of that write.
  world.clock.advance(1000);
  for (const TriggerRun& run : world.runs())
    if (run.status == TriggerRunStatus::dead) world.system().triggers().retry(run.id);
  world.worker.run_due();
  CHECK(std::ranges::count(traces("trigger.dead"), trace) == 2);
  CHECK(world.system().events().verify().ok);
}

TEST_CASE("an exception without a text fails an attempt as any other does", "[triggers]") {
  struct Silent : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };
  TriggerWorld world(any_storage());
  world.worker.add_tool("silent", [](const ToolCall&) -> Json { throw Silent(); });
  Json definition = noting("quiet", {{"entityType", "session"}, {"action", "created"}});
  definition["actions"].push_back({{"tool", "silent"}});
  world.define(definition);
  world.sessions().create(Json::object());
  CHECK(world.worker.run_due().failed == 1);
  CHECK(world.runs().at(0).error == "an exception without a text");
}

TEST_CASE("the error of a run keeps what follows bytes that are not text, up to 2,000 bytes", "[triggers]") {
  std::string thrown;
  TriggerWorld world(any_storage());
  world.worker.add_tool("fail", [&](const ToolCall&) -> Json { throw std::runtime_error(thrown); });
  Json definition = noting("quiet", {{"entityType", "session"}, {"action", "created"}});
  definition["actions"].push_back({{"tool", "fail"}});
  world.define(definition);
  const auto error_after = [&](const std::string& text) {
    thrown = text;
    const std::string id = world.sessions().create(Json::object()).id.str();
    CHECK(world.worker.run_due().failed == 1);
    for (const TriggerRun& run : world.runs())
      if (run.entity.str() == id) return run.error.value_or("none");
    return std::string("no run");
  };
  CHECK(error_after("boom \xff \x01 first\nsecond é") == "boom \\xff \\x01 first\nsecond é");
  CHECK(error_after("") == "the tool failed, and did not say why");
  CHECK(error_after(std::string(2000, 'x')) == std::string(2000, 'x'));
  CHECK(error_after(std::string(1996, 'x') + "éé" + std::string(9000, 'y')) == std::string(1996, 'x') + "…");
  CHECK(error_after(std::string(1999, '\xff')).size() <= 2000);
}
