// Writes and does what triggers ask for, as one of several processes: trigger_host FILE
// Prints "wrote ID" for each row that is acknowledged, and "call RUN STEP" when its own tool is called.
#include <cstdio>
#include <string>

#include <struere/struere.hpp>

using namespace struere;

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto database = Database::open(arguments[1], {.sqlite = {.durability = Durability::normal}});
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  TriggerWorker worker(database, {.lease = std::chrono::milliseconds(60)});
  worker.add_tool("tell", [](const ToolCall& call) -> Json {
    std::printf("call %s %zu\n", call.run.id.str().c_str(), call.step);
    std::fflush(stdout);
    return call.step;
  });
  for (int i = 0;; ++i) {
    const auto written = system.entities("session").create(Json{{"number", i}});
    std::printf("wrote %s\n", written.id.str().c_str());
    std::fflush(stdout);
    worker.run_due();
  }
}
