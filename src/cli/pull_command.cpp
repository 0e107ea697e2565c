// `struere pull`: changes the files to the definitions of an environment.
#include <fmt/format.h>

#include <limits>
#include <map>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "struere/yaml/definition_folder.hpp"

namespace struere::cli {
namespace {

// The definitions of one kind that were deleted, by name, as the audit log last shows them.
std::map<std::string, Json> deleted_definitions(const Place& place, DefinitionKind kind) {
  const std::string prefix = std::string(to_string(kind)) + ".";
  const char* const name_key = kind == DefinitionKind::role ? "name" : "slug";
  std::map<std::string, Json> last, out;
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  for (const Event& event : place.events({.type_prefix = prefix, .limit = 1000})->last(all, {})) {
    const Json payload = event.payload();
    const std::string name = payload.value(name_key, "");
    if (event.type() == prefix + "deleted") {
      if (const auto known = last.find(name); known != last.end()) out[name] = known->second;
    } else if (event.type() == prefix + "created" || event.type() == prefix + "updated") {
      last[name] = payload;
      out.erase(name);
    }
  }
  return out;
}

// A file may be deleted if the environment once had exactly its definition and no longer has it. The log does not say
// enough about agents and tools.
class Removals {
 public:
  explicit Removals(const Place& place) : place_(place) {}

  bool operator()(DefinitionKind kind, const std::string& name, const Json& definition) {
    if (kind == DefinitionKind::agent || kind == DefinitionKind::tool) return false;
    if (!deleted_.contains(kind)) deleted_[kind] = deleted_definitions(place_, kind);
    const auto found = deleted_.at(kind).find(name);
    return found != deleted_.at(kind).end() && found->second == definition;
  }

 private:
  const Place& place_;
  std::map<DefinitionKind, std::map<std::string, Json>> deleted_;
};

const char* word_of(DefinitionFilePlan::Action action) {
  switch (action) {
    case DefinitionFilePlan::Action::make: return "make";
    case DefinitionFilePlan::Action::change: return "change";
    case DefinitionFilePlan::Action::remove: return "remove";
  }
  return "change";
}

void show(const Options& options, const DefinitionFilePlan& plan, const std::string& environment) {
  const Screen screen(options);
  for (const auto& change : plan.changes) {
    const std::string file = change.file.string();
    switch (change.action) {
      case DefinitionFilePlan::Action::make: say("  {}", screen.green("+ " + file)); break;
      case DefinitionFilePlan::Action::change: say("  {}", screen.yellow("~ " + file)); break;
      case DefinitionFilePlan::Action::remove: say("  {}", screen.red("- " + file)); break;
    }
  }
  for (const auto& file : plan.kept)
    say("  ? {}{}", file.string(), screen.faint(fmt::format("  is not in {}, and stays", environment)));
}

Json to_json(const DefinitionFilePlan& plan) {
  Json changes = Json::array(), kept = Json::array();
  for (const auto& change : plan.changes)
    changes.push_back({{"file", change.file.string()}, {"change", word_of(change.action)}});
  for (const auto& file : plan.kept) kept.push_back(file.string());
  return {{"changes", std::move(changes)}, {"unchanged", plan.unchanged}, {"kept", std::move(kept)}};
}

void pull(const Options& options) {
  const auto place = open_place(options);
  const std::string environment = place->environment();
  const auto definitions = place->definitions(*parse_environment(environment))->current();
  const DefinitionFilePlan plan = plan_definition_files(place->folder(), definitions, Removals(*place));
  if (!options.json) show(options, plan, environment);
  if (!plan.empty()) {
    if (!options.yes && !Screen(options).confirm(fmt::format("Change these files to what {} holds?", environment))) {
      say("No file was changed.");
      throw Finished{failed};
    }
    write_definition_files(place->folder(), plan);
  }
  if (options.json) return say_json(to_json(plan));
  if (plan.kept.empty())
    say("The files are as {} is.", environment);
  else
    say("The files are as {} is, except those with ?.", environment);
}

}  // namespace

void add_pull(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("pull", "Bring the files to what an environment holds");
  command->add_flag("--yes,-y", options.yes, "Do not ask");
  command->footer(
      "Files that say the same stay as they are; others keep their comments. A file of a "
      "definition "
      "that was never synced there stays.\n\nExample:\n  struere pull -e production");
  command->callback([&options] { pull(options); });
}

}  // namespace struere::cli
