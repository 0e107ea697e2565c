// `struere pull`: an environment as files.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "struere/definitions/definition_folder.hpp"

namespace struere::cli {

void add_pull(CLI::App& program, Options& options) {
  auto* const command = program.add_subcommand("pull", "Write the definitions of an environment over the files");
  command->add_flag("--yes,-y", options.yes, "Do not ask");
  command->footer("Example:\n  struere pull -e production");
  command->callback([&options] {
    const Session session(options);
    const auto definitions = session.definitions(*parse_environment(options.environment)).current();
    if (!options.yes &&
        !Screen(options).confirm(fmt::format("Replace the files by what {} holds?", options.environment)))
      throw Finished{failed};
    write_definitions(session.folder(), definitions);
    if (options.json)
      fmt::print("{}\n", definitions.to_json().dump());
    else
      fmt::print("The files are as {} is.\n", options.environment);
  });
}

}  // namespace struere::cli
