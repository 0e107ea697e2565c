// `struere prune`: sets how long an environment keeps records, and removes older ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"
#include "struere/operations/retention.hpp"

namespace struere::cli {
namespace {

constexpr std::array kinds{Gathered::trigger_runs, Gathered::executions, Gathered::messages, Gathered::threads,
                           Gathered::events};

// "events=90", or "events=forever".
void set_days(RetentionDays& days, const std::string& text) {
  const auto equals = text.find('=');
  const auto kind = std::ranges::find(kinds, text.substr(0, equals), [](Gathered each) { return to_string(each); });
  const std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
  const auto value = parse_whole_number(number);
  if (kind == kinds.end() || (!value && number != "forever"))
    throw UsageError(
        "--keep takes KIND=DAYS or KIND=forever; a kind is trigger_runs, executions, messages, threads or "
        "events");
  if (value)
    days[*kind] = std::chrono::days(*value);
  else
    days.erase(*kind);
}

}  // namespace

void add_prune(CLI::App& program, Options& options) {
  static std::vector<std::string> keep;
  auto* const prune = program.add_subcommand("prune", "Remove what is older than an environment keeps it");
  prune->add_option("--keep", keep, "First set how many days to keep, such as events=90 or executions=forever")
      ->type_name("KIND=DAYS");
  prune->footer("Example:\n  struere prune -e production --keep events=365 --keep messages=90");
  prune->callback([&options] {
    const Workspace workspace(options);
    const Retention retention(workspace.actor());
    RetentionDays days = retention.get();
    for (const std::string& text : keep) set_days(days, text);
    if (!keep.empty()) retention.set(days);
    const auto removed = retention.prune();
    if (options.json) {
      Json out = Json::object();
      for (const auto& [kind, count] : removed)
        out[std::string(to_string(kind))] = Json{{"days", days.at(kind).count()}, {"removed", count}};
      return say_json(out);
    }
    if (removed.empty()) return say("{} keeps everything for good. See struere prune --help.", workspace.environment());
    std::vector<std::vector<std::string>> rows;
    for (const auto& [kind, count] : removed)
      rows.push_back({std::string(to_string(kind)), std::to_string(days.at(kind).count()), std::to_string(count)});
    Screen(options).show_table({"kind", "days kept", "removed"}, rows);
  });
}

}  // namespace struere::cli
