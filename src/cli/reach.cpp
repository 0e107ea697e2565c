#include "cli/reach.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string_view>

#include "cli/output.hpp"

namespace struere::cli {
namespace {

enum class Acts { as_system, as_asked };
enum class About { no_environment, development, production, both, both_or_one_asked, one_asked };

struct Reach {
  Acts acts;
  About about;
  // Set if the command needs a database file: what to do in a project whose struere.yaml names a server.
  const char* on_a_server = nullptr;
};

constexpr Reach data_of_one{Acts::as_asked, About::one_asked};
constexpr Reach system_of_one{Acts::as_system, About::one_asked};
constexpr Reach files_alone{Acts::as_system, About::no_environment};

// A command that is not listed takes none of these options.
const std::map<std::string_view, Reach> reaches{
    {"init",
     {Acts::as_system, About::no_environment,
      "begin another project in another folder; `struere pull` writes the definitions of this one as files"}},
    {"add", files_alone},
    {"completion", files_alone},
    {"backup",
     {Acts::as_system, About::no_environment,
      "run it where the file is; GET /v1/backup streams a copy of the organization to an org admin (docs/http.md)"}},
    {"serve", {Acts::as_system, About::no_environment, "it is served already; run it where the file is"}},
    {"users add", files_alone},
    {"users remove", files_alone},
    {"login", files_alone},
    {"logout", files_alone},
    {"operators invite", files_alone},
    {"operators list", files_alone},
    {"operators end", files_alone},
    {"sync", {Acts::as_system, About::development}},
    {"dev", {Acts::as_system, About::development}},
    {"deploy", {Acts::as_system, About::production}},
    {"releases", {Acts::as_system, About::production}},
    {"rollback", {Acts::as_system, About::production}},
    {"status", {Acts::as_system, About::both}},
    {"diff", {Acts::as_system, About::both}},
    {"run",
     {Acts::as_system, About::both_or_one_asked,
      "a worker runs where the file is; `struere runs list` shows what it did"}},
    {"doctor", {Acts::as_system, About::both}},
    {"adopt", system_of_one},
    {"pull", system_of_one},
    {"users list", system_of_one},
    {"packs list", system_of_one},
    {"packs install", system_of_one},
    {"packs upgrade", system_of_one},
    {"packs diff", system_of_one},
    {"packs repair", system_of_one},
    {"packs customize", system_of_one},
    {"packs uninstall", system_of_one},
    {"types list", data_of_one},
    {"roles list", data_of_one},
    {"agents list", data_of_one},
    {"threads list", data_of_one},
    {"threads show", data_of_one},
    {"executions list", data_of_one},
    {"relations list", data_of_one},
    {"relations link", data_of_one},
    {"relations unlink", data_of_one},
    {"roles assign", data_of_one},
    {"roles unassign", data_of_one},
    {"keys list", data_of_one},
    {"keys create", data_of_one},
    {"keys rotate", data_of_one},
    {"keys revoke", data_of_one},
    {"data list", data_of_one},
    {"data get", data_of_one},
    {"data create", data_of_one},
    {"data update", data_of_one},
    {"data delete", data_of_one},
    {"data restore", data_of_one},
    {"data purge", data_of_one},
    {"data export", data_of_one},
    {"data import", data_of_one},
    {"events", data_of_one},
    {"verify", data_of_one},
    {"prune",
     {Acts::as_asked, About::one_asked, "only the host of a database removes what is old; run it where the file is"}},
    {"explain", data_of_one},
    {"runs list", data_of_one},
    {"runs retry", data_of_one},
    {"runs cancel", data_of_one},
};

constexpr std::size_t longest_secret = 4096;

// Reads one line, without its line end.
std::string line_of(std::istream& stream, const std::string& source) {
  std::string line(longest_secret, '\0');
  if (!stream.getline(line.data(), static_cast<std::streamsize>(line.size())) && !stream.eof())
    throw UsageError(fmt::format("the first line of {} is not an API key", source));
  line.resize(line.find('\0'));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) throw UsageError(fmt::format("{} is empty; it must contain an API key", source));
  return line;
}

// The secret from the command line, a file or stdin; if none is given, from the variable STRUERE_KEY.
std::optional<std::string> secret_of(const ActorOptions& given) {
  if (given.key && given.key_file) throw UsageError("--key and --key-file are two keys; give one of them");
  if (given.key_file) {
    std::ifstream file(*given.key_file, std::ios::binary);
    if (!file) throw UsageError(fmt::format("--key-file {}: the file cannot be read", *given.key_file));
    return line_of(file, fmt::format("the file {}", *given.key_file));
  }
  if (given.key && *given.key == "-") return line_of(std::cin, "stdin");
  if (given.key) {
    tell_aside(
        "warning: other users of this machine can read --key in the list of processes; give the key by STRUERE_KEY, "
        "--key-file FILE, or --key - (stdin)");
    return given.key;
  }
  const char* const variable = std::getenv("STRUERE_KEY");
  if (!variable) return std::nullopt;
  if (*variable == '\0')
    throw UsageError("STRUERE_KEY is set but empty; unset it to act as the system, or set it to an API key");
  return variable;
}

// An empty value is not the same as no value.
void refuse_empty_values(const CLI::App* command) {
  for (; command; command = command->get_parent())
    for (const CLI::Option* const option : command->get_options())
      for (const std::string& value : option->results())
        if (value.empty() && option->get_name() != "--search")
          throw UsageError(fmt::format("{} is empty; name something{}", option->get_name(),
                                       option->get_required() ? "" : ", or leave it out"));
}

void refuse_actor(const std::string& command, const char* option) {
  throw UsageError(fmt::format(
      "`struere {}` acts only as the system, not as a user or a key; {}", command,
      std::string_view(option) == "STRUERE_KEY" ? "unset STRUERE_KEY" : fmt::format("leave {} out", option)));
}

// In one place for all commands, so that none begins its work first.
void refuse_server(const std::string& command, const Reach& reach, const Options& options) {
  if (!reach.on_a_server || !is_there(options.project / "struere.yaml")) return;
  if (const auto server = read_project(options).server)
    throw UsageError(fmt::format("`struere {}` works on a database file, and this project is on the server {}: {}",
                                 command, *server, reach.on_a_server));
}

}  // namespace

void settle(const CLI::App& program, const ActorOptions& given, Options& options) {
  const CLI::App* command = &program;
  std::string words;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    words += (words.empty() ? "" : " ") + command->get_name();
  }
  refuse_empty_values(command);
  const auto found = reaches.find(words);
  const Reach reach = found == reaches.end() ? files_alone : found->second;

  if (reach.acts == Acts::as_system) {
    if (given.user) refuse_actor(words, "--as");
    if (given.key) refuse_actor(words, "--key");
    if (given.key_file) refuse_actor(words, "--key-file");
    // A command that only reads files has no actor, so STRUERE_KEY does not matter.
    if (std::getenv("STRUERE_KEY") && (reach.about != About::no_environment || words == "backup" ||
                                       words.starts_with("users ") || words.starts_with("operators ")))
      refuse_actor(words, "STRUERE_KEY");
  } else {
    options.key = secret_of(given);
    options.user = given.user;
    if (options.key && options.user)
      throw UsageError(given.key || given.key_file ? "--as and --key are two actors; give one of them"
                                                   : "--as and STRUERE_KEY are two actors; leave --as out or unset it");
  }

  refuse_server(words, reach, options);
  options.environment_is_given = given.environment.has_value();
  if (given.environment) options.environment = *given.environment;
  if (!given.environment || reach.about == About::one_asked || reach.about == About::both_or_one_asked) return;
  if (reach.about == About::no_environment)
    throw UsageError(fmt::format("`struere {}` takes no environment; leave -e out", words));
  if (reach.about == About::both)
    throw UsageError(fmt::format("`struere {}` is about both environments; leave -e out", words));
  const char* const only = reach.about == About::development ? "development" : "production";
  if (*given.environment != only)
    throw UsageError(fmt::format("`struere {}` is about {} only; leave -e out", words, only));
}

namespace {

void describe(CLI::App& command, const std::string& words) {
  const auto below = command.get_subcommands([](const CLI::App*) { return true; });
  for (CLI::App* const next : below) describe(*next, words.empty() ? next->get_name() : words + " " + next->get_name());
  if (words.empty() || !below.empty()) return;
  const auto found = reaches.find(words);
  const Reach reach = found == reaches.end() ? files_alone : found->second;
  std::string options = "--project FOLDER";
  if (reach.about == About::one_asked || reach.about == About::both_or_one_asked)
    options += ", -e development|production";
  if (reach.acts == Acts::as_asked) options += ", --as USER, --key-file FILE, --key - (or STRUERE_KEY)";
  options += ", --json, --color auto|always|never";
  const std::string footer = command.get_footer();
  command.footer(fmt::format("{}{}Also: {}", footer, footer.empty() ? "" : "\n\n", options));
}

}  // namespace

void describe_common_options(CLI::App& program) { describe(program, ""); }

}  // namespace struere::cli
