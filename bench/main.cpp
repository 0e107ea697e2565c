// Each operation by struere and by hand, against one file, in one run, taken in turns: struere_bench [--file=F]
// [--sessions=N] and Google Benchmark's own flags. Answers are compared before anything is timed.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>

#include "by_hand.hpp"

using namespace struere;
using namespace bench;

namespace {

// The times of one operation, µs, one for each repetition.
struct Times {
  std::vector<double> struere, by_hand;
};

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times.empty() ? 0 : times[times.size() / 2];
}
double best(const std::vector<double>& times) { return times.empty() ? 0 : *std::ranges::min_element(times); }

class RatioReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string name = run.run_name.function_name;
      const auto slash = name.rfind('/');
      Times& times = times_[name.substr(0, slash)];
      if (std::ranges::find(order_, name.substr(0, slash)) == order_.end()) order_.push_back(name.substr(0, slash));
      (name.substr(slash + 1) == "by hand" ? times.by_hand : times.struere).push_back(run.GetAdjustedRealTime());
    }
  }
  void Finalize() override {
    fmt::print("{:<28} {:>18} {:>18} {:>14}\n", "µs: median [best]", "struere", "by hand", "ratio");
    for (const std::string& name : order_) {
      const Times& times = times_[name];
      fmt::print("{:<28} {:>9.2f} [{:.2f}]", name, median(times.struere), best(times.struere));
      if (!times.by_hand.empty())
        fmt::print("{:>10.2f} [{:.2f}] {:>7.2f} [{:.2f}]", median(times.by_hand), best(times.by_hand),
                   median(times.struere) / median(times.by_hand), best(times.struere) / best(times.by_hand));
      fmt::print("\n");
    }
  }

 private:
  std::map<std::string, Times> times_;
  std::vector<std::string> order_;
};

void require(bool same, const char* what) {
  if (!same) throw std::runtime_error(fmt::format("struere and the code by hand differ in: {}", what));
}

class Race {
 public:
  Race(const std::string& path, std::int64_t sessions)
      : data_(prepare(path, sessions)),
        normal_(Database::open(path, {.sqlite = {.durability = Durability::normal}})),
        full_(Database::open(path)),
        hand_(path, data_, false),
        hand_full_(path, data_, true),
        actor_(teacher_of(normal_, data_.teacher)),
        writer_(teacher_of(normal_, data_.writer)),
        sessions_(normal_.entities(actor_, "session")) {
    Query query{.limit = 50};
    for (int page = 0; page < 10; ++page) {
      if (page == 9) ninth_ = query.after;
      const EntityPage rows = sessions_.list(query);
      for (const Entity& row : rows) ids_.push_back(row.id());
      if (page == 8) last_of_ninth_ = {rows[rows.size() - 1].id().str(), "", *rows[rows.size() - 1].created_at(), 0};
      query.after = rows.next();
    }
    compare();
  }

  void add_all() {
    add(
        "get, masked", [this] { sessions_.get(some_id()); }, [this] { hand_.get(some_id().str(), true); });
    add(
        "page of 50, masked", [this] { sessions_.list(); }, [this] { hand_.page(true, nullptr); });
    add(
        "page 10 by cursor", [this] { sessions_.list({.after = ninth_}); },
        [this] { hand_.page(true, &last_of_ninth_); });
    add(
        "filtered page", [this] { sessions_.list({.where = field("data.status") == "cancelled"}); },
        [this] { hand_.page(true, nullptr, "\"cancelled\""); });
    add(
        "count of 500", [this] { sessions_.count(); }, [this] { hand_.count(); });
    add(
        "authenticate", [this] { normal_.authenticate(data_.api_key); }, [this] { hand_.authenticate(data_.api_key); });
    add("can", [this] { benchmark::DoNotOptimize(normal_.can(actor_, Action::update, "session")); }, {});
    add(
        "create, NORMAL", [this] { normal_.entities(writer_, "session").create(fresh()); },
        [this] { hand_.create(canonical_json(fresh())); });
    add(
        "create, FULL", [this] { full_.entities(writer_, "session").create(fresh()); },
        [this] { hand_full_.create(canonical_json(fresh())); });
    add(
        "update, NORMAL",
        [this] {
          sessions_.update(some_id(), {{"teacherReport", "better"}});
        },
        [this] { update_by_hand(); });
  }

 private:
  static void add(const std::string& name, std::function<void()> by_struere, std::function<void()> by_hand) {
    const auto loop = [](benchmark::State& state, const std::function<void()>& body) {
      for (auto _ : state) body();
    };
    benchmark::RegisterBenchmark((name + "/struere").c_str(), loop, std::move(by_struere))
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
    if (by_hand)
      benchmark::RegisterBenchmark((name + "/by hand").c_str(), loop, std::move(by_hand))
          ->Unit(benchmark::kMicrosecond)
          ->UseRealTime();
  }

  const EntityId& some_id() { return ids_[random_() % ids_.size()]; }
  Json fresh() {
    Json data = session_data(data_.sessions, 1);
    data.erase(data_.masked);  // nobody writes what they may not see
    data["duration"] = 30 + static_cast<int>(random_() % 60);
    return data;
  }
  // As struere must: read, merge, write.
  void update_by_hand() {
    const std::string id = some_id().str();
    const auto before = hand_.get(id, false);
    Json data = Json::parse(before->data);
    data["teacherReport"] = "better";
    hand_.update(id, data.dump(), R"({"changes":{"teacherReport":"better"},"previousData":)" + before->data + "}");
  }

  void compare() {
    const auto same = [](const EntityPage& mine, const std::vector<Row>& other) {
      return mine.size() == other.size() && std::ranges::equal(mine, other, [](const Entity& a, const Row& b) {
               return a.id().str() == b.id && a.json() == b.data;
             });
    };
    const auto one = hand_.get(ids_[0].str(), true);
    require(one && sessions_.get(ids_[0]).json() == one->data, "get");
    require(same(sessions_.list(), hand_.page(true, nullptr)), "page");
    require(same(sessions_.list({.after = ninth_}), hand_.page(true, &last_of_ninth_)), "page 10");
    require(same(sessions_.list({.where = field("data.status") == "cancelled"}),
                 hand_.page(true, nullptr, "\"cancelled\"")),
            "filtered page");
    require(sessions_.count() == hand_.count(), "count");
    require(hand_.authenticate(data_.api_key), "authenticate");
    hand_.create(canonical_json(fresh()));
    update_by_hand();
    const ActorContext system = normal_.trusted_host().system_actor(actor_.organization(), actor_.environment());
    require(normal_.events(system).verify().ok, "the log, with events by hand");
  }

  TutoringData data_;
  Database normal_, full_;
  ByHand hand_, hand_full_;
  ActorContext actor_, writer_;
  EntityRepository sessions_;
  std::vector<EntityId> ids_;
  std::optional<std::string> ninth_;
  Row last_of_ninth_;
  std::mt19937_64 random_{1};
};

// Takes `--name=value` out of the arguments.
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

}  // namespace

int main(int count, char** arguments) try {
  const std::string sessions = taken(count, arguments, "sessions", "10000");
  const std::string path = taken(count, arguments, "file", fmt::format("/tmp/struere-bench-{}.db", sessions));
  std::vector<char*> flags(arguments, arguments + count);
  std::string interleaved = "--benchmark_enable_random_interleaving=true", repetitions = "--benchmark_repetitions=9",
              time = "--benchmark_min_time=0.1";
  flags.insert(flags.begin() + 1, {interleaved.data(), repetitions.data(), time.data()});
  auto number = static_cast<int>(flags.size());
  benchmark::Initialize(&number, flags.data());
  if (benchmark::ReportUnrecognizedArguments(number, flags.data())) return 2;
  // What is written is gone with the copy: the next run races on the same rows.
  const std::string copy = path + ".race";
  prepare(path, std::stoll(sessions));
  for (const char* const suffix : {"-wal", "-shm"}) std::filesystem::remove(copy + suffix);
  for (const char* const suffix : {"", ".key"})
    std::filesystem::copy_file(path + suffix, copy + suffix, std::filesystem::copy_options::overwrite_existing);
  Race race(copy, std::stoll(sessions));
  race.add_all();
  RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
