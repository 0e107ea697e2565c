// A small agent platform: the same host program serves a development and a production key, each with its own prompt,
// model, data and log.
//   agent_host [--database FILE-OR-URL]
// A file is begun anew; a PostgreSQL database must be empty, as `struere pg init` makes it. Default: a temporary file.
#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "host.hpp"
#include "platform.hpp"

using namespace struere;

namespace {

void converse(const Database& database, AgentHost& host, const std::string& key) {
  for (const char* const text : {"What is on?", "Move maths to Friday", "What is on?"}) {
    fmt::print("  > {}\n", text);
    fmt::print("    {}\n", host.handle({"Bearer " + key, "widget-7", text}));
  }
  // The traces of the request, as the system actor of that scope sees them.
  const Session actor = database.authenticate(key);
  const Session system =
      database.trusted_host().system_session(actor.actor().organization(), actor.actor().environment());
  const AgentConfig config = system.agents().config("assistant");
  fmt::print("  prompt    {}\n  model     {}\n", config.system_prompt, config.model);
  const auto thread = system.threads().find("widget-7");
  fmt::print("  thread    {} messages\n", thread->message_count);
  for (const Entity& notice : system.entities("notice").list())
    fmt::print("  notice    {}\n", notice.data().at("text").get<std::string>());
  for (const Event& event : system.events().list({.type_prefix = "session."}).events)
    if (event.type() != "session.created") fmt::print("  event     {} by {}\n", event.type(), event.actor_type());
  for (const ExecutionSummary& sum : system.executions().rollup({ExecutionGroup::model, ExecutionGroup::status}))
    fmt::print("  executed  {} runs of {}, {}: {} tokens in, {} out\n", sum.executions, *sum.model,
               to_string(*sum.status), sum.input_tokens, sum.output_tokens);
  fmt::print("  log       {}\n\n", system.events().verify().ok ? "verified" : "BROKEN");
}

}  // namespace

int main(int argc, char** argv) try {
  const bool is_given = argc == 3 && std::string_view(argv[1]) == "--database";
  if (argc != 1 && !is_given) throw std::invalid_argument("agent_host [--database FILE-OR-URL]");
  const std::string place =
      is_given ? argv[2] : (std::filesystem::temp_directory_path() / "struere-agent-host.db").string();
  const bool is_file = place.find("://") == std::string::npos;
  const auto remove_file = [&] {
    for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(place + suffix);
  };
  if (is_file) remove_file();
  {
    const auto database = Database::open(place);
    set_up(database);
    AgentHost host(database);
    for (const Environment environment : {Environment::development, Environment::production}) {
      fmt::print("With a key of {}\n", to_string(environment));
      converse(database, host, new_key(database, environment));
    }
    try {
      host.handle({"Bearer sk_prod_guessed", "widget-7", "What is on?"});
      return 1;
    } catch (const Error& error) {
      fmt::print("With a key that was guessed\n  {}\n", error.what());
    }
  }
  if (!is_given) remove_file();
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
