// Measures parallel threads, and many rows in one call. Each turn is long enough to be measured once.
#include <chrono>
#include <future>
#include <latch>
#include <numeric>
#include <thread>

#include "operations.hpp"

using namespace struere;

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Threads that start at the same time. Each gets its number.
class Threads {
 public:
  Threads(int count, const std::function<void(int)>& body) : start_(count + 1) {
    for (int i = 0; i < count; ++i)
      running_.push_back(std::async(std::launch::async, [this, &body, i] {
        start_.arrive_and_wait();
        body(i);
      }));
    start_.arrive_and_wait();
  }
  void join() {
    for (std::future<void>& thread : running_) thread.get();
  }

 private:
  std::latch start_;
  std::vector<std::future<void>> running_;
};

constexpr int creating_threads = 8, creates_of_each = 50;

Turn creating_together(const Fixture& fixture, const std::function<void(int)>& create) {
  fixture.empty_log();
  const std::function<void(int)> body = [&](int thread) {
    for (int i = 0; i < creates_of_each; ++i) create(thread);
  };
  Threads threads(creating_threads, body);
  const auto start = Clock::now();
  threads.join();
  return {seconds_since(start) / (creating_threads * creates_of_each)};
}

constexpr int reading_threads = 2;
constexpr std::chrono::milliseconds reading_time(1500);

// Two threads read pages. If `create` is given, a third thread writes without a pause.
Turn reading(const Fixture& fixture, const std::function<void(int)>& page, const std::function<void()>& create) {
  fixture.empty_log();
  std::atomic<bool> over = false;
  std::array<std::int64_t, reading_threads + 1> done{};
  const std::function<void(int)> body = [&](int thread) {
    std::int64_t times = 0;
    for (; !over; ++times) thread < reading_threads ? page(thread) : create();
    done[static_cast<std::size_t>(thread)] = times;
  };
  Threads threads(create ? reading_threads + 1 : reading_threads, body);
  const auto start = Clock::now();
  std::this_thread::sleep_for(reading_time);
  over = true;
  threads.join();
  const double seconds = seconds_since(start);
  const std::int64_t pages = std::accumulate(done.begin(), done.end() - 1, std::int64_t{0});
  Turn turn{seconds / static_cast<double>(pages)};
  if (create) turn.beside["creates/s"] = static_cast<double>(done.back()) / seconds;
  return turn;
}

Turn in_bulk(const Fixture& fixture, const std::function<void()>& create_all) {
  fixture.empty_log();
  const auto start = Clock::now();
  create_all();
  return {seconds_since(start) / static_cast<double>(fixture.rows.size())};
}

std::vector<std::shared_ptr<ByHand>> connections(const Fixture& fixture, int count, const SqliteOptions& settings) {
  std::vector<std::shared_ptr<ByHand>> out;
  for (int i = 0; i < count; ++i)
    out.push_back(std::make_shared<ByHand>(fixture.path_by_hand, fixture.data.teacher, settings));
  return out;
}

}  // namespace

void add_many_at_once(Race& race, Fixture& fixture) {
  Fixture* const f = &fixture;
  const auto writers = connections(fixture, creating_threads, fixture.settings_full);
  const auto readers = connections(fixture, reading_threads, fixture.settings);
  const auto at = [](const auto& all, int thread) -> ByHand& { return *all[static_cast<std::size_t>(thread)]; };

  const std::string creating = "8 threads creating, FULL";
  race.add_measured(creating, struere_itself,
                    [=] { return creating_together(*f, [=](int) { f->written_full.create(f->fresh()); }); });
  race.add_measured(
      creating, "by hand",
      [=] { return creating_together(*f, [=](int thread) { at(writers, thread).create(f->fresh()); }); }, 1.0 / 3);

  const std::function<void(int)> page = [=](int) { f->sessions.list(); };
  const std::function<void(int)> page_by_hand = [=](int thread) { at(readers, thread).page(true, nullptr); };
  const std::string quiet = "2 readers, pages of 50", beside = "2 readers beside a writer, pages of 50";
  race.add_measured(quiet, struere_itself, [=] { return reading(*f, page, {}); });
  race.add_measured(quiet, "by hand", [=] { return reading(*f, page_by_hand, {}); });
  race.add_measured(beside, struere_itself, [=] { return reading(*f, page, [=] { f->written.create(f->fresh()); }); });
  race.add_measured(
      beside, "by hand", [=] { return reading(*f, page_by_hand, [=] { f->hand.create(f->fresh()); }); }, 0.5);

  const std::string bulk = "10,000 creates in one call, FULL, each";
  race.add_measured(bulk, struere_itself, [=] { return in_bulk(*f, [=] { f->written_full.create_all(f->rows); }); });
  race.add_measured(
      bulk, "by hand", [=] { return in_bulk(*f, [=] { f->hand_full.create_all(f->rows); }); }, 1.3);
}

}  // namespace bench
