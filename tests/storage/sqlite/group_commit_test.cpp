// Writers that wait for one another share a commit, and nothing else.
#include "storage/sqlite/group_commit.hpp"

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <future>
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
  Numbers() : connection_(folder_.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX) {
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

  std::atomic<int> commits = 0;
  std::atomic<bool> refuses = false;

 private:
  TemporaryFolder folder_;
  Connection connection_;

 public:
  GroupCommit group{[this] { return ConnectionLease(&connection_, [](Connection*) {}); }, 1h};
};

using Numbered = std::vector<std::int64_t>;

// Another thread that waits for its turn, adds 2, does `more` and commits.
std::future<void> another_writer(
    Numbers& numbers, std::function<void(WriteTurn&)> more = [](WriteTurn&) {}) {
  auto other = std::async(std::launch::async, [&numbers, more = std::move(more)] {
    WriteTurn turn = numbers.group.begin(10s);
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
    WriteTurn turn = numbers.group.begin(1s);
    Numbers::add(turn, n);
    turn.commit(false);
  }
  {
    WriteTurn undone = numbers.group.begin(1s);
    Numbers::add(undone, 3);
  }
  CHECK(numbers.commits == 2);
  CHECK(numbers.all() == Numbered{1, 2});
  CHECK_FALSE(numbers.group.is_busy());
}

TEST_CASE("those who wait share the commit of the first, and one that fails is undone alone",
          "[sqlite][group-commit]") {
  Numbers numbers;
  std::optional<WriteTurn> first(numbers.group.begin(1s));
  Numbers::add(*first, 1);
  std::vector<std::future<void>> others;
  for (std::int64_t n = 2; n <= 5; ++n) {
    others.push_back(std::async(std::launch::async, [&numbers, n] {
      WriteTurn turn = numbers.group.begin(10s);
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
}

TEST_CASE("a commit that fails is told to all who share it", "[sqlite][group-commit]") {
  Numbers numbers;
  numbers.refuses = true;
  WriteTurn first = numbers.group.begin(1s);
  Numbers::add(first, 1);
  auto other = another_writer(numbers);
  CHECK_ERROR(storage, first.commit(false));
  CHECK_ERROR(storage, other.get());
  CHECK(numbers.all().empty());
  numbers.refuses = false;
  WriteTurn again = numbers.group.begin(1s);
  Numbers::add(again, 3);
  again.commit(false);
  CHECK(numbers.all() == Numbered{3});
}

TEST_CASE("what nobody may see before it is committed lets nobody in", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s);
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
  WriteTurn first = numbers.group.begin(1s);
  Numbers::add(first, 1);
  CHECK_ERROR(storage, numbers.group.begin(5ms));
  CHECK(numbers.group.waiting() == 0);
  first.commit(false);
  CHECK(numbers.all() == Numbered{1});
}

TEST_CASE("when SQLite undoes the whole transaction, all who share it are told", "[sqlite][group-commit]") {
  Numbers numbers;
  WriteTurn first = numbers.group.begin(1s);
  Numbers::add(first, 1);
  auto other = another_writer(numbers, [](WriteTurn& turn) {
    turn.connection().execute("ROLLBACK");  // as SQLite does when the disk is full
  });
  CHECK_ERROR(storage, first.commit(false));
  CHECK_ERROR(storage, other.get());
  CHECK(numbers.all().empty());
  CHECK_FALSE(numbers.group.is_busy());
}
