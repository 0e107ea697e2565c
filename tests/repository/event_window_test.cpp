// How much of a log one request examines: none outside of `since` and `until`, and a bounded number of events for a
// filter that few of them match.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "repository/event_chain.hpp"
#include "struere/spi/backend.hpp"
#include "struere/spi/storage.hpp"
#include "struere/storage/memory.hpp"
#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr int examined_at_once = 20'000;

// A log whose events have the times that a test gives them, through the interface of the storage.
class TimedLog {
 public:
  explicit TimedLog(StorageKind kind) {
    if (kind == StorageKind::postgres) place_ = lend_postgres_database();
    auto storage = kind == StorageKind::memory   ? open_memory_storage()
                   : kind == StorageKind::sqlite ? open_sqlite_storage(folder_.file())
                                                 : open_backend(*place_, {});
    storage_ = storage.get();
    database_ = std::make_unique<Database>(Database::with_storage(std::move(storage)));
    database_->trusted_host().create_organization("acme", OrganizationId("acme"));
  }

  Session system() const {
    return database_->trusted_host().system_session(OrganizationId("acme"), Environment::development);
  }
  std::unique_ptr<Transaction> write() const { return storage_->begin(system().actor().scope(), spi::Access::write); }

  void append(const std::vector<Timestamp>& times, std::int64_t disordered_through = 0) {
    const auto transaction = write();
    for (const Timestamp time : times) {
      const ChainHead head = transaction->chain_head();
      EventRecord event;
      event.sequence = head.sequence + 1;
      event.id = EventId("event-" + std::to_string(event.sequence));
      event.type = "note.seen";
      event.actor_type = event.actor_id = "system";
      event.payload = "{}";
      event.created_at = time;
      seal_event(event, head.hash, OrganizationId("acme"), Environment::development);
      transaction->append_event(event);
    }
    if (disordered_through > 0) transaction->insert_record(RecordTable::log_disorder, {disordered_through});
    transaction->commit();
  }

 private:
  TemporaryFolder folder_;
  std::shared_ptr<const std::string> place_;
  Storage* storage_ = nullptr;
  std::unique_ptr<Database> database_;
};

std::vector<std::string> all_of(const Session& session, EventQuery query) {
  std::vector<std::string> out;
  for (;;) {
    const EventPage page = session.events().list(query);
    for (const Event& event : page.events) out.push_back(event.id().str());
    if (!page.next) return out;
    query.after = page.next;
  }
}

// Appends events of other types to the log, in commits of 1,000.
void append_others(const Session& session, int count) {
  for (int done = 0; done < count; done += 1000)
    session.transaction([&](Session& unit) {
      for (int i = done; i < std::min(count, done + 1000); ++i) unit.audit().append("note.seen", Json::object());
    });
}

}  // namespace

TEST_CASE("since and until find the same events as looking at each, in logs from before times were in order too",
          "[events][window]") {
  const StorageKind kind = any_storage();
  std::mt19937 random(7);
  const auto below = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(most));
  };
  for (int round = 0; round < 4; ++round) {
    TimedLog world(kind);
    const std::int64_t disordered = round == 0 ? 0 : below(40);
    std::vector<Timestamp> times;
    for (std::int64_t i = 0; i < disordered; ++i) times.push_back(below(60));
    Timestamp now = 20;
    for (int i = 0; i < 60; ++i) times.push_back(now += below(3));
    world.append(times, disordered);
    const Session system = world.system();
    if (round == 3) {
      const auto transaction = world.write();
      transaction->prune_events({12, Digest{12}});
      transaction->commit();
    }
    const std::vector<Event> known = system.events().list({.limit = 1000}).events;
    for (int i = 0; i < 40; ++i) {
      EventQuery query{.limit = 1 + below(30)};
      if (below(3) > 0) query.since = below(130);
      if (below(3) > 0) query.until = below(130);
      query.newest_first = below(2) == 0;
      std::vector<std::string> expected;
      for (const Event& event : known)
        if (event.created_at() >= query.since.value_or(0) && event.created_at() < query.until.value_or(1000))
          expected.push_back(event.id().str());
      if (query.newest_first) std::ranges::reverse(expected);
      INFO(round << " " << query.since.value_or(-1) << " " << query.until.value_or(-1) << " " << query.newest_first);
      CHECK(all_of(system, query) == expected);
    }
  }
}

TEST_CASE("a file from before times were in order says so once it is migrated", "[events][window][sqlite][migration]") {
  World world(StorageKind::sqlite);
  for (int i = 0; i < 20; ++i) {
    world.clock.advance(1000);
    world.system().audit().append("note.seen", {{"n", i}});
  }
  const Timestamp start = world.system().events().list().events.front().created_at();
  world.database.reset();
  const std::string path = world.folder.file();
  // A clock that was set back: the eighth event is earlier than the third.
  RawDatabase(path).run(
      "UPDATE events SET created_at = created_at - 6500 WHERE sequence = 8 AND scope_id = 1; DROP "
      "TABLE log_disorder; DROP INDEX threads_by_agent; DROP INDEX executions_by_agent; DROP INDEX "
      "trigger_runs_by_trigger; PRAGMA user_version = 9");
  const Database database = Database::open(path);
  CHECK(RawDatabase(path).value("SELECT group_concat(scope_id || ' ' || through) FROM log_disorder") == "1 7");
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  const auto numbers = [&](const EventQuery& query) {
    std::string out;
    for (const Event& event : system.events().list(query).events)
      out += std::to_string(Json::parse(event.json()).at("n").get<int>()) + " ";
    return out;
  };
  CHECK(numbers({.since = start + 5000, .until = start + 9000}) == "5 6 8 ");
  CHECK(numbers({.since = start, .until = start + 3000}) == "0 1 2 7 ");
  CHECK(numbers({.since = start, .until = start + 3000, .newest_first = true}) == "7 2 1 0 ");
}

TEST_CASE("a page examines 20,000 events for a filter that none matches, and says how far it came",
          "[events][window]") {
  World world(any_storage());
  const Session system = world.system();
  system.audit().append("rare.seen", Json::object());
  append_others(system, examined_at_once + 100);
  for (const bool newest_first : {true, false}) {
    INFO("newest first: " << newest_first);
    EventQuery query{.type = "rare.seen", .newest_first = newest_first, .limit = 1};
    EventPage page = system.events().list(query);
    CHECK(page.events.empty() == newest_first);  // the only one that matches is the oldest
    REQUIRE(page.next);
    CHECK(page.searched_to == world.clock.now());
    query.after = page.next;
    page = system.events().list(query);
    CHECK(page.events.size() == (newest_first ? 1 : 0));
    CHECK_FALSE(page.next);
    CHECK_FALSE(page.searched_to);
    CHECK(all_of(system, {.actor = "nobody", .newest_first = newest_first}).empty());
    CHECK(all_of(system, {.type = "rare.seen", .newest_first = newest_first}).size() == 1);
  }
}

TEST_CASE("a page tells an actor that does not see the whole log nothing of what it left out", "[events][window]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(
      {{"name", "reader"}, {"policies", {{{"resource", "note"}, {"actions", {"read"}}, {"effect", "allow"}}}}});
  const Session reader = world.user("ana", {"reader"});
  world.create("note", {{"n", 1}});
  append_others(world.system(), examined_at_once + 100);
  const bool newest_first = GENERATE(true, false);
  const EventPage page = reader.events().list({.newest_first = newest_first});
  CHECK(page.events.size() == 1);
  CHECK_FALSE(page.next);
  CHECK_FALSE(page.searched_to);
}

TEST_CASE("a subscription goes on behind events that it examined for nothing", "[events][window]") {
  World world(any_storage());
  const Session system = world.system();
  EventSubscription subscription = system.events().subscribe({.type = "rare.seen"});
  append_others(system, examined_at_once + 100);
  system.audit().append("rare.seen", Json::object());
  CHECK(subscription.next(std::chrono::seconds(60)).size() == 1);
  const auto cursor = subscription.cursor();
  CHECK(subscription.next(std::chrono::milliseconds(0)).empty());
  system.audit().append("rare.seen", Json::object());
  CHECK(subscription.next(std::chrono::seconds(60)).size() == 1);
  CHECK(system.events().subscribe({.type = "rare.seen", .after = cursor}).next(std::chrono::seconds(60)).size() == 1);
}
