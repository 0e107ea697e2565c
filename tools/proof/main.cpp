// struere-proof: worlds at random, looked at for a difference that there must not be.
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

#include "difference.hpp"
#include "generator.hpp"
#include "shrink.hpp"

namespace struere::proof {
namespace {

using Time = std::chrono::steady_clock;

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_unusable = 2;  // wrong arguments, or a file that cannot be written

constexpr int steps_of_a_world = 80;
constexpr auto time_to_shrink = std::chrono::seconds(90);
constexpr int most_failures = 5;  // after which it is time to look at them

constexpr const char* usage =
    "usage: struere-proof [--minutes N | --seconds N | --worlds N] [--seed S] [--failures DIRECTORY]\n"
    "\n"
    "Plays random scenarios in memory and in SQLite, and compares all answers to the byte. What differs is cut down "
    "and\n"
    "written as a scenario file, with the answers of the memory storage as those that are expected.\n"
    "\n"
    "  --minutes N, --seconds N  how long (10 seconds unless asked)\n"
    "  --worlds N                how many worlds, instead\n"
    "  --seed S                  the seed of the first world, each other has the next; a fresh one unless asked\n"
    "  --failures DIRECTORY      where failing scenarios are written (the working directory unless asked)\n"
    "  --help                    this text\n"
    "\n"
    "Exits 0 if nothing differs, 1 if something does, 2 if the arguments are wrong.\n";

struct Options {
  std::optional<std::uint64_t> seed, worlds;
  Time::duration time = std::chrono::seconds(10);
  std::string failures = ".";
  bool help = false;
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
    else if (argument == "--failures")
      options.failures = next();
    else if (argument == "--help" || argument == "-h")
      options.help = true;
    else
      throw std::invalid_argument("there is no option `" + argument + "`");
  }
  return options;
}

std::string fresh_name(const Options& options, const std::string& name) {
  return options.failures + "/" + name + ".jsonl";
}

void write_line(const std::string& path, const OrderedJson& line) {
  std::ofstream out(path);
  out << line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

void report(const Options& options, const Scenario& scenario, const Difference& difference) {
  // Cut too far, a case can fail in another way: that would be another case.
  const auto differs = [&](const OrderedJson& document) {
    try {
      Coverage uncounted;
      const auto found = find_difference(conformance::read_scenario(document), uncounted);
      return found && found->what == difference.what;
    } catch (const std::exception&) {  // no scenario any more
      return false;
    }
  };
  const Scenario small = conformance::read_scenario(shrink(to_json(scenario), differs, time_to_shrink));
  Coverage uncounted;
  if (const auto found = find_difference(small, uncounted))
    std::cout << "at     " << found->place << "\nmemory " << found->memory << "\nsqlite " << found->sqlite << '\n';
  const std::string path = fresh_name(options, scenario.name);
  write_line(path, to_json(with_expectations(small)));
  std::cout << "written to " << path << std::endl;
}

int run(const Options& options) {
  const std::uint64_t first = options.seed ? *options.seed : std::random_device{}();
  std::cout << "seed " << first << std::endl;
  const auto begin = Time::now();
  Coverage coverage;
  int failures = 0;
  for (std::uint64_t world = 0; options.worlds ? world < *options.worlds : Time::now() - begin < options.time;
       ++world) {
    const Scenario scenario = random_scenario(first + world, steps_of_a_world);
    if (const auto found = find_difference(scenario, coverage)) {
      std::cout << "DIFFERENCE in the world of --seed " << first + world << " --worlds 1, at " << found->place
                << std::endl;
      report(options, scenario, *found);
      if (++failures == most_failures) break;
    }
  }
  coverage.print(std::cout);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Time::now() - begin).count();
  std::cout << coverage.worlds() << " worlds, " << coverage.steps() << " steps compared in " << seconds
            << " s from seed " << first << ", " << failures << " differences\n";
  return failures == 0 ? exit_passed : exit_failed;
}

}  // namespace
}  // namespace struere::proof

int main(int argc, char** argv) {
  using namespace struere::proof;
  Options options;
  try {
    options = parse_arguments({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    std::cerr << "struere-proof: " << fault.what() << " (--help tells more)\n";
    return exit_unusable;
  }
  if (options.help) {
    std::cout << usage;
    return exit_passed;
  }
  try {
    return run(options);
  } catch (const std::exception& fault) {
    std::cout.flush();
    std::cerr << "struere-proof: " << fault.what() << '\n';
    return exit_unusable;
  }
}
