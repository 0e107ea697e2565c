// The command-line tool: a thin skin over the library.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

using namespace struere;
using namespace struere::cli;

namespace {

// Of the command that was being read, each with a space behind it.
std::string words_of_command(const CLI::App& program) {
  std::string out;
  for (const CLI::App* command = &program; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    out += command->get_name() + " ";
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  CLI::App program("Definitions as code: sync them to development, deploy them to production, take them back.",
                   "struere");
  program.require_subcommand(1);
  program.fallthrough();
  program.add_option("--project", options.project, "The folder with struere.yaml; this one unless given")
      ->type_name("FOLDER");
  program
      .add_option("--environment,-e", options.environment, "development, unless given; for commands that look at one")
      ->check(CLI::IsMember({"development", "production"}));
  program.add_flag("--json", options.json, "Answer in JSON");
  program.add_option("--as", options.user, "For commands about data: as this user; as the system unless given")
      ->type_name("USER");
  program.add_option("--key", options.key, "As whoever has this API key, in its environment")
      ->type_name("SECRET")
      ->envname("STRUERE_KEY");
  program.add_option("--color", options.color, "auto: on a terminal, unless NO_COLOR is set")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  program.footer(
      "Begin with `struere init`; `struere COMMAND --help` has examples.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 denied, 4 not found, 5 conflict, 6 invalid, 7 storage.");
  add_init(program, options);
  add_add(program, options);
  add_sync(program, options);
  add_dev(program, options);
  add_status(program, options);
  add_deploy(program, options);
  add_pull(program, options);
  add_keys(program, options);
  add_data(program, options);
  add_events(program, options);
  add_people(program, options);
  add_explain(program, options);
  add_migrate(program, options);
  add_packs(program, options);
  add_verify(program, options);
  add_doctor(program, options);
  add_backup(program, options);
  add_completion(program, options);
  // Not a command of its own: half a command line is none that the parser could read.
  if (count > 1 && std::string_view(arguments[1]) == "complete") {
    print_completions(program, {arguments + 2, arguments + count});
    return ok;
  }
  const auto complain = [&](const std::string& code, const std::string& message) {
    if (options.json) fmt::print("{}\n", Json{{"error", code}, {"message", message}}.dump());
    // Of a folder there may be many lines, with words from its files.
    fmt::print(stderr, "{}\n", Screen(options, stderr).red(printable(message, true)));
  };
  try {
    program.parse(count, arguments);
    // What could not be written was not said: a full disk behind a redirection is a failure.
    if (std::fflush(stdout) != 0) throw std::runtime_error("the output could not be written");
    return ok;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // the help that was asked for
      fmt::print("{}", wrapped(program.help()));
      return ok;
    }
    // The parser stopped before it came to this.
    options.json = std::find(arguments, arguments + count, std::string_view("--json")) != arguments + count;
    const auto extra = program.remaining(true);
    complain("usage",
             fmt::format("{}; `struere {}--help` tells more",
                         extra.empty() ? error.what() : fmt::format("`{}` is not expected here", fmt::join(extra, " ")),
                         words_of_command(program)));
    return wrong_usage;
  } catch (const Finished& finished) {
    return finished.code;
  } catch (const UsageError& error) {
    complain("usage", error.what());
    return wrong_usage;
  } catch (const Error& error) {
    complain(std::string(to_string(error.code())), error.what());
    return exit_code(error.code());
  } catch (const std::exception& error) {
    complain("failure", error.what());
    return failed;
  }
}
