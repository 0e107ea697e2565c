// The queue in which the writers of all processes wait.
#include "storage/sqlite/write_queue.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "support/child_process.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

namespace {

using Steady = WriteQueue::Clock;

const auto never = [] { return false; };
constexpr auto far = 120s;  // whoever waits so long waited for its deadline

class Queues {
 public:
  explicit Queues(std::size_t count) : queues(count) {
    std::ofstream(folder_.file()) << "a database";
    for (WriteQueue& queue : queues) queue.open(folder_.file());
  }
  std::string lock_file() const { return folder_.file() + "-lock"; }
  // Returns when so many tickets were drawn, each by a writer that found the queue in use.
  void await_drawn(std::int64_t count) const {
    for (std::int64_t drawn = 0; drawn < count; std::this_thread::sleep_for(1ms))
      std::ifstream(lock_file(), std::ios::binary).read(reinterpret_cast<char*>(&drawn), sizeof drawn);
  }

 private:
  TemporaryFolder folder_;

 public:
  std::vector<WriteQueue> queues;
};

}  // namespace

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

TEST_CASE("nobody waits in the queue for the dead", "[sqlite][queue]") {
  Queues stage(1);
  const std::string said = in_child([&]() -> std::string {
    WriteQueue own;
    own.open(stage.lock_file().substr(0, stage.lock_file().size() - 5));
    const auto ticket = own.wait(Steady::now() + 1s, never);
    raise(SIGKILL);
    return {};
  });
  CHECK(said == "died of signal 9");
  const auto begun = Steady::now();
  const auto ticket = stage.queues[0].wait(begun + far, never);
  CHECK(Steady::now() - begun < far);
}

TEST_CASE("a child that was forked off does not keep its parent's place", "[sqlite][queue][fork]") {
  Queues stage(2);
  std::optional<WriteQueue::Ticket> ticket(stage.queues[0].wait(Steady::now() + 1s, never));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    const auto ended = read(ends[0], &byte, 1);
    _exit(ended == 0 ? 0 : 1);
  }
  close(ends[0]);
  ticket.reset();  // as the kernel does when the parent dies
  const auto begun = Steady::now();
  const auto other = stage.queues[1].wait(begun + far, never);
  CHECK(Steady::now() - begun < far);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
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
