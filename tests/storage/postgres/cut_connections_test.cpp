// A connection that is cut after any message of its protocol, or in the middle of one: a write is there once or not at
// all, as was answered, and nothing of the connection is left. STRUERE_CUTS=all cuts after every message, of
// operations with more than 300 after every n-th (scripts/nightly).
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "storage/postgres/cut_operations.hpp"

using namespace struere;
using namespace struere::test;

namespace {

enum class CutOutcome { done, unknown, transient };

// Plays one kind of operation again and again, in one database.
class CutRounds {
 public:
  CutRounds(CutConnections& cuts, const CutOperation& operation) : cuts_(cuts), operation_(operation) {}

  // Returns the messages that passed.
  std::size_t play(const std::optional<CuttingRelay::Cut>& cut, bool is_cold) {
    static int round = 0;
    cuts_.marker = "r" + std::to_string(++round);
    CAPTURE(operation_.name, cut ? cut->after : 0, cut ? cut->bytes : 0, cut ? cut->refused : 0, is_cold, cuts_.marker);
    if (operation_.before) operation_.before(cuts_);
    cuts_.wait_for_idle_server();
    const std::int64_t events_before = cuts_.events();
    if (is_cold) cuts_.relay.cut_all();
    cuts_.relay.arm(cut.value_or(CuttingRelay::Cut{std::numeric_limits<std::size_t>::max()}));
    std::string message;
    const CutOutcome outcome = attempt(message);
    const std::size_t messages = cuts_.relay.disarm();
    has_cut = cuts_.relay.has_cut();
    INFO(message);
    CHECK_NOTHROW(cuts_.notes().count());
    cuts_.wait_for_idle_server();
    if (outcome != CutOutcome::done) {
      ++errors;
      CHECK(has_cut);
      CHECK(cuts_.relay.cut_connection_is_closed());  // and nobody is given it again
    }
    check_done(outcome, events_before, cut && cut->refused > 0);
    return messages;
  }

  bool has_cut = false;
  int errors = 0;

 private:
  CutOutcome attempt(std::string& message) {
    try {
      operation_.act(cuts_);
      return CutOutcome::done;
    } catch (const Error& error) {
      message = error.what();
      CHECK(error.code() == ErrorCode::storage);
      const bool says_unknown = message.find("may have been kept") != std::string::npos;
      CHECK(error.is_transient() != says_unknown);
      return says_unknown ? CutOutcome::unknown : CutOutcome::transient;
    }
  }

  void check_done(CutOutcome outcome, std::int64_t events_before, bool is_cut_again) {
    if (outcome == CutOutcome::transient) CHECK((is_cut_again || !operation_.is_tried_again));
    if (!operation_.times) {
      CHECK(outcome != CutOutcome::unknown);
      return;
    }
    if (outcome == CutOutcome::unknown) CHECK(cuts_.relay.has_received_commit());
    std::int64_t times = operation_.times(cuts_);
    if (operation_.again && (outcome != CutOutcome::done || times == 0)) {
      CHECK((times == 0 || (times == 1 && outcome != CutOutcome::transient)));
      operation_.again(cuts_);
      times = operation_.times(cuts_);
      CHECK(times == 1);
    } else if (outcome == CutOutcome::unknown)
      CHECK((times == 0 || times == 1));
    else
      CHECK(times == (outcome == CutOutcome::done ? 1 : 0));
    const std::int64_t events = cuts_.events() - events_before;
    if (!events_of_one_) events_of_one_ = events;  // the first round is not cut
    CHECK(events == times * *events_of_one_);
  }

  CutConnections& cuts_;
  const CutOperation& operation_;
  std::optional<std::int64_t> events_of_one_;
};

constexpr std::array<std::size_t, 5> parts_of_message{1, 4, 5, 9, 30};
constexpr std::size_t last_messages = 16;
constexpr std::size_t most_positions = 300;  // of an operation with more messages, after every n-th

}  // namespace

TEST_CASE("a connection that is cut at any message leaves what was answered, once or not at all", "[postgres][cut]") {
  const char* const wanted = std::getenv("STRUERE_CUTS");
  const bool plays_all = wanted && std::string_view(wanted) == "all";
  std::mt19937 random(2);
  CutConnections cuts;
  std::size_t rounds = 0, cut_rounds = 0, errors = 0;
  const auto all = cut_operations();
  for (std::size_t kind = 0; kind < all.size(); ++kind) {
    CutRounds one(cuts, all[kind]);
    const bool is_short = all[kind].is_long && !plays_all;
    const auto play = [&](const CuttingRelay::Cut& cut, bool is_cold) {
      one.play(cut, is_cold);
      ++rounds;
      cut_rounds += one.has_cut ? 1 : 0;
      return one.has_cut;
    };
    for (const bool is_cold : {false, true}) {
      if (is_cold && is_short) break;
      const std::size_t messages = one.play({}, is_cold);
      if (plays_all) {
        // In turns at the end of a message, and within the next one.
        const std::size_t step = 1 + messages / most_positions;
        for (std::size_t n = 0, i = 0;
             play({n, i % 2 == 0 ? 0 : parts_of_message[i / 2 % parts_of_message.size()]}, is_cold); n += step, ++i)
          continue;
      } else {
        const std::size_t parts = is_cold ? 1 : 2;
        for (std::size_t i = 0; i < parts; ++i)
          play({(messages * i + random() % (messages + 1)) / parts, i % 2 == 0 ? 0 : random() % 40}, is_cold);
        // What an operation does last is a small part of many messages.
        if (!is_cold) play({messages - 1 - random() % std::min(messages, last_messages), 0}, is_cold);
      }
    }
    // The server is away for less, and for longer, than the library tries.
    const std::size_t messages = is_short ? 1 : one.play({}, false);
    for (const int refused : {2, 1000})
      if (plays_all || (refused == 2) == (kind % 3 != 0)) play({random() % messages, 0, refused}, false);
    errors += static_cast<std::size_t>(one.errors);
    INFO(all[kind].name);
    CHECK(cuts.direct_system().events().verify().ok);
    for (const OrganizationId& id : {other_company, large_company}) CHECK(cuts.direct_system(id).events().verify().ok);
  }
  CHECK(cut_rounds > rounds / 2);
  CHECK(errors > 0);
  WARN(all.size() << " kinds of operation, " << cut_rounds << " cuts, " << errors << " errors seen");
}
