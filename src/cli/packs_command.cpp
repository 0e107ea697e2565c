// `struere packs`: installs, upgrades and compares the packs of an environment.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/yaml/pack_folder.hpp"

namespace struere::cli {
namespace {

struct PackArguments {
  PackOptions pack;
  std::string folder, id, prefer;
  std::vector<std::string> choices;
};

// In the environment of -e.
std::unique_ptr<PackPlace> packs_of(const Options& options, Workspace::Missing missing = Workspace::Missing::refuse) {
  return open_place(options, missing)->packs(*parse_environment(options.environment));
}

MergeSide side_of(const std::string& word) {
  if (word != "ours" && word != "theirs")
    throw UsageError("a conflict is decided for `ours` or for `theirs`, as in --choose role/teacher/policies=ours");
  return word == "ours" ? MergeSide::ours : MergeSide::theirs;
}

PackOptions options_of(const PackArguments& arguments) {
  PackOptions out = arguments.pack;
  if (!arguments.prefer.empty()) out.prefer = side_of(arguments.prefer);
  for (const std::string& choice : arguments.choices) {
    const auto sign = choice.rfind('=');
    out.choices[choice.substr(0, sign)] = side_of(sign == std::string::npos ? "" : choice.substr(sign + 1));
  }
  return out;
}

void show_conflicts(const Screen& screen, const PackPlan& plan) {
  for (const MergeConflict& conflict : plan.conflicts) {
    say("  {}", screen.red("! " + conflict.place));
    const auto side = [](const char* name, const std::optional<Json>& value) {
      say("{}", fit(fmt::format("      {:<7} {}", name, value ? value->dump() : "(not there)")));
    };
    side("was", conflict.base);
    side("ours", conflict.ours);
    side("theirs", conflict.theirs);
  }
  if (!plan.conflicts.empty())
    say("  {}", screen.faint("both have changed these; decide with --prefer ours|theirs, or for one place "
                             "with --choose PLACE=ours|theirs"));
}

void show(const Screen& screen, const PackPlan& plan) {
  screen.show(plan.definitions, true);
  for (const auto& [type, count] : plan.entities) {
    const bool removes = plan.action == PackAction::uninstall;
    const std::string line =
        fmt::format("{} {} of {}", removes ? '-' : '~', counted(static_cast<std::size_t>(count), "row"), type);
    say("  {}", removes ? screen.red(line) : screen.yellow(line));
  }
  if (plan.action == PackAction::uninstall &&
      std::ranges::find(plan.definitions.obstacles, Obstacle::Kind::entities_of_removed_type, &Obstacle::kind) !=
          plan.definitions.obstacles.end())
    say("  {}", screen.faint("--remove-entities removes them"));
  for (const std::string& type : plan.kept_types)
    say("  = entity-type {} stays, and no longer belongs to a pack, because it has rows or deleted rows", type);
  show_conflicts(screen, plan);
}

// `nothing` is the output if there is nothing to do.
void carry_out(const Options& options, const PackPlace& packs, const PackPlan& plan, const std::string& question,
               const std::string& done, const std::string& nothing) {
  if (!options.json) show(Screen(options), plan);
  if (!plan.conflicts.empty() || !plan.definitions.obstacles.empty())
    throw RefusedPlan(options, options.environment, plan.to_json());
  if (plan.empty()) {
    if (options.json) return say_json(plan.to_json());
    return say("= {}", nothing);
  }
  if (!options.yes && !Screen(options).confirm(question)) {
    say("Nothing was changed.");
    throw Finished{failed};
  }
  packs.apply(plan);
  if (options.json) return say_json(plan.to_json());
  say("{}", done);
}

void list_packs(const Options& options) {
  const auto installed = packs_of(options)->list();
  if (options.json) {
    Json out = Json::array();
    for (const InstalledPack& pack : installed)
      out.push_back({{"id", pack.pack_id},
                     {"version", pack.version},
                     {"overrides", pack.overrides},
                     {"history", pack.history},
                     {"installedBy", pack.installed_by},
                     {"installedAt", pack.installed_at},
                     {"updatedAt", pack.updated_at}});
    return say_json(out);
  }
  if (installed.empty())
    return say("There is no pack in {}. Install one: struere packs install FOLDER", options.environment);
  std::vector<std::vector<std::string>> rows;
  for (const InstalledPack& pack : installed) {
    std::vector<std::string> versions;
    for (const Json& entry : pack.history) versions.push_back(entry.is_object() ? entry.value("version", "") : "?");
    std::size_t customized = 0;
    for (const auto& [kind, names] : pack.overrides.items()) customized += names.size();
    rows.push_back({pack.pack_id, pack.version, time_text(pack.updated_at), std::to_string(customized),
                    fmt::format("{}", fmt::join(versions, " → "))});
  }
  Screen(options).show_table({"pack", "version", "changed (UTC)", "customized", "history"}, rows);
}

// Files that still have the old definitions would restore them.
std::string pull_next(const Options& options) {
  return fmt::format("To bring the files to this state: struere pull -e {}", options.environment);
}

void install(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options, Workspace::Missing::make);
  const Pack pack = read_pack(arguments.folder);
  carry_out(options, *packs, packs->plan_install(pack, options_of(arguments)),
            fmt::format("Install {} {} in {}?", pack.id, pack.version, options.environment),
            fmt::format("Installed {} {} in {}. {}", pack.id, pack.version, options.environment, pull_next(options)),
            "");
}

void upgrade(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options);
  const Pack pack = read_pack(arguments.folder);
  const PackPlan plan = naming("pack", pack.id, [&] { return packs->plan_upgrade(pack, options_of(arguments)); });
  carry_out(
      options, *packs, plan,
      fmt::format("Upgrade {} from {} to {} in {}?", pack.id, plan.versions.front(), pack.version, options.environment),
      fmt::format("Upgraded {} from {} in {}. {}", pack.id, fmt::join(plan.versions, " to "), options.environment,
                  pull_next(options)),
      "");
}

// The drift as a diff: what repair would remove and restore.
void diff(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options);
  std::vector<std::string> ids;
  if (!arguments.id.empty())
    ids.push_back(arguments.id);
  else
    for (const InstalledPack& pack : packs->list()) ids.push_back(pack.pack_id);
  Json out = Json::array();
  for (const std::string& id : ids) {
    const PackPlan plan = naming("pack", id, [&] { return packs->plan_repair(id, {.plan = {true, true}}); });
    out.push_back(plan.to_json());
    if (options.json) continue;
    say("{}{}", id, plan.empty() ? ": as installed" : "");
    show(Screen(options), plan);
    if (!plan.empty())
      say("  {}", Screen(options).faint(fmt::format(
                      "struere packs repair {} does this; struere packs customize {} keeps what is there", id, id)));
  }
  if (options.json) say_json(out);
}

void repair(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options);
  carry_out(options, *packs,
            naming("pack", arguments.id, [&] { return packs->plan_repair(arguments.id, options_of(arguments)); }),
            fmt::format("Set {} back in {}?", arguments.id, options.environment),
            fmt::format("Repaired {} in {}.", arguments.id, options.environment), "it is as installed");
}

void customize(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options);
  carry_out(options, *packs,
            naming("pack", arguments.id, [&] { return packs->plan_customize(arguments.id, options_of(arguments)); }),
            fmt::format("Keep what {} has of {} as customization?", options.environment, arguments.id),
            fmt::format("Customized {} in {}; upgrades will keep it.", arguments.id, options.environment),
            "nothing of it was changed");
}

void uninstall(const Options& options, const PackArguments& arguments) {
  const auto packs = packs_of(options);
  carry_out(options, *packs,
            naming("pack", arguments.id, [&] { return packs->plan_uninstall(arguments.id, options_of(arguments)); }),
            fmt::format("Uninstall {} from {}?", arguments.id, options.environment),
            fmt::format("Uninstalled {} from {}. {}", arguments.id, options.environment, pull_next(options)), "");
}

}  // namespace

void add_packs(CLI::App& program, Options& options) {
  static PackArguments arguments;
  auto* const packs = program.add_subcommand("packs", "Packs of definitions in an environment (-e)");
  packs->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, void (*run)(const Options&, const PackArguments&)) {
    auto* const command = packs->add_subcommand(name, about);
    command->callback([&options, run] { run(options, arguments); });
    return command;
  };
  const auto takes_folder = [](CLI::App* command) {
    command->add_option("folder", arguments.folder, "The folder with pack.yaml")->required();
  };
  const auto takes_id = [](CLI::App* command) { return command->add_option("id", arguments.id, "The pack's"); };
  const auto asks = [&](CLI::App* command) {
    command->add_flag("--yes,-y", options.yes, "Do not ask");
    command->add_flag("--drop-assignments", arguments.pack.plan.drop_assignments,
                      "Go on even if a removed role is assigned");
    command->add_flag("--reveal", arguments.pack.plan.reveal,
                      "Go on even if stored values that a role masks become visible to it");
    command->add_flag("--hold-writers", arguments.pack.plan.hold_writers,
                      "All writers may wait while more than 50,000 entities are read or rewritten");
  };
  const auto changes_types = [&](CLI::App* command) {
    asks(command);
    command->add_flag("--accept-invalid-data", arguments.pack.plan.accept_invalid_data,
                      "Go on even if entities do not match their new schema");
    command->add_flag("--take-over", arguments.pack.take_over,
                      "Take over definitions of the same name that belong to no pack");
  };
  packs->add_subcommand("list", "List the installed packs")->callback([&options] { list_packs(options); });

  auto* const installing = add("install", "Install a pack", install);
  takes_folder(installing);
  changes_types(installing);

  auto* const upgrading = add("upgrade", "Upgrade a pack and its data to a later version", upgrade);
  takes_folder(upgrading);
  changes_types(upgrading);
  upgrading->add_option("--prefer", arguments.prefer,
                        "Which change wins where both sides changed the same: ours or theirs");
  upgrading->add_option("--choose", arguments.choices, "The same for one place: PLACE=ours or PLACE=theirs");

  takes_id(add("diff", "Show what others changed since the installation", diff));

  auto* const repairing = add("repair", "Undo what others changed", repair);
  takes_id(repairing)->required();
  changes_types(repairing);

  auto* const customizing = add("customize", "Keep what others changed, also in upgrades", customize);
  takes_id(customizing)->required();
  asks(customizing);

  auto* const uninstalling = add("uninstall", "Remove a pack's definitions", uninstall);
  takes_id(uninstalling)->required();
  asks(uninstalling);
  uninstalling->add_flag("--remove-entities", arguments.pack.remove_entities, "Remove the entities of its types too");
}

}  // namespace struere::cli
