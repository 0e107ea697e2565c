// `struere status` and `struere diff`: compare files with development, and development with production.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "struere/yaml/definition_folder.hpp"

namespace struere::cli {
namespace {

void compare(const Options& options, bool detailed) {
  const auto place = open_place(options);
  const auto development = place->definitions(Environment::development);
  const ChangePlan to_sync =
      development->plan(read_definitions(place->folder(), place->held_fields()), {.held = place->held_fields()});
  const ChangePlan to_deploy = place->definitions(Environment::production)->plan(development->current());
  if (options.json) {
    return say_json({{"toSync", to_sync.to_json()}, {"toDeploy", to_deploy.to_json()}});
  }
  const Screen screen(options);
  const auto part = [&](const char* what, const ChangePlan& plan, const char* next) {
    say("{}{}", what, !plan.empty() ? "" : plan.kept.empty() ? ": the same" : ": the same, except for packs");
    screen.show(plan, detailed);
    screen.show_kept(plan);
    if (!plan.obstacles.empty())
      say("  {}", screen.faint(fmt::format("struere {} will refuse this because of the lines with !", next)));
    else if (!plan.empty())
      say("  {}", screen.faint(fmt::format("struere {} brings it there", next)));
  };
  part("files → development", to_sync, "sync");
  part("development → production", to_deploy, "deploy");
}

}  // namespace

void add_status(CLI::App& program, Options& options) {
  program.add_subcommand("status", "Show what is to be synced, and what is to be deployed")->callback([&options] {
    compare(options, false);
  });
  program.add_subcommand("diff", "The same as status, field by field")->callback([&options] {
    compare(options, true);
  });
}

}  // namespace struere::cli
