// struere-conformance: plays scenario files (tests/conformance/README.md) against a storage.
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "program.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#ifdef STRUERE_HAS_POSTGRES
#include "postgres/empty_databases.hpp"
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
    "  --record           compares nothing; prints each step's answer as a line of JSON\n"
    "  --help             this text\n"
    "\n"
    "The last line is `N passed, N failed`, counted in steps. Exits 0 if none failed, 1 if one did, 2 if the "
    "arguments\n"
    "are wrong or something cannot be read or opened.\n";

struct Options {
  StorageChoice storage;
  bool record = false;
  bool help = false;
  std::vector<std::string> files;
};

Options parse_arguments(const std::vector<std::string>& arguments) {
  const std::string storage_equals = "--storage=";
  Options options;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--storage") {
      if (++at == arguments.size()) throw std::invalid_argument("--storage needs a storage after it");
      options.storage = StorageChoice::parse(arguments[at]);
    } else if (argument.starts_with(storage_equals)) {
      options.storage = StorageChoice::parse(argument.substr(storage_equals.size()));
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
  if (options.files.empty() && !options.help) throw std::invalid_argument("name at least one file of scenarios");
  return options;
}

void play_all(std::istream& input, const std::string& file, const Options& options, Tally& tally) {
  ScenarioReader reader(input, file);
  while (const auto scenario = reader.next()) {
    const auto results = play(*scenario, options.storage);
    if (options.record)
      print_record(std::cout, *scenario, results);
    else
      tally.add(*scenario, results);
  }
}

int run(const Options& options) {
  Tally tally(std::cout);
  for (const std::string& file : options.files) {
    if (file == "-") {
      play_all(std::cin, "(standard input)", options, tally);
      continue;
    }
    std::ifstream input(file);
    if (!input) throw std::runtime_error("cannot open " + file);
    play_all(input, file, options, tally);
  }
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
