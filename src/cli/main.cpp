// The command-line tool. It adds only a user interface to the library.
#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/followed_words.hpp"
#include "cli/output.hpp"
#include "cli/reach.hpp"
#include "cli/screen.hpp"
#include "core/suggestion.hpp"

using namespace struere;
using namespace struere::cli;

namespace {

// The words that are allowed at this place: options of the command and of those above it, or its subcommands.
std::vector<std::string> known_beside(const std::string& word, const CLI::App* command) {
  std::vector<std::string> out;
  if (!word.starts_with('-')) {
    for (const CLI::App* const next : command->get_subcommands([](const CLI::App*) { return true; }))
      out.push_back(next->get_name());
    return out;
  }
  for (; command; command = command->get_parent())
    for (const CLI::Option* const option : command->get_options([](const CLI::Option*) { return true; }))
      for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  return out;
}

std::string what_is_wrong(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* command = &program;  // the command that was being read
  std::string words;                   // each followed by a space
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    words += command->get_name() + " ";
  }
  const auto extra = program.remaining(true);
  if (extra.empty()) return fmt::format("{}; `struere {}--help` tells more", error.what(), words);
  const std::string first = extra.front().substr(0, extra.front().find('='));
  return fmt::format("`{}` is not expected here.{} `struere {}--help` tells more", fmt::join(extra, " "),
                     suggestion(first, known_beside(first, command)), words);
}

}  // namespace

int main(int count, char** arguments) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);        // a file that may not grow is an ordinary failure, as a full disk is
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for the width of characters; everything else stays as in C
  Options options;
  CLI::App program("Looks after a struere database: its definitions as files, its data, its people and their keys.",
                   "struere");
  program.set_version_flag("--version", STRUERE_VERSION);
  program.require_subcommand(1);
  program.fallthrough();
  program.add_option("--project", options.project, "The folder with struere.yaml; default: this folder")
      ->type_name("FOLDER");
  static ActorOptions actor;
  program.add_option("--environment,-e", actor.environment, "For commands about one environment; default: development")
      ->check(CLI::IsMember({"development", "production"}));
  program.add_flag("--json", options.json, "Answer in JSON");
  program.add_option("--as", actor.user, "For commands about data: act as this user; default: as the system")
      ->type_name("USER");
  program.add_option("--key", actor.key, "Act as this API key, in its environment; - reads it from stdin")
      ->type_name("SECRET");
  program
      .add_option("--key-file", actor.key_file, "The same with a key from the first line of a file; or set STRUERE_KEY")
      ->type_name("FILE");
  program.parse_complete_callback([&] { settle(program, actor, options); });
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
  add_run(program, options);
  add_runs(program, options);
#ifdef STRUERE_HAS_SERVER
  add_serve(program, options);
  add_login(program, options);
#endif
  add_people(program, options);
  add_operators(program, options);
  add_lists(program, options);
  add_explain(program, options);
  add_adopt(program, options);
  add_packs(program, options);
  add_verify(program, options);
  add_prune(program, options);
  add_doctor(program, options);
  add_backup(program, options);
  add_copy(program, options);
  add_pg(program, options);
  add_completion(program, options);
  describe_common_options(program);
  // Not a command of CLI11, because the parser cannot read half a command line.
  if (count > 1 && std::string_view(arguments[1]) == "complete") {
    print_completions(program, {arguments + 2, arguments + count});
    return ok;
  }
  // For an error before the parser has read this option.
  const bool is_json = std::find(arguments, arguments + count, std::string_view("--json")) != arguments + count;
  try {
    try {
      options.json = is_json;
      auto words = checked_words(program, {arguments + std::min(count, 1), arguments + count});
      options.json = false;
      program.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) {
        options.json = is_json;
        throw UsageError(what_is_wrong(program, error));
      }
      if (dynamic_cast<const CLI::CallForVersion*>(&error))
        say("struere {}", STRUERE_VERSION);
      else
        say("{}", wrapped(lines(program.help())));  // the requested help
    }
    flush_output();  // output that could not be written is a failure, for example on a full disk
    return ok;
  } catch (const Finished& finished) {
    return finished.code;
  } catch (const Json::exception&) {
    return tell(options, Error(ErrorCode::storage,
                               "the answer is not of the form that this version expects; is it a server of struere, of "
                               "this version?"));
  } catch (const std::exception& error) {
    return tell(options, error);
  }
}
