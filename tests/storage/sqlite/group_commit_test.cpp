// Writers that wait for one another share a commit, and nothing else.
#include "storage/sqlite/group_commit.hpp"

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <new>
#include <thread>

#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

namespace {

// A table of numbers, and how often its file was committed to.
class Numbers {
 public:
  explicit Numbers(std::chrono::milliseconds longest = 1h)
      : longest_(longest),
        connection_(folder_.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX) {
    connection_.execute("PRAGMA journal_mode = WAL; CREATE TABLE numbers(n INTEGER)");
    const auto hook = [](void* self) {
      auto& numbers = *static_cast<Numbers*>(self);
      ++numbers.commits;
      return numbers.refuses ? 1 : 0;
    };
    sqlite3_commit_hook(connection_.handle(), hook, this);
  }

  static void add(WriteTurn& turn, std::int64_t n) {
    Statement insert = turn.connection().prepare("INSERT INTO numbers VALUES(?1)");
    insert.bind(1, n).run();
  }

  std::vector<std::int64_t> all() {
    Connection other(folder_.file(), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
    Statement select = other.prepare("SELECT n FROM numbers ORDER BY rowid");
    std::vector<std::int64_t> out;
    while (select.step()) out.push_back(select.integer(0));
    return out;
  }

  // Returns when `count` writers wait for their turn.
  void await_waiting(std::size_t count) {
    while (group.waiting() < count) std::this_thread::sleep_for(1ms);
  }

  // The group's clock stands still between these calls.
  void advance(std::chrono::milliseconds time) { now_ += time.count(); }

  std::atomic<int> commits = 0;
  std::atomic<bool> refuses = false;
  std::atomic<bool> has_no_memory = false;  // to prepare a commit

 private:
  TemporaryFolder folder_;
  std::chrono::milliseconds longest_;
  std::atomic<std::int64_t> now_ = 1'000'000;  // milliseconds
  Connection connection_;

 public:
  GroupCommit group{[this] { return ConnectionLease(&connection_, [](Connection*) {}); },
                    "numbers",
                    nullptr,
                    longest_,
                    [this](Connection&) {
                      if (has_no_memory) throw std::bad_alloc();
                    },
                    [this] { return GroupCommit::Clock::time_point(std::chrono::milliseconds(now_)); }};
};

using Numbered = std::vector<std::int64_t>;

// Another thread that waits for its turn, adds 2, does `more` and commits.
std::future<void> another_writer(
    Numbers& numbers, std::function<void(WriteTurn&)> more = [](WriteTurn&) {}) {
  auto other = std::async(std::launch::async, [&numbers, more = std::move(more)] {
    WriteTurn turn = numbers.group.begin(10s, WriteLength::brief);
    Numbers::add(turn, 2);
    more(turn);
    turn.commit(false);
  });
  numbers.await_waiting(1);
  return other;
}

}  // namespace

TEST_CASE("a writer who is alone begins and commits as ever", "[sqlite][group-commit]") {
  Numbers numbers;
  for (const std::int64_t n : {1, 2}) {
    WriteTurn turn = numbers.group.begin(1s, WriteLength::brief);
    Numbers::add(turn, n);
    turn.commit(false);
  }
  {
    WriteTurn undone = numbers.group.begin(1s, WriteLength::brief);
    Numbers::add(undone, 3);
  }
  CHECK(numbers.commits == 2);
  CHECK(numbers.all() == Numbered{1, 2});
  CHECK_FALSE(numbers.group.is_busy());
}

TEST_CASE("those who wait share the commit of the first, and one that fails is undone alone",
          "[sqlite][group-commit]") {
  Numbers numbers;
  std::optional<WriteTurn> first(numbers.group.begin(1s, WriteLength::brief));
  Numbers::add(*first, 1);
  std::vector<std::future<void>> others;
  for (std::int64_t n = 2; n <= 5; ++n) {
    others.push_back(std::async(std::launch::async, [&numbers, n] {
      WriteTurn turn = numbers.group.begin(10s, WriteLength::brief);
      Numbers::add(turn, n);
      if (n % 2 == 0) turn.commit(false);
    }));
    numbers.await_waiting(static_cast<std::size_t>(n - 1));
  }
  CHECK(numbers.all().empty());
  first->commit(false);
  CHECK(numbers.commits == 1);
  // Acknowledged is what is there for everybody.
  CHECK(numbers.all() == Numbered{1, 2, 4});
  for (auto& other : others) CHECK_NOTHROW(other.get());
  CHECK(numbers.commits == 1);
  CHECK(numbers.group.counts().commits == 1);
  CHECK(numbers.group.counts().writes == 3);
}

TEST_CASE("a commit that fails is told to all who share it", "[sqlite][group-commit]") {
  Numbers numbers;
  numbers.refuses = true;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  auto other = another_writer(numbers);
  CHECK_ERROR(storage, first.commit(false));
  CHECK_ERROR(storage, other.get());
  CHECK(numbers.all().empty());
  numbers.refuses = false;
  WriteTurn again = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(again, 3);
  again.commit(false);
  CHECK(numbers.all() == Numbered{3});
}

TEST_CASE("what nobody may see before it is committed lets nobody in", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  int commits_before = -1;
  auto other = another_writer(numbers, [&](WriteTurn&) { commits_before = numbers.commits; });
  first.commit(true);
  other.get();
  CHECK(commits_before == 1);
  CHECK(numbers.all() == Numbered{1, 2});
}

TEST_CASE("who waited in vain holds nobody up", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  auto late = std::async(std::launch::async, [&] { numbers.group.begin(5ms, WriteLength::brief).commit(false); });
  numbers.await_waiting(1);
  numbers.advance(5ms);
  CHECK_ERROR(storage, late.get());
  CHECK(numbers.group.waiting() == 0);
  first.commit(false);
  CHECK(numbers.all() == Numbered{1});
}

TEST_CASE("when SQLite undoes the whole transaction, all who share it are told", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  auto other = another_writer(numbers, [](WriteTurn& turn) {
    turn.connection().execute("ROLLBACK");  // as SQLite does when the disk is full
  });
  CHECK_ERROR(storage, first.commit(false));
  CHECK_ERROR(storage, other.get());
  CHECK(numbers.all().empty());
  CHECK_FALSE(numbers.group.is_busy());
}

TEST_CASE("a write that is made does not wait for somebody's bulk work", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  std::promise<void> end_of_work;
  auto bulk = std::async(std::launch::async, [&] {
    WriteTurn turn = numbers.group.begin(10s, WriteLength::any);
    Numbers::add(turn, 2);
    end_of_work.get_future().wait();
  });
  numbers.await_waiting(1);
  auto brief = std::async(std::launch::async, [&] {
    WriteTurn turn = numbers.group.begin(10s, WriteLength::brief);
    Numbers::add(turn, 3);
    turn.commit(false);
  });
  numbers.await_waiting(2);
  first.commit(false);  // returns while the bulk work goes on
  CHECK(numbers.all() == Numbered{1});
  CHECK(brief.wait_for(20ms) == std::future_status::timeout);  // nobody joins the bulk work either
  end_of_work.set_value();
  bulk.get();  // undone, alone
  brief.get();
  CHECK(numbers.all() == Numbered{1, 3});
}

TEST_CASE("a group that is old lets nobody in, whoever was undone last", "[sqlite][group-commit]") {
  Numbers numbers(50ms);
  std::optional<WriteTurn> first(numbers.group.begin(1s, WriteLength::brief));
  Numbers::add(*first, 1);
  std::promise<void> end_of_work;
  auto slow = std::async(std::launch::async, [&] {
    const WriteTurn turn = numbers.group.begin(10s, WriteLength::brief);
    numbers.advance(50ms);
  });
  numbers.await_waiting(1);
  auto late = std::async(std::launch::async, [&] {
    WriteTurn turn = numbers.group.begin(10s, WriteLength::brief);
    Numbers::add(turn, 3);
    end_of_work.get_future().wait();
    turn.commit(false);
  });
  numbers.await_waiting(2);
  first->commit(false);  // returns while the last one is at work
  CHECK(numbers.all() == Numbered{1});
  end_of_work.set_value();
  late.get();
  CHECK(numbers.all() == Numbered{1, 3});
}

TEST_CASE("a commit that fails with whatever exception is told, and blocks nobody", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(first, 1);
  std::string said;
  numbers.has_no_memory = true;
  try {
    first.commit(false);
  } catch (const Error& error) {
    said = error.what();
  }
  numbers.has_no_memory = false;
  CHECK(said.find("memory") != std::string::npos);
  CHECK(numbers.all().empty());
  CHECK_FALSE(numbers.group.is_busy());
  WriteTurn again = numbers.group.begin(1s, WriteLength::brief);
  Numbers::add(again, 2);
  again.commit(false);
  CHECK(numbers.all() == Numbered{2});
}

namespace {

constexpr WriteOwner slow = 7, quick = 8;

// A write that holds the file for so long, by the clock of the test.
void write_for(Numbers& numbers, std::chrono::milliseconds time) {
  WriteTurn turn = numbers.group.begin(30s, WriteLength::any, slow);
  Numbers::add(turn, 1);
  numbers.advance(time);
  turn.commit(false);
}

void write_quickly(Numbers& numbers) {
  WriteTurn turn = numbers.group.begin(30s, WriteLength::brief, quick);
  Numbers::add(turn, 2);
  turn.commit(false);
}

// The next write of the slow owner, in a thread of its own.
std::future<void> begin_slowly(Numbers& numbers, std::chrono::milliseconds timeout = 30s) {
  auto out = std::async(std::launch::async,
                        [&numbers, timeout] { numbers.group.begin(timeout, WriteLength::any, slow).commit(false); });
  numbers.await_waiting(1);
  return out;
}

}  // namespace

TEST_CASE("writes that fail one after another do not keep a group open", "[sqlite][group-commit]") {
  Numbers numbers;  // its groups have no other end
  std::optional<WriteTurn> first(numbers.group.begin(1s, WriteLength::brief));
  Numbers::add(*first, 1);
  std::atomic<int> failed = 0;
  std::vector<std::jthread> others;
  for (int i = 0; i < 2; ++i)
    others.emplace_back([&] {
      for (; numbers.commits == 0 && failed < 1000; ++failed)
        (void)numbers.group.begin(10s, WriteLength::brief);  // and undone
    });
  numbers.await_waiting(2);
  first->commit(false);
  others.clear();
  CHECK(failed < 10);  // the commit came before the others gave up
}

TEST_CASE("an owner that holds the file for long rests while others write, and only then", "[sqlite][group-commit]") {
  Numbers numbers(5ms);
  for (int i = 0; i < 3; ++i) write_for(numbers, 40ms);  // alone it does not wait: this clock stands still meanwhile
  write_quickly(numbers);
  auto again = begin_slowly(numbers);
  const std::size_t before = numbers.all().size();
  for (int i = 0; i < 20; ++i) write_quickly(numbers);
  CHECK(numbers.group.waiting() == 1);
  CHECK(numbers.all().size() == before + 20);
  numbers.advance(20 * 35ms - 1ms);
  write_quickly(numbers);
  CHECK(numbers.group.waiting() == 1);
  numbers.advance(1ms);
  again.get();

  // It waits no longer than the others write.
  write_for(numbers, 200ms);  // and then a rest of two seconds
  write_quickly(numbers);
  again = begin_slowly(numbers);
  numbers.advance(999ms);
  write_quickly(numbers);
  numbers.advance(999ms);
  CHECK(numbers.group.waiting() == 1);
  numbers.advance(1ms);
  again.get();
}

TEST_CASE("writes that are each short enough rest when together they hold the file for long",
          "[sqlite][group-commit]") {
  Numbers numbers(10ms);
  for (int i = 0; i < 3; ++i) write_for(numbers, 9ms);  // alone, nothing adds up
  write_quickly(numbers);
  write_for(numbers, 9ms);  // 14 ms are owed, of which 9 ms have paid a part, and 8 ms are free
  write_quickly(numbers);
  auto again = begin_slowly(numbers);
  numbers.advance(20 * 6ms - 9ms - 1ms);
  write_quickly(numbers);
  CHECK(numbers.group.waiting() == 1);
  numbers.advance(1ms);
  again.get();
}

TEST_CASE("writes of an ordinary length never rest", "[sqlite][group-commit]") {
  Numbers numbers(10ms);
  auto all = std::async(std::launch::async, [&] {
    for (int i = 0; i < 500; ++i) {
      write_quickly(numbers);
      write_for(numbers, 2ms);
    }
  });
  CHECK(all.wait_for(60s) == std::future_status::ready);
  numbers.advance(1h);  // who rests nevertheless goes on
}

TEST_CASE("a rest lasts at most half of a writer's timeout", "[sqlite][group-commit]") {
  Numbers numbers(5ms);
  write_for(numbers, 200ms);  // and then a rest of two seconds
  write_quickly(numbers);
  auto again = begin_slowly(numbers, 1s);
  numbers.advance(499ms);
  write_quickly(numbers);
  CHECK(numbers.group.waiting() == 1);
  numbers.advance(1ms);
  again.get();
}
