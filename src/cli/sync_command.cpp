// `struere sync`: changes development to the definitions of the files, once.
#include "cli/sync_command.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "struere/yaml/definition_folder.hpp"

namespace struere::cli {
namespace {

// Calls `show` with the plan before it is carried out or refused.
template <class Show>
ChangePlan bring_to_files(const Place& place, const Options& options, PlanOptions plan_options,
                          const std::function<void()>& accept, const Show& show) {
  plan_options.held = place.held_fields();
  const auto development = place.definitions(Environment::development);
  const auto definitions = read_definitions(place.folder(), plan_options.held);
  accept();
  ChangePlan plan = development->plan(definitions, plan_options);
  show(plan);
  if (!plan.obstacles.empty()) throw RefusedPlan(options, "development", plan.to_json());
  development->apply(plan);
  return plan;
}

}  // namespace

std::size_t sync_quietly(const Place& place, const Options& options) {
  return bring_to_files(
             place, options, {}, [] {}, [](const ChangePlan&) {})
      .changes.size();
}

void sync(const Place& place, const Options& options, PlanOptions plan_options, const std::function<void()>& accept) {
  const ChangePlan plan = bring_to_files(place, options, std::move(plan_options), accept, [&](const ChangePlan& shown) {
    if (!options.json) Screen(options).show(shown, false);
  });
  if (options.json)
    say_json(plan.to_json());
  else if (plan.empty())
    say("= development is as the files say");
  else
    say("Synced {} to development.", counted(plan.changes.size(), "change"));
  std::fflush(stdout);
}

void add_sync(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("sync", "Bring development to what the files say");
  static PlanOptions plan_options;
  command->add_flag("--accept-invalid-data", plan_options.accept_invalid_data,
                    "Sync even if entities do not match their new schema");
  command->add_flag("--drop-assignments", plan_options.drop_assignments, "Sync even if a removed role is assigned");
  command->add_flag("--reveal", plan_options.reveal,
                    "Sync even if stored values that a role masks become visible to it");
  command->add_flag("--hold-writers", plan_options.hold_writers,
                    "All writers may wait while more than 50,000 entities are read or rewritten");
  command->callback([&options] { sync(*open_place(options, Workspace::Missing::make), options, plan_options); });
}

}  // namespace struere::cli
