// The functions that are installed for authors of storages: they run the suite, the scenarios and the random worlds
// on a storage that a function of the author makes.
#include "struere/conformance.hpp"

#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>

#include "conformance/program.hpp"
#include "conformance/report.hpp"
#include "conformance/runner.hpp"
#include "difference.hpp"
#include "generator.hpp"

namespace struere::conformance {
namespace {

constexpr const char* usage =
    "usage: PROGRAM [--seconds N] [FILE.jsonl...]\n"
    "\n"
    "Checks the storage of this program: the rules of the interface, the scenarios in the files, and, for N seconds\n"
    "(5 unless asked), random worlds against the memory storage. Exits 0 if the storage passes, 1 if it does not, 2 "
    "if\n"
    "the arguments are wrong or a file cannot be read.\n";

struct Options {
  std::chrono::seconds time{5};
  bool help = false;
  std::vector<std::string> files;
};

Options parse_arguments(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    if (arguments[at] == "--seconds") {
      if (++at == arguments.size()) throw std::invalid_argument("--seconds needs a number after it");
      options.time = std::chrono::seconds(std::stoul(arguments[at]));
    } else if (arguments[at] == "--help" || arguments[at] == "-h") {
      options.help = true;
    } else if (arguments[at].starts_with("-")) {
      throw std::invalid_argument("there is no option `" + arguments[at] + "`");
    } else {
      options.files.push_back(arguments[at]);
    }
  }
  return options;
}

StorageChoice made_by(const StorageFactory& make) { return {StorageChoice::Kind::made, {}, make}; }

int run(const Options& options, const StorageFactory& make) {
  const auto faults = check_storage(make);
  for (const std::string& fault : faults) std::cout << fault << '\n';
  std::cout << "suite: " << (faults.empty() ? "passed" : std::to_string(faults.size()) + " failed") << std::endl;
  const std::size_t failed = play_scenarios(options.files, make, std::cout);
  const std::size_t differences =
      options.time.count() > 0 ? compare_with_memory(make, options.time, std::random_device{}(), std::cout) : 0;
  return faults.empty() && failed == 0 && differences == 0 ? exit_passed : exit_failed;
}

}  // namespace

std::size_t play_scenarios(const std::vector<std::string>& files, const StorageFactory& make, std::ostream& out) {
  Tally tally(out);
  for (const std::string& file : files) {
    std::ifstream input(file);
    if (!input) throw std::runtime_error("cannot open " + file);
    ScenarioReader reader(input, file);
    while (const auto scenario = reader.next()) tally.add(*scenario, play(*scenario, made_by(make)));
  }
  if (!files.empty()) tally.print_closing_line();
  return tally.failed();
}

std::size_t compare_with_memory(const StorageFactory& make, std::chrono::seconds time, std::uint64_t seed,
                                std::ostream& out) {
  const auto begin = std::chrono::steady_clock::now();
  proof::Coverage coverage;
  std::size_t differences = 0;
  for (std::uint64_t world = seed; std::chrono::steady_clock::now() - begin < time; ++world) {
    const auto found =
        proof::find_difference(proof::random_scenario(world, proof::steps_of_a_world), coverage, made_by(make));
    if (!found) continue;
    ++differences;
    out << "DIFFERENCE in the world of seed " << world << ", at " << found->place << ", " << found->what << "\nmemory "
        << found->memory << "\nother  " << found->other << '\n';
  }
  out << coverage.worlds() << " worlds, " << coverage.steps() << " steps compared, " << differences << " differences"
      << std::endl;
  return differences;
}

int main_of(int argc, char** argv, const StorageFactory& make) {
  return run_program(argc > 0 ? argv[0] : "conformance", usage, argc, argv, parse_arguments,
                     [&](const Options& options) { return run(options, make); });
}

}  // namespace struere::conformance
