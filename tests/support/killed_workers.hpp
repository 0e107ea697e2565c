// Processes that write and do what triggers ask for (processes/trigger_host), killed at any moment: nothing
// acknowledged is lost, no step that was completed is done again, and in the end each effect is there once.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "struere/struere.hpp"
#include "support/child_process.hpp"

namespace struere::test {

class KilledWorkers {
 public:
  // `place` is what Database::open takes, of a database without organizations. `lease` is that of the processes.
  KilledWorkers(std::string place, std::chrono::milliseconds lease) : place_(std::move(place)), lease_(lease) {
    const Database database = open();
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

  // Starts two processes and kills them.
  void play_round() {
    Lines lines;
    const auto completed = completed_steps();
    {
      ChildProgram first("trigger_host", arguments()), second("trigger_host", arguments());
      for (auto line = random_() % 12; line > 0; --line) lines.add((line % 2 ? first : second).line());
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 3000));
      for (ChildProgram* const program : {&first, &second}) program->stop(SIGKILL);
      for (ChildProgram* const program : {&first, &second}) lines.add_rest(*program);
    }
    for (const Step& call : lines.calls) CHECK_FALSE(completed.contains(call));
    written_.insert(lines.written.begin(), lines.written.end());
    const Database database = open();
    CHECK(system_of(database).events().verify().ok);
    for (const std::string& id : lines.written) CHECK(system_of(database).entities("session").find(EntityId(id)));
  }

  // Kills one process while it calls the host's tool of step 3, of a run whose steps 0 to 2 are completed. Returns the
  // run.
  TriggerRunId kill_in_tool() {
    Lines lines;
    {
      ChildProgram program("trigger_host", arguments("3"));
      while (lines.calls.empty() || lines.calls.back().second != 3) {
        const std::string line = program.line();
        REQUIRE_FALSE(line.empty());
        lines.add(line);
      }
      program.stop(SIGKILL);
      lines.add_rest(program);
    }
    written_.insert(lines.written.begin(), lines.written.end());
    return TriggerRunId(lines.calls.back().first);
  }

  // Whoever is left finishes all runs. Returns the calls of the host's tool.
  std::vector<std::pair<std::string, std::size_t>> finish() const {
    std::vector<Step> calls;
    const Database database = open();
    TriggerWorker last(database);
    last.add_tool("tell", [&](const ToolCall& call) -> Json {
      calls.emplace_back(call.run.id.str(), call.step);
      return call.step;
    });
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
    check_effects(database);
    return calls;
  }

  TriggerRun run(const TriggerRunId& id) const { return system_of(open()).triggers().run(id); }
  std::uint32_t seed() const noexcept { return seed_; }
  std::size_t written() const noexcept { return written_.size(); }  // rows that were acknowledged

 private:
  using Step = std::pair<std::string, std::size_t>;  // of a run

  // What the processes said.
  struct Lines {
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
    void add_rest(ChildProgram& killed) {
      for (std::string line = killed.line(); !line.empty(); line = killed.line()) add(line);
      CHECK(killed.wait() == -SIGKILL);
    }
  };

  Database open() const {
    return Database::open(place_,
                          {.sqlite = {.durability = Durability::normal, .busy_timeout = std::chrono::seconds(30)}});
  }
  static Session system_of(const Database& database) {
    return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  }
  std::vector<std::string> arguments(const std::string& step = {}) const {
    std::vector<std::string> out{place_, std::to_string(lease_.count())};
    if (!step.empty()) out.push_back(step);
    return out;
  }

  template <class Visit>
  static void each_run(const Database& database, const Visit& visit) {
    TriggerRunQuery query{.limit = 1000};
    do {
      const TriggerRunPage page = system_of(database).triggers().runs(query);
      for (const TriggerRun& run : page.runs) visit(run);
      query.after = page.next;
    } while (query.after);
  }
  std::set<Step> completed_steps() const {
    std::set<Step> out;
    each_run(open(), [&](const TriggerRun& run) {
      for (std::size_t step = 0; step < run.steps.size(); ++step) out.emplace(run.id.str(), step);
    });
    return out;
  }

  void check_effects(const Database& database) const {
    const Session system = system_of(database);
    std::map<std::string, std::string> told;
    Query query{.order = {{"data.which"}}, .limit = 1000};
    do {
      const EntityPage page = system.entities("note").list(query);
      for (const Entity& note : page)
        told[note.data().at("about").get<std::string>()] += note.data().at("which").get<std::string>() + " ";
      query.after = page.next();
    } while (query.after);
    CHECK(static_cast<std::int64_t>(told.size()) == system.entities("session").count());
    for (const std::string& id : written_) CHECK(told.contains(id));
    for (const auto& [id, which] : told) CHECK(which == "first last second ");
    CHECK(system.events().verify().ok);
  }

  std::string place_;
  std::chrono::milliseconds lease_;
  std::uint32_t seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  std::set<std::string> written_;
};

}  // namespace struere::test
