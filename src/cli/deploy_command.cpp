// `struere deploy`, `releases` and `rollback`: development to production, and back.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"
#include "struere/yaml/definition_folder.hpp"

namespace struere::cli {
namespace {

struct DeployOptions {
  PlanOptions plan;
  std::string note;
  std::int64_t release = 0;
};

void add_plan_options(CLI::App& command, Options& options, DeployOptions& deploy) {
  command.add_flag("--yes,-y", options.yes, "Do not ask");
  command.add_option("--note,-m", deploy.note, "What it is for");
  command.add_flag("--accept-invalid-data", deploy.plan.accept_invalid_data,
                   "Deploy even if entities do not match their new schema");
  command.add_flag("--drop-assignments", deploy.plan.drop_assignments, "Deploy even if a removed role is assigned");
  command.add_flag("--reveal", deploy.plan.reveal,
                   "Deploy even if stored values that a role masks become visible to it");
  command.add_flag("--hold-writers", deploy.plan.hold_writers,
                   "All writers may wait while more than 50,000 entities are read or rewritten");
}

Json to_json(const Release& release) {
  Json out{{"number", release.number},
           {"note", release.note},
           {"createdBy", release.created_by},
           {"createdAt", release.created_at},
           {"changes", release.changes}};
  if (release.restores) out["restores"] = *release.restores;
  return out;
}

// The usual reason why there is nothing to deploy.
void tell_unsynced_files(const Place& place) {
  bool differ = true;
  try {
    const HeldFields held = place.held_fields();
    const DefinitionSet files = read_definitions(place.folder(), held);
    if (files == DefinitionSet()) return;
    differ = !place.definitions(Environment::development)->plan(files, {.held = held}).empty();
  } catch (const Error& error) {  // mistakes in the files, which `struere sync` names
    if (error.code() != ErrorCode::invalid_definition) return;
  }
  if (differ) tell_aside("The files differ from development, and only development is deployed. First: struere sync");
}

void carry_out(const Options& options, const Place& place, const DefinitionPlace& production, const ChangePlan& plan,
               const std::string& note) {
  if (!options.json) {
    Screen(options).show(plan, true);
    Screen(options).show_kept(plan);
  }
  if (!plan.obstacles.empty()) throw RefusedPlan(options, "production", plan.to_json());
  if (plan.empty() && !production.releases().empty()) {
    if (options.json) return say_json(plan.to_json());
    const char* const except = plan.kept.empty() ? "" : ", except what its packs keep";
    if (plan.restores)
      return say("= production is as release {} is{}; there is nothing to roll back", *plan.restores, except);
    say("= production is as development is{}; there is nothing to deploy", except);
    return tell_unsynced_files(place);
  }
  const std::string question = plan.restores ? fmt::format("Bring production back to release {}?", *plan.restores)
                                             : "Deploy this to production?";
  if (!options.yes && !Screen(options).confirm(question)) {
    say("Nothing was deployed.");
    throw Finished{failed};
  }
  const Release release = production.deploy(plan, note);
  if (options.json) return say_json(to_json(release));
  say("Deployed release {}.{}", release.number,
      release.number > 1 ? fmt::format(" To go back: struere rollback {}", release.number - 1) : "");
}

// For the table; --json has all of it.
std::string note_of(const Release& release) {
  constexpr std::size_t widest_note = 200;
  const std::string note = cut(release.note, widest_note);
  if (!release.restores) return note;
  return fmt::format("restores {}{}{}", *release.restores, note.empty() ? "" : ". ", note);
}

void list_releases(const Options& options) {
  const auto releases = open_place(options)->definitions(Environment::production)->releases();
  if (options.json) {
    Json out = Json::array();
    for (const Release& release : releases) out.push_back(to_json(release));
    return say_json(out);
  }
  if (releases.empty()) return say("There is no release yet. Make one: struere deploy");
  std::vector<std::vector<std::string>> rows;
  for (const Release& release : releases)
    rows.push_back({std::to_string(release.number), time_text(release.created_at), release.created_by,
                    std::to_string(release.changes.size()), note_of(release)});
  Screen(options).show_table({"release", "when (UTC)", "by", "changes", "note"}, rows);
}

}  // namespace

void add_deploy(CLI::App& program, Options& options) {
  static DeployOptions deploy;
  auto* const command = program.add_subcommand("deploy", "Promote what development holds to production, as a release");
  add_plan_options(*command, options, deploy);
  command->footer("Example:\n  struere deploy --note \"opening hours\"");
  command->callback([&options] {
    const auto place = open_place(options);
    const auto production = place->definitions(Environment::production);
    carry_out(options, *place, *production,
              production->plan(place->definitions(Environment::development)->current(), deploy.plan), deploy.note);
  });

  auto* const rollback = program.add_subcommand("rollback", "Bring production back to a release");
  add_number(rollback, "release", deploy.release, "Its number; `struere releases` lists them")
      ->required()
      ->type_name("RELEASE");
  rollback->footer("Example:\n  struere rollback 6 --note \"the new mask hides too much\"");
  add_plan_options(*rollback, options, deploy);
  rollback->callback([&options] {
    const auto place = open_place(options);
    const auto production = place->definitions(Environment::production);
    const auto plan = [&] {
      try {
        return production->plan_rollback(deploy.release, deploy.plan);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::not_found,
                    fmt::format("there is no release {}; `struere releases` lists them", deploy.release));
      }
    }();
    carry_out(options, *place, *production, plan, deploy.note);
  });

  program.add_subcommand("releases", "What was deployed to production, newest first")->callback([&options] {
    list_releases(options);
  });
}

}  // namespace struere::cli
