// `struere runs`: lists the trigger runs of an environment, and retries or cancels one.
#include <fmt/format.h>

#include <array>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"

namespace struere::cli {
namespace {

constexpr std::array statuses{TriggerRunStatus::pending, TriggerRunStatus::running, TriggerRunStatus::completed,
                              TriggerRunStatus::dead, TriggerRunStatus::cancelled};

struct RunArguments {
  TriggerRunQuery query;
  std::string status, id;
};

void list_runs(const Options& options, RunArguments arguments) {
  for (const TriggerRunStatus status : statuses)
    if (arguments.status == to_string(status)) arguments.query.status = status;
  const auto place = open_place(options);
  const TriggerRunPage page = place->runs(arguments.query);
  if (options.json) {
    Json runs = Json::array();
    for (const TriggerRun& run : page.runs) runs.push_back(run.to_json());
    return say_json({{"runs", std::move(runs)}, {"next", page.next ? Json(*page.next) : Json(nullptr)}});
  }
  if (page.runs.empty())
    return say("There is no {}run in {}.", arguments.status.empty() ? "" : arguments.status + " ",
               place->environment());
  std::vector<std::vector<std::string>> rows;
  bool has_dead = false;
  for (const TriggerRun& run : page.runs) {
    has_dead |= run.status == TriggerRunStatus::dead;
    rows.push_back({run.id.str(), run.trigger, std::string(to_string(run.status)), std::to_string(run.attempts),
                    time_text(run.due_at), run.error.value_or("")});
  }
  const Screen screen(options);
  screen.show_table({"run", "trigger", "status", "attempts", "due (UTC)", "error"}, rows);
  if (page.next) say("{}", screen.faint("there is more: --after " + *page.next));
  if (has_dead) say("{}", screen.faint("struere runs retry RUN continues a dead run"));
}

}  // namespace

void add_runs(CLI::App& program, Options& options) {
  static RunArguments arguments;
  auto* const runs = program.add_subcommand("runs", "Trigger runs of an environment")->require_subcommand(1);
  auto* const list = runs->add_subcommand("list", "List the runs by due time");
  std::vector<std::string> words;
  for (const TriggerRunStatus status : statuses) words.emplace_back(to_string(status));
  list->add_option("--status", arguments.status, "Only runs with this status")->check(CLI::IsMember(words));
  list->add_option("--trigger", arguments.query.trigger, "Only runs of this trigger")->type_name("SLUG");
  add_number(list, "--limit", arguments.query.limit, "1 to 1000");
  list->add_option("--after", arguments.query.after, "The cursor of the page before");
  list->footer("Example:\n  struere runs list -e production --status dead");
  list->callback([&options] { list_runs(options, arguments); });

  const auto change = [&](const char* name, const char* about, TriggerRun (Place::*call)(const TriggerRunId&) const,
                          const char* done) {
    auto* const command = runs->add_subcommand(name, about);
    command->add_option("run", arguments.id, "As `struere runs list` shows it")->required()->type_name("RUN");
    command->callback([&options, call, done] {
      const auto place = open_place(options);
      const TriggerRunId id(arguments.id);
      const TriggerRun run = naming("run", id.str(), [&] { return ((*place).*call)(id); });
      if (options.json) return say_json(run.to_json());
      say("{}", done);
    });
    command->footer(fmt::format("Example:\n  struere runs {} 0192… -e production", name));
  };
  change("retry", "Continue a dead run with the step that failed", &Place::retry_run, "It waits for a worker again.");
  change("cancel", "Cancel a pending run", &Place::cancel_run, "Cancelled.");
}

}  // namespace struere::cli
