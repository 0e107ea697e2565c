// The public scenarios over HTTP answer what they answer in process.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "conformance/runner.hpp"
#include "server/http_operations.hpp"
#include "server/test_server.hpp"
#include "support/places.hpp"

using namespace struere;
using namespace struere::test;
using namespace struere::conformance;

namespace {

Json answer_over_http(HttpOperations& operations, const Json& step, std::size_t index) {
  try {
    return operations.perform(step, index);
  } catch (const Error& error) {
    return {{"error", to_string(error.code())}};
  } catch (const std::exception& error) {
    return {{"error", std::string("internal: ") + error.what()}};
  }
}

}  // namespace

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
      HttpOperations operations(world, client);
      ++scenarios;
      for (std::size_t i = 0; i < scenario->steps.size(); ++i) {
        const Json got = answer_over_http(operations, scenario->steps[i], i);
        ++steps;
        if (got == expected[i].answer) continue;
        INFO(file.path().filename() << ": " << scenario->name << ", step " << i << ": " << scenario->steps[i].dump());
        CHECK(got == expected[i].answer);
      }
      over_http += operations.over_http();
    }
  }
  CHECK(scenarios > 100);
  CHECK(over_http * 2 > steps);  // most of them are asked by somebody who has a key or signs in
}
