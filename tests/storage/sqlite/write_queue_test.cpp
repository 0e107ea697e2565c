// The queue in which the writers of all processes wait.
#include "storage/sqlite/write_queue.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "support/queues.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

TEST_CASE("who comes first writes first, and who was at it last comes last", "[sqlite][queue]") {
  Queues stage(4);
  std::mutex mutex;
  std::vector<int> order;
  std::optional<WriteQueue::Ticket> holder(stage.queues[0].wait(Steady::now() + far, never));
  std::vector<std::future<void>> others;
  const auto join = [&](int number) {
    others.push_back(std::async(std::launch::async, [&, number] {
      const auto ticket = stage.queues[static_cast<std::size_t>(number)].wait(Steady::now() + far, never);
      const std::lock_guard lock(mutex);
      order.push_back(number);
    }));
    stage.await_drawn(number);
  };
  for (const int number : {1, 2, 3}) join(number);
  {
    const std::lock_guard lock(mutex);
    CHECK(order.empty());  // they wait for the holder
  }
  holder.reset();
  {
    const auto again = stage.queues[0].wait(Steady::now() + far, never);
    const std::lock_guard lock(mutex);
    order.push_back(0);
  }
  for (auto& other : others) other.get();
  CHECK(order == std::vector<int>{1, 2, 3, 0});
}

TEST_CASE("whoever stands still in the queue holds nobody up who can have the lock", "[sqlite][queue]") {
  Queues stage(2);
  const auto still = stage.queues[0].wait(Steady::now() + 1s, never);
  const auto begun = Steady::now();
  const auto ticket = stage.queues[1].wait(begun + far, [] { return true; });
  CHECK(Steady::now() - begun < far);
}

TEST_CASE("the wait ends at its deadline", "[sqlite][queue]") {
  Queues stage(2);
  const auto holder = stage.queues[0].wait(Steady::now() + 1s, never);
  const auto begun = Steady::now();
  const auto ticket = stage.queues[1].wait(begun + 100ms, never);
  CHECK(Steady::now() - begun >= 100ms);
}

TEST_CASE("whatever stands in the lock file, there is a queue", "[sqlite][queue]") {
  Queues stage(2);
  const auto content =
      GENERATE(as<std::string>{}, "", "x", "\xff\xff\xff\xff\xff\xff\xff\x7f", "\xff\xff\xff\xff\xff\xff\xff\xff");
  std::ofstream(stage.lock_file(), std::ios::trunc) << content;
  std::optional<WriteQueue::Ticket> holder(stage.queues[0].wait(Steady::now() + 1s, never));
  auto other = std::async(std::launch::async, [&] {
    const auto ticket = stage.queues[1].wait(Steady::now() + far, never);
    return Steady::now();
  });
  if (content.size() < 2) stage.await_drawn(1);
  const auto before = Steady::now();
  holder.reset();
  CHECK(other.get() >= before);
}

TEST_CASE("without a lock file nobody waits", "[sqlite][queue]") {
  WriteQueue queue;
  queue.open("/no/such/folder/test.db");
  const auto one = queue.wait(Steady::now() + far, never);
  const auto begun = Steady::now();
  const auto other = queue.wait(Steady::now() + far, never);
  CHECK(Steady::now() - begun < far);
}

// Not a test of anything: run by name, it says what an uncontended place in the queue costs.
TEST_CASE("cost of a place in the queue", "[.][sqlite][queue][cost]") {
  Queues stage(1);
  constexpr int times = 100'000;
  const auto begun = Steady::now();
  for (int i = 0; i < times; ++i) const auto ticket = stage.queues[0].wait(Steady::now() + 1s, never);
  WARN(std::chrono::duration_cast<std::chrono::nanoseconds>(Steady::now() - begun).count() / times << " ns");
}
