// Processes that write and do what triggers ask for, killed at any moment: nothing acknowledged is lost, and no step
// that was completed is done again.
#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "struere/struere.hpp"
#include "support/child_process.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using Step = std::pair<std::string, std::size_t>;  // of a run

Session system_of(const Database& database) {
  return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
}

void prepare(const Database& database) {
  database.trusted_host().create_organization("Acme", OrganizationId("acme"));
  const Session system = system_of(database);
  for (const char* const type : {"session", "note"}) system.entity_types().define({{"slug", type}});
  const auto note = [](const char* which) {
    return Json{{"tool", "entity.create"},
                {"args", {{"type", "note"}, {"data", {{"about", "{{trigger.entityId}}"}, {"which", which}}}}}};
  };
  system.triggers().define(
      {{"slug", "tell"},
       {"on", {{"entityType", "session"}, {"action", "created"}}},
       {"retry", {{"maxAttempts", 100}, {"backoff", "0ms"}}},
       {"actions", {note("first"), {{"tool", "tell"}}, note("second"), {{"tool", "tell"}}, note("last")}}});
}

template <class Visit>
void each_run(const Database& database, const Visit& visit) {
  TriggerRunQuery query{.limit = 1000};
  do {
    const TriggerRunPage page = system_of(database).triggers().runs(query);
    for (const TriggerRun& run : page.runs) visit(run);
    query.after = page.next;
  } while (query.after);
}

std::set<Step> completed_steps(const Database& database) {
  std::set<Step> out;
  each_run(database, [&](const TriggerRun& run) {
    for (std::size_t step = 0; step < run.steps.size(); ++step) out.emplace(run.id.str(), step);
  });
  return out;
}

// What the processes said.
struct Log {
  std::set<std::string> written;
  std::vector<Step> calls;

  void add(const std::string& line) {
    std::istringstream words(line);
    std::string what, id;
    std::size_t step = 0;
    words >> what >> id;
    if (what == "wrote") written.insert(id);
    if (what == "call" && words >> step) calls.emplace_back(id, step);
  }
};

}  // namespace

TEST_CASE("killed workers lose no run, and no completed step is done again", "[concurrency][process][triggers][kill]") {
  constexpr int rounds = 70;  // with two processes in each
  const TemporaryFolder folder;
  prepare(Database::open(folder.file()));
  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::set<std::string> written;
  for (int round = 0; round < rounds; ++round) {
    Log log;
    const auto completed = completed_steps(Database::open(folder.file()));
    {
      ChildProgram first("trigger_host", {folder.file()}), second("trigger_host", {folder.file()});
      for (auto lines = random() % 12; lines > 0; --lines) log.add((lines % 2 ? first : second).line());
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
      for (ChildProgram* const program : {&first, &second}) program->stop(SIGKILL);
      for (ChildProgram* const program : {&first, &second}) {
        for (std::string line = program->line(); !line.empty(); line = program->line()) log.add(line);
        CHECK(program->wait() == -SIGKILL);
      }
    }
    for (const Step& call : log.calls) CHECK_FALSE(completed.contains(call));
    written.insert(log.written.begin(), log.written.end());
    const auto database = Database::open(folder.file());
    CHECK(system_of(database).events().verify().ok);
    for (const std::string& id : log.written) CHECK(system_of(database).entities("session").find(EntityId(id)));
  }
  REQUIRE(written.size() >= 20);

  // Whoever is left finishes all of it.
  const auto database = Database::open(folder.file(), {.sqlite = {.durability = Durability::normal}});
  TriggerWorker last(database);
  last.add_tool("tell", [](const ToolCall& call) -> Json { return call.step; });
  const auto unfinished = [&] {
    std::size_t n = 0;
    each_run(database, [&](const TriggerRun& run) { n += run.status != TriggerRunStatus::completed; });
    return n;
  };
  for (int i = 0; i < 1000 && unfinished() > 0; ++i) {
    last.run_due();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(unfinished() == 0);
  const EntityRepository notes = system_of(database).entities("note");
  std::map<std::string, std::string> told;
  Query query{.order = {{"data.which"}}, .limit = 1000};
  do {
    const EntityPage page = notes.list(query);
    for (const Entity& note : page)
      told[note.data().at("about").get<std::string>()] += note.data().at("which").get<std::string>() + " ";
    query.after = page.next();
  } while (query.after);
  CHECK(static_cast<std::int64_t>(told.size()) == system_of(database).entities("session").count());
  for (const std::string& id : written) CHECK(told.contains(id));
  for (const auto& [id, which] : told) CHECK(which == "first last second ");
  CHECK(system_of(database).events().verify().ok);
}
