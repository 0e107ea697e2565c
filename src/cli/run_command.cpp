// `struere run`: a process that executes trigger runs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "struere/triggers/trigger_worker.hpp"

namespace struere::cli {
namespace {

// Says once of each trigger that its runs wait, up to a number of triggers that no tenant chooses.
class MissingTools {
 public:
  void tell(const OrganizationId& organization, Environment environment, const TriggerRun& run) {
    constexpr std::size_t most = 1000;
    std::string what =
        fmt::format("the trigger `{}` of {} in {}", run.trigger, organization.str(), to_string(environment));
    if (told_.size() >= most || told_.contains(what)) return;
    tell_aside("{} {}; run a TriggerWorker with it (docs/guide.md), or remove the trigger", what, *run.error);
    told_.insert(std::move(what));
  }

 private:
  std::set<std::string> told_;
};

void run(const Options& options, const std::optional<std::string>& organization) {
  const StopSignals signals;  // before there are other threads
  const Workspace workspace(options);
  if (workspace.location().is_read_only())
    throw Error(ErrorCode::storage, fmt::format("{} may only be read by this user, and carrying out triggers writes to "
                                                "it; chown or chmod it and its folder",
                                                workspace.location().shown()));
  TriggerWorkerOptions served;
  if (organization) served.organization = OrganizationId(*organization);
  if (options.environment_is_given) served.environment = parse_environment(options.environment);
  const auto known = workspace.database().trusted_host().organizations();
  if (organization && std::ranges::find(known, *served.organization, &Organization::id) == known.end())
    throw Error(ErrorCode::not_found, fmt::format("the database has no organization `{}`", *organization));
  served.on_missing_tool = [missing = MissingTools()](const OrganizationId& id, Environment environment,
                                                      const TriggerRun& waiting) mutable {
    missing.tell(id, environment, waiting);
  };
  // Once, however often it is tried again.
  served.on_failure = [said = std::string()](const std::exception& failure) mutable {
    if (said != failure.what()) tell_aside("no run can be carried out: {}", failure.what());
    said = failure.what();
  };
  TriggerWorker worker(workspace.database(), served);
  worker.start();
  if (!options.json) say("Carrying out triggers. Stop with Ctrl-C.");
  flush_output();
  while (!signals.came_within(std::chrono::seconds(1))) workspace.require_in_place();
  worker.stop();
  if (!options.json) say("Stopped.");
}

}  // namespace

void add_run(CLI::App& program, Options& options) {
  static std::optional<std::string> organization;
  auto* const command = program.add_subcommand("run", "Carry out trigger runs, until it is stopped");
  command->add_option("--organization", organization, "Only the runs of this one")->type_name("ID");
  command->footer(
      "Without --organization and -e: serves all organizations of the database and both environments. It has "
      "the built-in tools only; a run that needs another one waits for a worker that has it. SIGTERM stops it after "
      "the current run, a second one at once.\n\nExample:\n  struere run "
      "--organization acme -e "
      "production");
  command->callback([&options] { run(options, organization); });
}

}  // namespace struere::cli
