// struere-proof: plays random worlds and searches for differences that must not exist.
#include <chrono>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/program.hpp"
#include "contention.hpp"
#include "difference.hpp"
#include "generator.hpp"
#include "shrink.hpp"
#include "twins.hpp"
#ifdef STRUERE_HAS_POSTGRES
#include "postgres/empty_databases.hpp"
#endif

namespace struere::proof {
namespace {

using conformance::exit_failed;
using conformance::exit_passed;
using Time = std::chrono::steady_clock;

constexpr auto time_to_shrink = std::chrono::seconds(90);
constexpr int most_failures = 5;  // the run stops after this number

constexpr const char* usage =
    "usage: struere-proof [--twins] [--minutes N | --seconds N | --worlds N] [--seed S] [--failures DIRECTORY]\n"
    "       struere-proof --replay FILE...\n"
    "       struere-proof --contention [--minutes N | --seconds N]\n"
    "\n"
    "Plays random scenarios in memory and in SQLite, and compares all answers to the byte. What differs is cut down "
    "and\n"
    "written as a scenario file, with the answers of the memory storage as those that are expected.\n"
    "\n"
    "  --twins                   instead: random worlds and their twins, which differ only in what one actor may not\n"
    "                            see; it must be told the same in both. What differs is cut down and written to a "
    "file\n"
    "  --replay FILE...          plays such twins again\n"
    "  --contention              instead: 3 processes of 8 threads on one file; what they are told must fit together\n"
    "  --minutes N, --seconds N  how long (10 seconds unless asked)\n"
    "  --worlds N                how many worlds, instead\n"
    "  --seed S                  the seed of the first world, each other has the next; a fresh one unless asked\n"
    "  --storage STORAGE         compared in the place of SQLite: postgresql://... (databases of its own on that "
    "server)\n"
    "  --failures DIRECTORY      where failing cases are written (the working directory unless asked)\n"
    "  --help                    this text\n"
    "\n"
    "Exits 0 if nothing differs, 1 if something does, 2 if the arguments are wrong.\n";

struct Options {
  std::optional<std::uint64_t> seed, worlds;
  Time::duration time = std::chrono::seconds(10);
  std::string failures = ".";
  std::string url;
  conformance::StorageChoice storage, shared;
  bool twins = false, contention = false, help = false;
  std::vector<std::string> replay;
};

std::uint64_t number_of(const std::string& text) {
  std::size_t end = 0;
  const unsigned long long number = text.empty() || text[0] == '-' ? 0 : std::stoull(text, &end);
  if (end != text.size() || end == 0) throw std::invalid_argument("`" + text + "` is no number");
  return number;
}

Options parse_arguments(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    const auto next = [&]() -> const std::string& {
      if (++at == arguments.size()) throw std::invalid_argument(argument + " needs a value after it");
      return arguments[at];
    };
    if (argument == "--minutes")
      options.time = std::chrono::minutes(number_of(next()));
    else if (argument == "--seconds")
      options.time = std::chrono::seconds(number_of(next()));
    else if (argument == "--worlds")
      options.worlds = number_of(next());
    else if (argument == "--seed")
      options.seed = number_of(next());
    else if (argument == "--storage")
      options.url = next();
    else if (argument == "--failures")
      options.failures = next();
    else if (argument == "--twins")
      options.twins = true;
    else if (argument == "--contention")
      options.contention = true;
    else if (argument == "--replay")
      options.replay.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end()),
          at = arguments.size();
    else if (argument == "--help" || argument == "-h")
      options.help = true;
    else
      throw std::invalid_argument("there is no option `" + argument + "`");
  }
  if (options.url.empty()) return options;
  if (options.contention)
    options.shared = conformance::StorageChoice::shared_by_url(options.url);
  else
    options.storage = conformance::StorageChoice::parse(options.url);
  return options;
}

void write_line(const std::string& path, const OrderedJson& line) {
  std::ofstream out(path);
  out << line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
  std::cout << "written to " << path << std::endl;
}

// Whether a reduced document still fails. A document that is no valid case does not count as failing. `test` must
// check that it fails in the same way, because a reduced document may fail for another reason.
template <class Test>
auto still_fails(const Test& test) {
  return [test](const OrderedJson& document) {
    try {
      return test(document);
    } catch (const std::exception&) {
      return false;
    }
  };
}

// Returns true if there is no difference.
bool compare_storages(std::uint64_t seed, const Options& options, Coverage& coverage) {
  const Scenario scenario = random_scenario(seed, steps_of_a_world);
  const auto found = find_difference(scenario, coverage, options.storage);
  if (!found) return true;
  std::cout << "DIFFERENCE in the world of --seed " << seed << " --worlds 1, at " << found->place << ", " << found->what
            << std::endl;
  Coverage uncounted;
  const auto differs = still_fails([&](const OrderedJson& document) {
    const auto again = find_difference(conformance::read_scenario(document), uncounted, options.storage);
    return again && again->what == found->what;
  });
  const Scenario small = conformance::read_scenario(shrink(to_json(scenario), differs, time_to_shrink));
  if (const auto again = find_difference(small, uncounted, options.storage))
    std::cout << "at     " << again->place << ", " << again->what << "\nmemory " << again->memory << "\nother  "
              << again->other << '\n';
  write_line(options.failures + "/" + scenario.name + ".jsonl", to_json(with_expectations(small)));
  return false;
}

void print(const Interference& found) {
  std::cout << "at    " << found.place << "\none   " << found.one << "\nother " << found.other << std::endl;
}

bool compare_twins(std::uint64_t seed, const Options& options, Coverage& coverage) {
  const OrderedJson twins = random_twins(seed);
  const auto found = find_interference(twins, coverage, options.storage);
  if (!found) return true;
  std::cout << "INTERFERENCE in the twins of --twins --seed " << seed << " --worlds 1, at " << found->place
            << std::endl;
  Coverage uncounted;
  const auto differs = still_fails(
      [&](const OrderedJson& document) { return find_interference(document, uncounted, options.storage).has_value(); });
  const OrderedJson small = shrink(twins, differs, time_to_shrink);
  if (const auto again = find_interference(small, uncounted, options.storage)) print(*again);
  write_line(options.failures + "/twins-" + std::to_string(seed) + ".json", small);
  return false;
}

int replay(const Options& options) {
  int failures = 0;
  for (const std::string& file : options.replay) {
    std::ifstream input(file);
    if (!input) throw std::runtime_error("cannot open " + file);
    Coverage coverage;
    const auto found = find_interference(OrderedJson::parse(input), coverage, options.storage);
    // A file whose twins are no longer compared to the end proves nothing, so it must not count as passed.
    const bool whole = coverage.of("twins", "to the end") == 1;
    std::cout << file << ": " << (found ? "INTERFERENCE" : whole ? "the same" : "NO TWINS") << '\n';
    if (found) print(*found);
    if (found || !whole) ++failures;
  }
  return failures == 0 ? exit_passed : exit_failed;
}

int run(const Options& options) {
  if (!options.replay.empty()) return replay(options);
  if (options.contention) {
    const auto time = std::chrono::duration_cast<std::chrono::seconds>(options.time);
    return survive_contention({.time = time, .storage = options.shared}, std::cout) ? exit_passed : exit_failed;
  }
  const std::uint64_t first = options.seed ? *options.seed : std::random_device{}();
  std::cout << "seed " << first << std::endl;
  const auto begin = Time::now();
  Coverage coverage;
  int failures = 0;
  std::uint64_t world = 0;
  for (; options.worlds ? world < *options.worlds : Time::now() - begin < options.time; ++world) {
    const auto compare = options.twins ? compare_twins : compare_storages;
    if (!compare(first + world, options, coverage) && ++failures == most_failures) break;
  }
  coverage.print(std::cout);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Time::now() - begin).count();
  std::cout << coverage.worlds() << (options.twins ? " pairs of twins, " : " worlds, ") << coverage.steps()
            << " steps compared in " << seconds << " s from seed " << first << ", " << failures << " differences\n";
  // A run that compared nothing to the end must not count as a run that found no difference.
  constexpr std::uint64_t enough = 20;
  const bool compares = options.twins ? coverage.of("twins", "to the end") > 0 : coverage.of("world", "built") > 0;
  if (world >= enough && !compares) {
    std::cout << "none of " << world << " worlds was compared: this proves nothing\n";
    return exit_failed;
  }
  return failures == 0 ? exit_passed : exit_failed;
}

}  // namespace
}  // namespace struere::proof

int main(int argc, char** argv) {
  using namespace struere::proof;
#ifdef STRUERE_HAS_POSTGRES
  struere::conformance::accept_postgres_urls();
#endif
  return struere::conformance::run_program("struere-proof", usage, argc, argv, parse_arguments, run);
}
