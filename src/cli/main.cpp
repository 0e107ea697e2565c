// The command-line tool: a thin skin over the library.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

using namespace struere;
using namespace struere::cli;

int main(int count, char** arguments) {
  Options options;
  CLI::App program("Definitions as code: sync them to development, deploy them to production, take them back.",
                   "struere");
  program.require_subcommand(1);
  program.fallthrough();
  program.add_option("--project", options.project, "The folder with struere.yaml");
  program.add_option("--environment,-e", options.environment, "For commands that look at one")
      ->check(CLI::IsMember({"development", "production"}));
  program.add_flag("--json", options.json, "Answer in JSON");
  program.add_option("--as", options.user, "For commands about data: as this user; as the system unless given");
  program.add_option("--key", options.key, "As whoever has this API key, in its environment")->envname("STRUERE_KEY");
  program.add_option("--color", options.color)->check(CLI::IsMember({"auto", "always", "never"}));
  program.footer(
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
    return program.exit(error) == 0 ? ok : wrong_usage;
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
