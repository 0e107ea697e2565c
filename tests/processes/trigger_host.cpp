// Writes and does what triggers ask for, as one of several processes: trigger_host PLACE LEASE_MS [STEP]
// PLACE is a file or a URL. Prints "wrote ID" for each row that is acknowledged, and "call RUN STEP" when its own tool
// is called; in STEP the tool waits for a line of input.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include <struere/struere.hpp>

#include "programs.hpp"

using namespace struere;

int trigger_host(int count, char** arguments) {
  if (count != 3 && count != 4) return 2;
  const auto database = Database::open(
      arguments[1], {.sqlite = {.durability = Durability::normal, .busy_timeout = std::chrono::seconds(30)}});
  const std::string waiting_step = count == 4 ? arguments[3] : "";
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  TriggerWorker worker(database, {.lease = std::chrono::milliseconds(std::stoll(arguments[2]))});
  worker.add_tool("tell", [&](const ToolCall& call) -> Json {
    std::printf("call %s %zu\n", call.run.id.str().c_str(), call.step);
    std::fflush(stdout);
    if (std::string go; std::to_string(call.step) == waiting_step && !std::getline(std::cin, go)) std::_Exit(1);
    return call.step;
  });
  for (int i = 0;; ++i) {
    const auto written = system.entities("session").create(Json{{"number", i}});
    std::printf("wrote %s\n", written.id.str().c_str());
    std::fflush(stdout);
    worker.run_due();
  }
  return 0;
}
