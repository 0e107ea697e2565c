// The public scenarios over HTTP answer what they answer in process.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "conformance/runner.hpp"
#include "server/scenario_asker.hpp"
#include "server/test_server.hpp"
#include "support/places.hpp"

using namespace struere;
using namespace struere::test;
using namespace struere::conformance;

namespace {

Json answer_of(const std::function<Json()>& perform) {
  try {
    return perform();
  } catch (const Error& error) {
    return {{"error", to_string(error.code())}};
  } catch (const std::exception& error) {
    return {{"error", std::string("internal: ") + error.what()}};
  }
}

}  // namespace

// What a system actor does, and what HTTP cannot say, is done in process.
TEST_CASE("the public scenarios answer over HTTP what they answer in process", "[server][conformance]") {
  int scenarios = 0, steps = 0, over_http = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_dir() + "/tests/conformance/scenarios")) {
    std::ifstream input(file.path());
    ScenarioReader reader(input, file.path().string());
    while (const auto scenario = reader.next()) {
      if (scenario->setup_error) continue;
      const StorageChoice memory{.kind = StorageChoice::Kind::memory};
      const std::vector<StepResult> expected = play(*scenario, memory);
      conformance::World world(memory);
      world.build(*scenario);
      RunningServer server(world.database());
      HttpClient client(server.port());
      ScenarioAsker asker(world, client);
      HttpOperations served(asker);
      Operations in_process(world);
      Json actor;
      ++scenarios;
      for (std::size_t i = 0; i < scenario->steps.size(); ++i) {
        Json step = scenario->steps[i];
        if (step.contains("actor")) actor = step.at("actor");
        step["actor"] = actor;
        const bool is_served = !actor.value("system", false) && !why_not_over_http(step);
        const Json got = answer_of([&] {
          world.actor(actor);  // not found, whatever is asked
          return is_served ? served.perform(actor, step, i) : in_process.perform(step, i);
        });
        ++steps;
        over_http += is_served;
        if (got == expected[i].answer) continue;
        INFO(file.path().filename() << ": " << scenario->name << ", step " << i << ": " << step.dump());
        CHECK(got == expected[i].answer);
      }
    }
  }
  CHECK(scenarios > 100);
  CHECK(over_http * 2 > steps);  // most of them are asked by somebody who has a key or signs in
}
