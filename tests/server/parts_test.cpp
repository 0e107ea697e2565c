// The parts of the server that need no socket.
#include <catch2/catch.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <vector>

#include "server/backup_turns.hpp"
#include "server/body_object.hpp"
#include "server/header_scan.hpp"
#include "server/idempotency.hpp"
#include "server/rate_limits.hpp"
#include "server/refusal.hpp"
#include "server/shares.hpp"
#include "server/stream_counts.hpp"
#include "server/work_queue.hpp"

using namespace struere;
using namespace struere::server;

TEST_CASE("the queue of one organization delays no other one", "[server]") {
  WorkQueue queue(1, 1000, 1000);
  std::latch started(1), may_go_on(1);
  std::string order;
  queue.submit("a", [&] {
    started.count_down();
    may_go_on.wait();
  });
  started.wait();
  for (int i = 0; i < 5; ++i) queue.submit("a", [&] { order += 'a'; });
  for (int i = 0; i < 2; ++i) queue.submit("b", [&] { order += 'b'; });
  may_go_on.count_down();
  queue.stop();
  CHECK(order == "babaaaa");
}

TEST_CASE("one organization leaves a thread to the others, and a bounded number waits", "[server]") {
  WorkQueue queue(2, 5, 3);
  std::latch may_go_on(1), is_done(1);
  std::atomic<int> running = 0;
  int accepted = 0;
  for (int i = 0; i < 10; ++i)
    accepted += queue.submit("a", [&] {
      ++running;
      may_go_on.wait();
    });
  CHECK(accepted >= 3);
  CHECK(accepted <= 4);  // one may have begun already
  CHECK(queue.submit("b", [&] { is_done.count_down(); }));
  is_done.wait();
  CHECK(running <= 1);
  may_go_on.count_down();
  queue.stop();
  CHECK_FALSE(queue.submit("b", [] {}));
}

TEST_CASE("headers are scanned alike in whatever parts they come", "[server]") {
  const std::string good = "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\nrest";
  for (std::size_t first = 1; first < good.size(); ++first) {
    HeaderScan scan;
    auto state = scan.scan(good.substr(0, first));
    if (state == HeaderScan::State::more) state = scan.scan(good);
    CHECK(state == HeaderScan::State::done);
    CHECK(scan.size() == good.size() - 4);
  }
  for (const std::string bad : {"GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
                                "GET / HTTP/1.1\r\nHost\r\n\r\n", "\r\n", "GET / HTTP/1.1\r\nA b: c\r\n\r\n"})
    for (std::size_t first = 1; first < bad.size(); ++first) {
      HeaderScan scan;
      auto state = scan.scan(bad.substr(0, first));
      if (state == HeaderScan::State::more) state = scan.scan(bad);
      INFO(bad);
      CHECK(state == HeaderScan::State::fault);
    }
}

TEST_CASE("a body is an object of known members, each of which is read strictly", "[server]") {
  const auto read = [](const std::string& text) { return BodyObject(text, {"data", "status"}); };
  CHECK(read(R"( {"data" : {"a":[1,"}"]} , "st\u0061tus":"x"} )").required_text("data") == R"({"a":[1,"}"]})");
  CHECK(read(R"({"st\u0061tus":"x"})").string("status") == "x");
  CHECK_FALSE(read("{}").has("data"));
  for (const std::string bad : {"", "[]", "{", "{}x", R"({"other":1})", R"({"data":1,"data":2})", R"({"data":1,})",
                                R"({"data" 1})", R"({data:1})", R"({"data":"x)", R"({"data":{}}{})"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), Refusal);
  }
  for (const std::string bad : {R"({"data":})", R"({"data":1 2})", R"({"data":{"a":1,"a":2}})", R"({"data":[1}})"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad).json("data"), Refusal);
  }
  CHECK(split_array("[1, {\"a\":[2,3]} ,\"],\"]", 3).size() == 3);
  CHECK_THROWS_AS(split_array("[1,2,3]", 2), Refusal);
}

namespace {

// Requests that are kept in memory; `runs` counts those that are carried out.
class KeptRequests {
 public:
  explicit KeptRequests(IdempotentAnswers::Bounds bounds) : answers(bounds) {}

  Response once(const std::string& organization, const std::string& actor, const std::string& key,
                unsigned status = 200, std::size_t bytes = 1) {
    return answers.once_in_process({organization, actor}, {key, "f"}, {}, [&] {
      ++runs;
      Response out = json_response({{"run", runs}, {"text", std::string(bytes, 'x')}});
      out.status = status;
      return out;
    });
  }
  bool is_kept(const std::string& organization, const std::string& key) {
    const int before = runs;
    once(organization, "actor", key, 409);  // a failure leaves nothing
    return runs == before;
  }

  IdempotentAnswers answers;
  int runs = 0;
};

}  // namespace

TEST_CASE("kept answers are bounded, and the oldest go first", "[server]") {
  KeptRequests requests({.keys = 6, .keys_of_actor = 2});
  CHECK(requests.once("o", "a", "1").body == requests.once("o", "a", "1").body);
  CHECK(requests.runs == 1);
  requests.once("o", "a", "2");
  requests.once("o", "a", "3");  // "1" goes
  requests.once("o", "a", "1");  // "2" goes
  CHECK(requests.runs == 4);
  requests.once("o", "b", "1");
  requests.once("o", "b", "2");  // the oldest of the organization goes: a's "3"
  requests.once("o", "a", "1");
  CHECK(requests.runs == 6);
  requests.once("o", "a", "3");
  CHECK(requests.runs == 7);
  // What failed may be tried again.
  requests.once("o", "c", "1", 409);
  requests.once("o", "c", "1", 409);
  CHECK(requests.runs == 9);
  CHECK_THROWS_AS(
      requests.answers.once_in_process({"o", "d"}, {"1", "f"}, {}, [&] { return requests.once("o", "d", "1"); }),
      Refusal);  // it still runs
  CHECK_THROWS_AS(requests.answers.once_in_process({"o", "d"}, {"", "f"}, {}, [] { return Response(); }), Refusal);
}

TEST_CASE("the kept answers of an organization survive those of another", "[server]") {
  KeptRequests requests({.keys = 40, .bytes = 40'000, .bytes_of_answer = 20'000});
  for (int i = 0; i < 3; ++i) requests.once("small", "actor", std::to_string(i));
  SECTION("by number") {
    for (int i = 0; i < 200; ++i) requests.once("large", std::to_string(i), std::to_string(i));
  }
  SECTION("by bytes") {
    for (int i = 0; i < 20; ++i) requests.once("large", std::to_string(i), std::to_string(i), 200, 15'000);
  }
  SECTION("of several together") {
    for (int i = 0; i < 400; ++i) requests.once(std::to_string(i % 9), "actor", std::to_string(i));
  }
  for (int i = 0; i < 3; ++i) CHECK(requests.is_kept("small", std::to_string(i)));
}

TEST_CASE("an organization finds room for its answers when others hold all of it", "[server]") {
  KeptRequests requests({.keys = 40});
  for (int i = 0; i < 400; ++i) requests.once(std::to_string(i % 4), "actor", std::to_string(i));
  for (int i = 0; i < 8; ++i) requests.once("late", "actor", std::to_string(i));
  for (int i = 0; i < 8; ++i) CHECK(requests.is_kept("late", std::to_string(i)));
}

TEST_CASE("a limit of requests is given back with time", "[server]") {
  RateLimits limits(2, 3);
  const auto now = std::chrono::steady_clock::now();
  CHECK(limits.take("acme", "ana", now).is_allowed);
  CHECK(limits.take("acme", "ana", now).is_allowed);
  CHECK_FALSE(limits.take("acme", "ana", now).is_allowed);
  CHECK(limits.take("acme", "kim", now).is_allowed);
  CHECK_FALSE(limits.take("acme", "kim", now).is_allowed);  // the organization has had its three
  CHECK(limits.take("other", "ana", now).is_allowed);
  CHECK(limits.take("acme", "ana", now + std::chrono::milliseconds(501)).is_allowed);
  CHECK_FALSE(limits.take("acme", "ana", now + std::chrono::milliseconds(501)).is_allowed);
}

TEST_CASE("no organization takes all streams, with however many actors", "[server]") {
  const auto counts = std::make_shared<StreamCounts>(64, 8);
  std::vector<std::unique_ptr<StreamCounts::Ticket>> taken;
  const auto take_all = [&](const std::string& organization) {
    std::size_t own = 0;
    for (int actor = 0; actor < 100; ++actor)
      while (auto ticket = counts->take(organization, std::to_string(actor))) {
        taken.push_back(std::move(ticket));
        ++own;
      }
    return own;
  };
  CHECK(take_all("greedy") == 32);
  CHECK(take_all("other") == 16);
  CHECK(take_all("third") == 8);
  CHECK(counts->take("fourth", "ana"));
  CHECK_FALSE(counts->take("greedy", "ana"));
  taken.clear();
  CHECK(counts->open() == 0);
  CHECK(take_all("other") == 32);
}

TEST_CASE("ids of any text are not taken for those of another organization", "[server]") {
  RateLimits limits(1, 0);
  const auto now = std::chrono::steady_clock::now();
  CHECK(limits.take("a", "b/c", now).is_allowed);
  CHECK(limits.take("a/b", "c", now).is_allowed);
  CHECK_FALSE(limits.take("a", "b/c", now).is_allowed);
  const auto counts = std::make_shared<StreamCounts>(64, 1);
  const auto first = counts->take("a", "b/c"), second = counts->take("a/b", "c");
  CHECK(first);
  CHECK(second);
}

TEST_CASE("an organization that copies itself all the time delays no other one's copy", "[server]") {
  const auto turns = std::make_shared<BackupTurns>();
  auto now = BackupTurns::Time();
  auto greedy = turns->take("greedy", now);
  REQUIRE(greedy);
  CHECK_FALSE(turns->take("other", now));  // one is being made
  CHECK_FALSE(turns->take("third", now));
  greedy->made();
  CHECK_FALSE(turns->take("greedy", now));  // the last copy is not downloaded yet
  greedy.reset();
  CHECK_FALSE(turns->take("greedy", now));  // others were refused before
  CHECK_FALSE(turns->take("third", now));
  auto other = turns->take("other", now);
  REQUIRE(other);
  other->made();
  auto third = turns->take("third", now);  // while the other one is downloaded
  REQUIRE(third);
  third.reset();
  other.reset();
  CHECK(turns->take("greedy", now));
  // Who does not come back keeps nobody waiting.
  auto again = turns->take("greedy", now);
  CHECK_FALSE(turns->take("other", now));
  again.reset();
  CHECK_FALSE(turns->take("greedy", now));
  CHECK(turns->take("greedy", now + std::chrono::minutes(3)));
}

TEST_CASE("no organization holds more bytes than it leaves to the others", "[server]") {
  Shares held(1000);
  const auto take_all = [&](const std::string& organization, std::size_t bytes) {
    std::size_t own = 0;
    for (; held.take(organization, bytes); own += bytes) {
    }
    return own;
  };
  CHECK(take_all("greedy", 10) == 500);
  CHECK(held.has_room("greedy"));  // as much as is free
  CHECK(take_all("other", 10) == 250);
  CHECK_FALSE(held.has_room("greedy"));
  CHECK(held.take("third", 200));  // who holds nothing takes what there is
  CHECK_FALSE(held.take("fourth", 100));
  CHECK(held.take("fourth", 50));
  held.add("fourth", 1000);
  CHECK_FALSE(held.has_room("fifth"));
  { const Shares::Part back(held, "fourth", 1050); }
  CHECK(held.has_room("fifth"));
  { const Shares::Part greedy(held, "greedy", 500), other(held, "other", 250), third(held, "third", 200); }
  CHECK(held.take("fifth", 1000));
  CHECK_FALSE(Shares(10).take("a", 11));
}
