// struere-conformance: plays scenario files (tests/conformance/README.md) against a storage.
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "program.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#ifdef STRUERE_HAS_POSTGRES
#include "postgres/empty_databases.hpp"
#endif
#ifdef STRUERE_HAS_SERVER
#include "http/hosted_scenarios.hpp"
#include "http/remote_scenarios.hpp"
#endif

namespace struere::conformance {
namespace {

constexpr const char* usage =
    "usage: struere-conformance [--storage STORAGE] [--record] FILE.jsonl...\n"
    "\n"
    "Plays the scenarios in the files, each in an empty database, and compares the answers with those expected.\n"
    "A FILE of - is the standard input.\n"
    "\n"
    "  --storage STORAGE  memory       in memory\n"
    "                     sqlite       a temporary file for each scenario (the default)\n"
    "                     sqlite:PATH  the file PATH, with what was in it removed before each scenario;\n"
    "                                  the data of the last one stays\n"
    "                     postgresql://...  a database of its own for each, made on this server and dropped "
    "again\n"
    "                     http://HOST:PORT/sign-in?token=...  a running server, by the link that `struere serve "
    "--invite USER`\n"
    "                                  prints: the answers are compared with those in memory. In an organization "
    "without\n"
    "                                  definitions, of which USER is an admin. What each scenario made is purged. "
    "Also https://\n"
    "                     served:STORAGE  a server of this process on one of the storages above, with the clock and "
    "the ids\n"
    "                                  of the scenario: every step is compared with its answer in memory\n"
    "  --record           compares nothing; prints each step's answer as a line of JSON\n"
    "  --help             this text\n"
    "\n"
    "The last line is `N passed, N failed`, counted in steps. Exits 0 if none failed, 1 if one did, 2 if the "
    "arguments\n"
    "are wrong or something cannot be read or opened.\n";

struct Options {
  StorageChoice storage;
  std::optional<std::string> server;  // in place of a storage
  bool is_served = false;             // the storage, by a server of this process
  bool record = false;
  bool help = false;
  std::vector<std::string> files;
};

void set_storage(Options& options, const std::string& text) {
  constexpr std::string_view served = "served:";
  const bool is_remote = text.starts_with("http://") || text.starts_with("https://");
  options.is_served = text.starts_with(served);
#ifndef STRUERE_HAS_SERVER
  if (is_remote || options.is_served)
    throw std::invalid_argument("this build has no server and no client: it was built without STRUERE_BUILD_SERVER");
#endif
  if (is_remote)
    options.server = text;
  else
    options.storage = StorageChoice::parse(options.is_served ? text.substr(served.size()) : text);
}

Options parse_arguments(const std::vector<std::string>& arguments) {
  const std::string storage_equals = "--storage=";
  Options options;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--storage") {
      if (++at == arguments.size()) throw std::invalid_argument("--storage needs a storage after it");
      set_storage(options, arguments[at]);
    } else if (argument.starts_with(storage_equals)) {
      set_storage(options, argument.substr(storage_equals.size()));
    } else if (argument == "--record") {
      options.record = true;
    } else if (argument == "--help" || argument == "-h") {
      options.help = true;
    } else if (argument.starts_with("-") && argument != "-") {
      throw std::invalid_argument("there is no option `" + argument + "`");
    } else {
      options.files.push_back(argument);
    }
  }
  if ((options.server || options.is_served) && options.record)
    throw std::invalid_argument("--record is for a storage, not for a server");
  if (options.files.empty() && !options.help) throw std::invalid_argument("name at least one file of scenarios");
  return options;
}

// Calls `play` with each scenario of a file.
template <class Play>
void each_scenario(const std::string& file, const Play& play) {
  std::ifstream stream;
  if (file != "-") stream.open(file);
  if (file != "-" && !stream) throw std::runtime_error("cannot open " + file);
  ScenarioReader reader(file == "-" ? std::cin : stream, file == "-" ? "(standard input)" : file);
  while (const auto scenario = reader.next()) play(*scenario);
}

void play_all(const Options& options, Tally& tally) {
#ifdef STRUERE_HAS_SERVER
  if (options.server) {
    RemoteScenarios remote(*options.server);
    for (const std::string& file : options.files)
      each_scenario(file, [&](const Scenario& scenario) { remote.play(scenario, tally); });
    remote.print_skipped(std::cout);
    return;
  }
  if (options.is_served) {
    HostedScenarios hosted(options.storage);
    for (const std::string& file : options.files)
      each_scenario(file, [&](const Scenario& scenario) { hosted.play(scenario, tally); });
    hosted.print_counts(std::cout);
    return;
  }
#endif
  for (const std::string& file : options.files)
    each_scenario(file, [&](const Scenario& scenario) {
      const auto results = play(scenario, options.storage);
      if (options.record)
        print_record(std::cout, scenario, results);
      else
        tally.add(scenario, results);
    });
}

int run(const Options& options) {
  Tally tally(std::cout);
  play_all(options, tally);
  if (!options.record) tally.print_closing_line();
  if (!std::cout.flush()) throw std::runtime_error("cannot write the results");
  return tally.all_passed() ? exit_passed : exit_failed;
}

}  // namespace
}  // namespace struere::conformance

int main(int argc, char** argv) {
  using namespace struere::conformance;
#ifdef STRUERE_HAS_POSTGRES
  accept_postgres_urls();
#endif
  return run_program("struere-conformance", usage, argc, argv, parse_arguments, run);
}
