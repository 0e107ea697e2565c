// Nobody's trigger ends the process, takes the worker for itself, or grows without a bound.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "storage/records.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json calling(const std::string& slug, const std::string& tool, const Json& args = Json::object()) {
  return {{"slug", slug},
          {"on", {{"entityType", "note"}, {"action", "created"}}},
          {"actions", {{{"tool", tool}, {"args", args}}}}};
}

std::vector<TriggerRun> runs_of(const World& world) { return world.system().triggers().runs({.limit = 1000}).runs; }

}  // namespace

TEST_CASE("a tool that throws what is no std::exception fails its attempt alone", "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.system().triggers().define(calling("t", "mine"));
  TriggerWorker worker(*world.database);
  worker.add_tool("mine", [](const ToolCall&) -> Json { throw 42; });
  world.create("note", Json::object());
  const TriggerWork work = worker.run_due();
  CHECK(work.failed + work.dead == 1);
  CHECK(runs_of(world).at(0).status != TriggerRunStatus::running);
  CHECK(*runs_of(world).at(0).error == "the tool threw something that is not a std::exception");
}

TEST_CASE("a tool is asked to stop when its worker is", "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.system().triggers().define(calling("t", "mine"));
  TriggerWorker worker(*world.database, {.poll_interval = std::chrono::milliseconds(1)});
  std::atomic<bool> begun = false, asked = false;
  worker.add_tool("mine", [&](const ToolCall& call) -> Json {
    begun = true;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!call.stop.stop_requested() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    asked = call.stop.stop_requested();
    return {};
  });
  world.create("note", Json::object());
  worker.start();
  while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  worker.stop();
  CHECK(asked);
}

TEST_CASE("a tool that stops its own worker is told that it cannot", "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.system().triggers().define(calling("t", "mine"));
  TriggerWorker worker(*world.database, {.poll_interval = std::chrono::milliseconds(1)});
  std::atomic<bool> ended = false;
  std::string refusal;
  worker.add_tool("mine", [&](const ToolCall&) -> Json {
    refusal = error_of([&] { worker.stop(); });
    ended = true;
    return {};
  });
  world.create("note", Json::object());
  worker.start();
  while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  worker.stop();
  CHECK(refusal == "conflict: a tool cannot stop its own worker; call stop() on another thread after the run");
}

TEST_CASE("scopes take turns", "[triggers]") {
  World world(any_storage());
  world.add_organization("beta");
  std::vector<std::string> order;
  for (const char* const organization : {"acme", "beta"}) {
    world.define_type({{"slug", "note"}}, Environment::development, organization);
    world.system(Environment::development, organization).triggers().define(calling("t", "mine"));
  }
  TriggerWorker worker(*world.database);
  worker.add_tool("mine", [&](const ToolCall& call) -> Json {
    order.push_back(call.session.actor().organization().str());
    return {};
  });
  for (int i = 0; i < 20; ++i) world.create("note", Json::object());
  world.create("note", Json::object(), Environment::development, "beta");
  worker.run_due();
  REQUIRE(order.size() == 21);
  CHECK((order[0] == "beta" || order[1] == "beta"));
}

TEST_CASE("what a step expands to and answers is bounded, in words", "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  Json many = Json::object();
  for (int i = 0; i < 8; ++i) many["f" + std::to_string(i)] = "{{trigger.data.text}}";
  world.system().triggers().define(calling("expands", "mine", many));
  world.system().triggers().define(calling("answers", "large"));
  TriggerWorker worker(*world.database);
  std::atomic<int> called = 0;
  worker.add_tool("mine", [&](const ToolCall&) -> Json {
    ++called;
    return {};
  });
  worker.add_tool("large", [](const ToolCall&) -> Json { return std::string((1 << 20) + 1, 'x'); });
  world.create("note", {{"text", std::string(200'000, 'x')}});
  worker.run_due();
  CHECK(called == 0);
  for (const TriggerRun& run : runs_of(world)) {
    INFO(run.trigger);
    CHECK(run.error->find("larger than 1 MiB") != std::string::npos);
  }
}

TEST_CASE("the result of a step, and all results of a run, are bounded in words", "[triggers][large]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  for (int i = 0; i < 3; ++i) world.create("note", {{"text", std::string(900'000, 'x')}});
  world.define_type({{"slug", "visit"}});
  const auto define = [&](const char* slug, const Json& actions) {
    world.system().triggers().define({{"slug", slug},
                                      {"on", {{"entityType", "visit"}, {"action", "created"}}},
                                      {"actions", actions},
                                      {"retry", {{"maxAttempts", 1}}}});
  };
  define("reads", Json::array({{{"tool", "entity.query"}, {"args", {{"type", "note"}}}}}));
  Json many = Json::array();
  for (int i = 0; i < 10; ++i) many.push_back({{"tool", "large"}});
  define("sums", many);
  TriggerWorker worker(*world.database);
  worker.add_tool("large", [](const ToolCall&) -> Json { return std::string(1'000'000, 'x'); });
  world.create("visit", Json::object());
  worker.run_due();
  for (const TriggerRun& run : runs_of(world)) {
    INFO(run.trigger << ": " << run.error.value_or("no error"));
    CHECK(run.status == TriggerRunStatus::dead);
    CHECK(run.error.value_or("").find(run.trigger == "reads" ? "is larger than 2 MiB" : "are larger than 8 MiB") !=
          std::string::npos);
  }
}

TEST_CASE("what the runs of one write hold together is bounded, in words", "[triggers][large]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  for (int i = 0; i < 200; ++i) world.system().triggers().define(calling("t" + std::to_string(i), "mine"));
  const Json large{{"text", std::string(1'000'000, 'x')}};
  CHECK(error_of([&] { (void)world.system().entities("note").create(large); }) ==
        "invalid_data: the trigger runs of this write hold more than 128 MiB together; write fewer rows at a time, or "
        "let fewer triggers fire");
  CHECK(world.system().entities("note").count() == 0);
  CHECK_NOTHROW(world.system().entities("note").create({{"text", "x"}}));
}

TEST_CASE("triggers that multiply end, and the run that went too far says so", "[triggers][large]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  Json three = Json::array();
  for (int i = 0; i < 3; ++i)
    three.push_back({{"tool", "entity.create"}, {"args", {{"type", "note"}, {"data", {{"n", i}}}}}});
  world.system().triggers().define({{"slug", "t"},
                                    {"on", {{"entityType", "note"}, {"action", "created"}}},
                                    {"actions", three},
                                    {"retry", {{"maxAttempts", 1}}}});
  TriggerWorker worker(*world.database);
  for (int write = 0; write < 2; ++write) {
    world.create("note", Json::object());
    worker.run_due();
  }
  // 3 to the power of 8 would be 6,561 of each write.
  const auto notes = world.system().entities("note").count();
  CHECK(notes <= 2 * 1001);
  CHECK(notes >= 2 * 300);  // the second write has runs of its own
  const auto dead = world.system().triggers().runs({.status = TriggerRunStatus::dead, .limit = 1000}).runs;
  REQUIRE_FALSE(dead.empty());
  CHECK(dead.front().error->find("one write led to more than 1000 trigger runs") != std::string::npos);
}

TEST_CASE("the 1,001st trigger is set off like the first", "[triggers][large]") {
  World world(any_storage());
  DefinitionSet set;
  set.add(DefinitionKind::entity_type, {{"slug", "note"}});
  set.add(DefinitionKind::tool, {{"name", "mine"}});
  for (int i = 0; i < 1001; ++i) set.add(DefinitionKind::trigger, calling("t" + std::to_string(i), "mine"));
  const Definitions definitions(world.system());
  definitions.apply(definitions.plan(set));
  world.create("note", Json::object());
  CHECK(world.system().triggers().list().size() == 1001);
  std::int64_t runs = 0;
  TriggerWorker worker(*world.database);
  worker.add_tool("mine", [&](const ToolCall&) -> Json {
    ++runs;
    return {};
  });
  worker.run_due();
  CHECK(runs == 1001);
}

TEST_CASE("a cascade that begins removes two that ended long ago, not all of them", "[triggers]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "copy"}});
  const Json copying = {{"tool", "entity.create"}, {"args", {{"type", "copy"}, {"data", Json::object()}}}};
  world.system().triggers().define(
      {{"slug", "first"}, {"on", {{"entityType", "note"}, {"action", "created"}}}, {"actions", {copying}}});
  world.system().triggers().define({{"slug", "second"},
                                    {"on", {{"entityType", "copy"}, {"action", "created"}}},
                                    {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "copy.made"}}}}}}});
  const auto storage = world.open_storage();
  const auto cascades = [&] {
    return select<TriggerCascade>(*storage->begin(world.system().actor().scope(), Access::read), {}).size();
  };
  TriggerWorker worker(*world.database);
  const auto cascade = [&] {
    world.create("note", Json::object());
    worker.run_due();
  };
  for (int i = 0; i < 5; ++i) cascade();
  CHECK(cascades() == 5);
  world.clock.advance(31LL * 86'400'000);
  cascade();
  CHECK(cascades() == 4);
  for (int i = 0; i < 10; ++i) cascade();
  CHECK(cascades() == 11);
}

TEST_CASE("arguments with which a built-in tool would fail at each run are refused when the trigger is defined",
          "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const auto define = [&](const char* tool, const Json& args) {
    world.system().triggers().define(calling("t", tool, args));
  };
  CHECK_ERROR(invalid_definition, define("entity.create", {{"type", "note"}}));
  CHECK_ERROR(invalid_definition, define("entity.create", {{"type", "nowt"}, {"data", Json::object()}}));
  CHECK_ERROR(invalid_definition, define("entity.create", {{"type", "note"}, {"data", "a text"}}));
  CHECK_ERROR(invalid_definition, define("entity.delete", {{"type", "note"}, {"id", "i"}, {"more", 1}}));
  CHECK_ERROR(invalid_definition, define("entity.update", {{"type", "note"}, {"id", "i"}, {"status", "deleted"}}));
  CHECK_ERROR(invalid_definition, define("entity.update", {{"type", "note"}, {"id", "i"}, {"status", ""}}));
  CHECK_ERROR(invalid_definition, define("entity.query", {{"type", "note"}, {"limit", 1001}}));
  CHECK_ERROR(invalid_definition, define("entity.query", {{"type", "note"}, {"where", {{{"field", "data.n"}}}}}));
  CHECK_ERROR(invalid_definition, define("event.emit", {{"type", "role.updated"}}));
  CHECK_ERROR(invalid_definition, define("event.emit", Json::object()));
  CHECK(world.system().triggers().list().empty());
  // A placeholder may become anything.
  define("entity.query", {{"type", "note"}, {"limit", "{{trigger.data.n}}"}, {"where", "{{trigger.data.where}}"}});
  define("entity.create", {{"type", "{{trigger.data.type}}"}, {"data", "{{trigger.data}}"}});
  define("mine", {{"anything", 1}});
  try {
    define("entity.get", {{"type", "note"}});
    FAIL("a get without an id was taken");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "the action `step1`: the tool `entity.get` needs a text `id`");
  }
}

TEST_CASE("a worker looks for due runs where there are open runs, not in each scope", "[triggers]") {
  World world(StorageKind::sqlite);
  for (int i = 0; i < 20; ++i) world.add_organization("o" + std::to_string(i));
  world.define_type({{"slug", "note"}});
  world.system().triggers().define(calling("t", "event.emit", {{"type", "note.seen"}}));
  RawDatabase raw(world.folder.file());
  const auto due = [&] { return raw.rows("SELECT count(*) FROM due_scopes").at(0).at(0); };
  CHECK(due() == "0");
  world.create("note", Json::object());
  CHECK(due() == "1");
  TriggerWorker worker(*world.database);
  CHECK(worker.run_due().completed == 1);
  CHECK(due() == "0");
}

TEST_CASE("runs of every status come in pages, by when they are due, each once", "[triggers]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.system().triggers().define(calling("t", "mine"));
  TriggerWorker worker(*world.database);
  worker.add_tool("mine", [](const ToolCall&) { return Json::object(); });
  const auto pending = [&] { return world.system().triggers().runs({.status = TriggerRunStatus::pending}).runs; };
  for (int i = 0; i < 3; ++i) world.create("note", Json::object());
  worker.run_due();
  for (int i = 0; i < 5; ++i) world.create("note", Json::object());
  for (const int i : {0, 3}) world.system().triggers().cancel(pending().at(static_cast<std::size_t>(i)).id);
  const auto place_of = [](const TriggerRun& run) { return std::pair(run.due_at, run.id.str()); };
  std::vector<std::pair<Timestamp, std::string>> seen;
  std::set<TriggerRunStatus> statuses;
  TriggerRunQuery query{.limit = 3};
  do {
    const TriggerRunPage page = world.system().triggers().runs(query);
    CHECK(page.runs.size() <= 3);
    for (const TriggerRun& run : page.runs) {
      seen.push_back(place_of(run));
      statuses.insert(run.status);
    }
    query.after = page.next;
  } while (query.after);
  CHECK(seen.size() == 8);
  CHECK(std::ranges::is_sorted(seen));
  CHECK(std::ranges::adjacent_find(seen) == seen.end());
  CHECK(statuses.size() == 3);
  query.trigger = "t";
  query.after.reset();
  query.limit = 100;
  CHECK(world.system().triggers().runs(query).runs.size() == 8);
}
