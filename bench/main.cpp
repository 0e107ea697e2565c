// Runs each operation by struere, by hand and by other libraries, against the same rows, in one run and in turns.
// Compares the answers before it measures. README.md lists the requirements.
#include <benchmark/benchmark.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "operations.hpp"

using namespace bench;
using struere::Json;

namespace {

constexpr std::int64_t most_for_ten_times_as_many = 10'000;  // sessions; making ten times as many takes long

// Removes `--name=value` from the arguments and returns the value.
std::string taken(int& count, char** arguments, const std::string& name, std::string value) {
  const std::string start = "--" + name + "=";
  for (int i = 1; i < count; ++i) {
    if (std::string_view(arguments[i]).substr(0, start.size()) != start) continue;
    value = arguments[i] + start.size();
    std::move(arguments + i + 1, arguments + count, arguments + i);
    --count;
    break;
  }
  return value;
}

// Copies the file, so that the rows that a run writes are not there in the next run.
std::string copy_of(const std::string& path) {
  const std::string copy = path + ".race";
  for (const char* const suffix : {"-wal", "-shm"}) std::filesystem::remove(copy + suffix);
  for (const char* const suffix : {"", ".key"})
    if (std::filesystem::exists(path + suffix))
      std::filesystem::copy_file(path + suffix, copy + suffix, std::filesystem::copy_options::overwrite_existing);
  return copy;
}

// Keeps this thread on one processor while one contender at a time runs, so that no contender moves between
// processors.
class OneProcessor {
 public:
  explicit OneProcessor(const std::string& number) {
    sched_getaffinity(0, sizeof(before_), &before_);
    if (number.empty()) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(std::stoul(number), &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof(before_), &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_;
};

Json report(const Race& race, const Fixture& fixture, double load) {
  Json out = {{"sessions", fixture.data.sessions},
              {"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
              {"sqlite", sqlite3_libversion()},
              {"processors", std::thread::hardware_concurrency()},
              {"load", load},
              {"cacheBytes", fixture.settings.cache_bytes},
              {"mmapBytes", fixture.settings.mmap_bytes},
              {"operations", race.to_json()}};
#ifdef STRUERE_BENCH_POSTGRES
  if (fixture.postgres) out["postgres"] = fixture.postgres->version();
#endif
  return out;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::int64_t sessions = std::stoll(taken(count, arguments, "sessions", "10000"));
  const std::string path =
      taken(count, arguments, "file",
            std::filesystem::temp_directory_path() / fmt::format("struere-tutoring-{}.db", sessions));
  const std::string json = taken(count, arguments, "json", "");
  const std::string postgres = taken(count, arguments, "postgres", "");
  struere::SqliteOptions settings;
  settings.cache_bytes = std::stoll(taken(count, arguments, "cache", std::to_string(settings.cache_bytes)));
  settings.mmap_bytes = std::stoll(taken(count, arguments, "mmap", std::to_string(settings.mmap_bytes)));
  const int rounds = std::stoi(taken(count, arguments, "rounds", "15"));
  const std::string processor = taken(count, arguments, "processor", "");
  std::vector<char*> flags(arguments, arguments + count);
  std::string interleaved = "--benchmark_enable_random_interleaving=true";
  flags.insert(flags.begin() + 1, interleaved.data());
  auto number = static_cast<int>(flags.size());
  benchmark::Initialize(&number, flags.data());
  if (benchmark::ReportUnrecognizedArguments(number, flags.data())) return 2;

  prepare(path, sessions);
  double load = 0;  // of other processes; results with a high load are not reliable
  getloadavg(&load, 1);
  const std::string larger = path + ".larger";
  const bool with_larger = sessions <= most_for_ten_times_as_many;
  if (with_larger) prepare(larger, sessions, sessions * 10);
  Fixture fixture(copy_of(path), copy_of(with_indexes(path)), sessions, postgres, settings);
  Race race;
  {
    const OneProcessor one(processor);
    race.set_rounds(rounds * 10, 0.005);  // short rounds, so that other processes do not disturb all of them
    add_decisions(race, path + ".decisions");
    add_reads(race, fixture);
    if (with_larger) add_reads_beside_more(race, fixture, larger);
    race.run();
    race.set_rounds(rounds, 0.05);  // long enough to include checkpoints
    add_writes(race, fixture);
    race.set_rounds(rounds);
    add_after_commit(race, fixture);
    race.run();
  }
  add_many_at_once(race, fixture);
  race.run();
  fixture.verify();
  race.print();
  if (!json.empty() && !(std::ofstream(json) << report(race, fixture, load).dump(2) << "\n")) {
    fmt::print(stderr, "{} cannot be written\n", json);
    return 1;
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
