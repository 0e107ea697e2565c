// `struere run`: a process that executes trigger runs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "struere/triggers/trigger_repository.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "triggers/built_in_tools.hpp"

namespace struere::cli {
namespace {

// A worker serves the whole file, and a run fails if the worker does not have its tool.
void require_built_in_tools(const Database& database, const TriggerWorkerOptions& served) {
  const TrustedHost host = database.trusted_host();
  for (const Organization& organization : host.organizations())
    for (const Environment environment : {Environment::development, Environment::production}) {
      if (!served.serves(organization.id, environment)) continue;
      for (const Trigger& trigger : host.system_session(organization.id, environment).triggers().list())
        for (const Json& action : trigger.definition.at("actions"))
          if (const auto tool = action.at("tool").get<std::string>(); !is_built_in_tool(tool))
            throw Error(
                ErrorCode::conflict,
                fmt::format("the trigger `{}` of {} in {} calls the tool `{}`, which this process does not have; "
                            "run a TriggerWorker with it (docs/guide.md)",
                            trigger.slug, organization.id.str(), to_string(environment), tool));
    }
}

// A server that is away for a while is the worker's to wait for.
void require_known_tools(const Database& database, const TriggerWorkerOptions& served) {
  try {
    require_built_in_tools(database, served);
  } catch (const Error& error) {
    if (!error.is_transient()) throw;
  }
}

void run(const Options& options, const std::optional<std::string>& organization) {
  const StopSignals signals;  // before there are other threads
  const Workspace workspace(options);
  TriggerWorkerOptions served;
  if (organization) served.organization = OrganizationId(*organization);
  if (options.environment_is_given) served.environment = parse_environment(options.environment);
  const auto known = workspace.database().trusted_host().organizations();
  if (organization && std::ranges::find(known, *served.organization, &Organization::id) == known.end())
    throw Error(ErrorCode::not_found, fmt::format("the database has no organization `{}`", *organization));
  require_built_in_tools(workspace.database(), served);
  // Once, however often it is tried again.
  served.on_failure = [said = std::string()](const std::exception& failure) mutable {
    if (said != failure.what()) tell_aside("no run can be carried out: {}", failure.what());
    said = failure.what();
  };
  TriggerWorker worker(workspace.database(), served);
  worker.start();
  if (!options.json) say("Carrying out triggers. Stop with Ctrl-C.");
  flush_output();
  constexpr int seconds_between_looks = 30;  // it reads the triggers of each organization
  for (int seconds = 1; !signals.came_within(std::chrono::seconds(1)); ++seconds) {
    workspace.require_in_place();
    if (seconds % seconds_between_looks == 0) require_known_tools(workspace.database(), served);
  }
  worker.stop();
  if (!options.json) say("Stopped.");
}

}  // namespace

void add_run(CLI::App& program, Options& options) {
  static std::optional<std::string> organization;
  auto* const command = program.add_subcommand("run", "Carry out trigger runs, until it is stopped");
  command->add_option("--organization", organization, "Only the runs of this one")->type_name("ID");
  command->footer(
      "Without --organization and -e: serves all organizations of the database and both environments. With the "
      "built-in tools only. SIGTERM stops it after the current run, a second one at once.\n\nExample:\n  struere run "
      "--organization acme -e "
      "production");
  command->callback([&options] { run(options, organization); });
}

}  // namespace struere::cli
