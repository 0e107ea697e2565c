// The log: what is asked of it, whoever follows it, and what remains when its oldest part is pruned.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class LogWorld : public World {
 public:
  explicit LogWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "session"}});
    define_type({{"slug", "note"}});
    define_role({{"name", "reader"},
                 {"policies", {{{"resource", "session"}, {"actions", {"read"}}, {"effect", "allow"}}}},
                 {"scopeRules",
                  {{{"entityType", "session"}, {"field", "data.team"}, {"operator", "eq"}, {"value", "north"}}}}});
  }
  EventRepository events() const { return system().events(); }
};

std::string types(const std::vector<Event>& events) {
  std::string out;
  for (const Event& event : events) out += (out.empty() ? "" : " ") + event.type();
  return out;
}

}  // namespace

TEST_CASE("events are asked for by type, prefix, entity, actor and time", "[events]") {
  LogWorld world(any_storage());
  const Timestamp start = world.clock.now() + 1;
  const EntityId session = world.create("session", {{"team", "north"}});
  world.create("note", {{"text", "x"}});
  world.clock.advance(1000);
  const Session omar = world.user("omar", {}, Environment::development, "acme", MembershipRole::admin);
  omar.entities("session").update(session, {{"room", 4}});
  omar.audit().append("session.reminder.sent", {{"to", "kim"}}, session);

  CHECK(types(world.events().list({.type = "session.created"}).events) == "session.created");
  CHECK(types(world.events().list({.type_prefix = "session."}).events) ==
        "session.created session.updated session.reminder.sent");
  CHECK(types(world.events().list({.type_prefix = "session%"}).events).empty());
  CHECK(types(world.events().list({.entity = session, .type_prefix = "session.u"}).events) == "session.updated");
  CHECK(types(world.events().list({.actor = "omar"}).events) == "session.updated session.reminder.sent");
  CHECK(types(world.events().list({.since = start, .until = start + 1000}).events) == "session.created note.created");
  CHECK(types(world.events().list({.since = start + 1000}).events) ==
        "member.added session.updated session.reminder.sent");

  const EventPage first = world.events().list({.type_prefix = "session.", .limit = 2});
  REQUIRE(first.next);
  CHECK(types(world.events().list({.type_prefix = "session.", .limit = 2, .after = first.next}).events) ==
        "session.reminder.sent");
  CHECK_ERROR(invalid_cursor, world.events().list({.type_prefix = "note.", .limit = 2, .after = first.next}));
  CHECK_ERROR(invalid_data, world.system().audit().append("events.pruned", Json::object()));
  CHECK_ERROR(invalid_data, world.system().audit().append("trigger.dead", Json::object()));
}

TEST_CASE("pages of the newest events first go back to the first event", "[events]") {
  LogWorld world(any_storage());
  for (int i = 0; i < 4; ++i) world.create("session", {{"team", i % 2 == 0 ? "north" : "south"}, {"at", i}});
  const Session reader = world.user("ana", {"reader"});
  const auto places = [](const EventPage& page) {
    std::string out;
    for (const Event& event : page.events) out += event.payload().at("data").at("at").dump();
    return out;
  };
  EventQuery query{.type = "session.created", .newest_first = true, .limit = 3};
  const EventPage newest = world.events().list(query);
  CHECK(places(newest) == "321");
  world.create("session", {{"team", "north"}, {"at", 9}});  // not in the pages that follow
  query.after = newest.next;
  REQUIRE(query.after);
  const EventPage last = world.events().list(query);
  CHECK(places(last) == "0");
  CHECK_FALSE(last.next);
  CHECK(places(reader.events().list({.type = "session.created", .newest_first = true})) == "920");

  query.newest_first = false;
  CHECK_ERROR(invalid_cursor, world.events().list(query));
  CHECK_ERROR(invalid_query, world.events().subscribe({.newest_first = true}));
}

TEST_CASE("a subscription from the end of the log gets only what comes, whoever sees it", "[events]") {
  LogWorld world(any_storage());
  constexpr std::chrono::milliseconds at_once(0);
  world.create("session", {{"team", "north"}});
  const Session reader = world.user("ana", {"reader"});
  EventQuery query{.type_prefix = "session."};
  query.after = reader.events().end(query);
  EventSubscription subscription = reader.events().subscribe(query);
  CHECK(subscription.next(at_once).empty());
  world.create("session", {{"team", "south"}});
  world.create("session", {{"team", "north"}});
  CHECK(types(subscription.next(at_once)) == "session.created");
  CHECK_ERROR(invalid_cursor, reader.events().list({.after = query.after}));
}

TEST_CASE("a subscription hands out each visible event once, in order, and goes on from its cursor", "[events]") {
  LogWorld world(any_storage());
  const Session reader = world.user("ana", {"reader"});
  constexpr std::chrono::milliseconds at_once(0);
  std::optional<std::string> cursor;
  {
    EventSubscription subscription = reader.events().subscribe();
    CHECK(subscription.next(at_once).empty());
    CHECK_FALSE(subscription.cursor());
    const EntityId north = world.create("session", {{"team", "north"}});
    world.create("session", {{"team", "south"}});
    CHECK(types(subscription.next(at_once)) == "session.created");
    CHECK(subscription.next(at_once).empty());
    world.system().entities("session").update(north, {{"room", 1}});
    CHECK(types(subscription.next(at_once)) == "session.updated");
    cursor = subscription.cursor();
    REQUIRE(cursor);
    world.system().entities("session").remove(north);
  }
  EventSubscription resumed = reader.events().subscribe({.after = cursor});
  CHECK(types(resumed.next(at_once)) == "session.deleted");

  EventSubscription in_twos = world.events().subscribe({.type_prefix = "session.", .limit = 2});
  CHECK(in_twos.next(at_once).size() == 2);
  CHECK(types(in_twos.next(at_once)) == "session.updated session.deleted");
}

TEST_CASE("a subscription looks at an event that is not visible once", "[events]") {
  LogWorld world(any_storage());
  EventSubscription subscription = world.user("ana", {"reader"}).events().subscribe();
  constexpr std::chrono::milliseconds at_once(0);
  (void)subscription.next(at_once);
  const EntityId south = world.create("session", {{"team", "south"}});
  CHECK(subscription.next(at_once).empty());
  // Its creation could be seen from now on, if it was looked at again.
  world.system().entities("session").update(south, {{"team", "north"}});
  CHECK(types(subscription.next(at_once)) == "session.updated");
}

TEST_CASE("a subscription waits, and is woken by another thread's write", "[events]") {
  LogWorld world(any_storage());
  EventSubscription subscription = world.events().subscribe({.type = "note.created"});
  std::jthread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    world.system().entities("note").create({{"text", "x"}});
  });
  CHECK(subscription.next(std::chrono::seconds(120)).size() == 1);
}

TEST_CASE("whoever would miss events that were pruned is told so", "[events][pruning][cursors]") {
  LogWorld world(any_storage());
  const EventRepository events = world.events();
  world.create("note", {{"n", 1}});
  const std::string early = events.end({});
  world.create("note", {{"n", 2}});
  const std::string last_pruned = events.end({});
  world.clock.advance(1000);
  world.create("note", {{"n", 3}});
  const std::string late = events.end({});
  CHECK(events.list({.after = early}).events.size() == 2);
  CHECK(events.prune(world.clock.now()) > 2);
  CHECK_ERROR(invalid_cursor, events.list({.after = early}));
  CHECK_ERROR(invalid_cursor, events.subscribe({.after = early}).next(std::chrono::milliseconds(0)));
  // These have seen all that is gone.
  CHECK(types(events.list({.after = last_pruned}).events) == "note.created events.pruned");
  CHECK(types(events.list({.after = late}).events) == "events.pruned");
}

TEST_CASE("a subscription that is overtaken by pruning says so, and one that waits for long goes on",
          "[events][pruning][cursors]") {
  LogWorld world(any_storage());
  constexpr std::chrono::milliseconds at_once(0);
  EventSubscription all = world.events().subscribe({}), rare = world.events().subscribe({.type = "rare.seen"});
  CHECK_FALSE(all.next(at_once).empty());
  CHECK(rare.next(at_once).empty());
  CHECK_FALSE(rare.cursor());
  const auto position = rare.position();
  world.create("note", {{"n", 1}});
  world.clock.advance(1000);
  CHECK(rare.next(at_once).empty());
  const auto later = rare.position();
  CHECK(later != rare.position());  // it does not tell whether anything happened
  world.events().prune(world.clock.now());
  CHECK_ERROR(invalid_cursor, all.next(at_once));
  CHECK(rare.next(at_once).empty());
  CHECK_ERROR(invalid_cursor, world.events().list({.type = "rare.seen", .after = position}));
  world.system().audit().append("rare.seen", Json::object());
  CHECK(types(world.events().list({.type = "rare.seen", .after = later}).events) == "rare.seen");
  CHECK(types(rare.next(at_once)) == "rare.seen");
}

TEST_CASE("the oldest events are pruned, and what remains verifies", "[events][pruning]") {
  LogWorld world(any_storage());
  for (int i = 0; i < 10; ++i) world.create("note", {{"n", i}});
  const auto before = world.events().list({.limit = 1000}).events;
  const std::string head = world.events().verify().head.value();
  CHECK(world.events().prune(0) == 0);
  CHECK(world.events().verify().head == head);

  const Timestamp kept_from = before[before.size() - 3].created_at();
  CHECK(world.events().prune(kept_from) == static_cast<std::int64_t>(before.size()) - 3);
  CHECK(types(world.events().list().events) == "note.created note.created note.created events.pruned");
  CHECK(world.events().verify().ok);
  CHECK(world.events().verify().verified == 4);
  world.create("note", {{"n", 11}});
  CHECK(world.events().verify().ok);
  world.clock.advance(10);
  CHECK(world.events().prune(world.clock.now()) == 5);  // all that there was
  CHECK(types(world.events().list().events) == "events.pruned");
  CHECK(world.events().verify().ok);
  CHECK(world.system().entities("note").count() == 11);

  const Session omar = world.user("omar", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_ERROR(permission_denied, omar.events().prune(world.clock.now()));
  CHECK(world.system(Environment::production).events().verify().ok);
}

TEST_CASE("a log that was cut off at its start by anything but prune is told", "[events][pruning]") {
  LogWorld world(StorageKind::sqlite);
  for (int i = 0; i < 5; ++i) world.create("note", {{"n", i}});
  const bool pruned_before = GENERATE(false, true);
  if (pruned_before) world.events().prune(world.events().list().events[2].created_at());
  RawDatabase raw(world.folder.file());
  const std::string scope = raw.value("SELECT scope_id FROM events LIMIT 1");
  const std::string through = raw.value("SELECT min(sequence) + 1 FROM events WHERE scope_id = " + scope);
  raw.run("INSERT OR REPLACE INTO event_checkpoints SELECT scope_id, sequence, hash FROM events WHERE scope_id = " +
          scope + " AND sequence = " + through);
  raw.run("DELETE FROM events WHERE scope_id = " + scope + " AND sequence <= " + through);
  const Verification found = world.events().verify();
  CHECK_FALSE(found.ok);
  CHECK(found.problem.find("not by prune()") != std::string::npos);
}

namespace {

class CountingClock final : public Clock {
 public:
  Timestamp now() const override { return 1'700'000'000'000 + ++looks; }
  mutable std::atomic<std::int64_t> looks = 0;
};

}  // namespace

TEST_CASE("a subscription that waits begins no operation until something is committed", "[events][sqlite]") {
  const TemporaryFolder folder;
  CountingClock clock;  // each operation looks at it
  DatabaseOptions options;
  options.clock = &clock;
  const Database database = Database::open(folder.file(), options);
  const TrustedHost host = database.trusted_host();
  const Session system = host.system_session(host.create_organization("Acme").id, Environment::development);
  system.entity_types().define({{"slug", "note"}});
  EventSubscription subscription = system.events().subscribe({.type = "note.created"});
  CHECK(subscription.next(std::chrono::milliseconds(0)).empty());
  const std::int64_t before = clock.looks;
  CHECK(subscription.next(std::chrono::milliseconds(300)).empty());
  CHECK(clock.looks == before);
  (void)system.entities("note").create(Json::object());
  CHECK(subscription.next(std::chrono::seconds(120)).size() == 1);
}

TEST_CASE("verify and cursors tell an actor nothing of how many events are hidden from it", "[events][wall]") {
  LogWorld world(any_storage());
  world.define_role(
      {{"name", "auditor"},
       {"policies",
        {{{"resource", "session"}, {"actions", {"read"}}, {"effect", "allow"}},
         {{"resource", "events"}, {"actions", {"read"}}, {"effect", "allow"}}}},
       {"scopeRules", {{{"entityType", "session"}, {"field", "data.team"}, {"operator", "eq"}, {"value", "north"}}}}});
  const Session ines = world.user("ines", {"auditor"});
  world.user("omar", {}, Environment::development, "acme", MembershipRole::admin);
  const Session omar = world.host().user_session(UserId("omar"), OrganizationId("acme"), Environment::development);
  const auto verify = [](const Session& session) {
    const Verification found = session.events().verify();
    return std::tuple(found.ok, found.verified, found.purged, found.problem, found.event, found.head);
  };
  const auto before = verify(ines), before_of_omar = verify(omar);
  CHECK(before == std::tuple(true, std::nullopt, std::nullopt, "", std::nullopt, std::nullopt));
  CHECK(std::get<1>(before_of_omar));

  for (int i = 0; i < 12; ++i) world.create("session", {{"team", "south"}});
  world.system().entities("session").purge(world.create("session", {{"team", "south"}}));
  CHECK(verify(ines) == before);
  CHECK(verify(omar.impersonate({.user = UserId("ines")})) == before);
  CHECK(verify(omar) != before_of_omar);
  CHECK(std::get<2>(verify(world.system())) == 1);

  const std::string first = world.events().list({.limit = 1}).next.value();
  for (int i = 0; i < 100; ++i) world.create("note", {{"n", i}});
  CHECK(world.events().list({.newest_first = true, .limit = 1}).next.value().size() ==
        world.events().list({.newest_first = true, .limit = 120}).next.value().size());
  CHECK(world.events().list({.limit = 1}).next == first);
  CHECK(world.events().end() != world.events().end());
  const std::string end = world.events().end();
  world.create("note", {{"n", 100}});
  CHECK(types(world.events().list({.after = end}).events) == "note.created");
}
