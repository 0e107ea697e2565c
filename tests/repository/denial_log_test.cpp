// SPEC 7: equal denials of one actor within a minute become one event; none is lost when the database is closed.
#include <catch2/catch.hpp>

#include <thread>

#include "struere/spi/forwarding_storage.hpp"
#include "support/any_storage.hpp"
#include "support/forwarded_transaction.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct DeniedWorld : World {
  explicit DeniedWorld(StorageKind kind, DenialRecording recording = DenialRecording::summed)
      : World(kind, {.record_denials = recording}) {
    define_type({{"slug", "note"}});
    ana = user("ana");
  }
  void be_denied(const std::string& id, int times = 1) const {
    for (int i = 0; i < times; ++i) CHECK_ERROR(permission_denied, ana->entities("note").get(EntityId(id)));
  }
  std::vector<Event> denials() const { return system().events().list({.type = "access.denied", .limit = 1000}).events; }
  std::optional<Session> ana;
};

std::int64_t sum(const std::vector<Event>& events) {
  std::int64_t out = 0;
  for (const Event& event : events) out += event.payload().at("count").get<std::int64_t>();
  return out;
}

// A storage of which one commit fails, before it keeps anything or after it has kept all.
class FailingCommits : public ForwardingStorage {
 public:
  enum class Failure { none, before, after };
  FailingCommits(std::unique_ptr<Storage> wrapped, std::shared_ptr<Failure> next)
      : ForwardingStorage(std::move(wrapped)), next_(std::move(next)) {}

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    return std::make_unique<Failing>(ForwardingStorage::begin_at(scope, access, first), next_);
  }

 private:
  class Failing : public ForwardedTransaction {
   public:
    Failing(std::unique_ptr<Transaction> transaction, std::shared_ptr<Failure> next)
        : ForwardedTransaction(std::move(transaction)), next_(std::move(next)) {}
    void commit() override {
      const Failure failure = std::exchange(*next_, Failure::none);
      if (failure != Failure::before) ForwardedTransaction::commit();
      if (failure != Failure::none) throw Error(ErrorCode::storage, "the connection was lost; it may have been kept");
    }

   private:
    std::shared_ptr<Failure> next_;
  };

  std::shared_ptr<Failure> next_;
};

}  // namespace

TEST_CASE("equal denials of one actor within a minute become one event with their count", "[events][denials]") {
  DeniedWorld world(any_storage());
  const Timestamp start = world.clock.now();
  world.be_denied("a", 3);
  world.clock.advance(30'000);
  world.be_denied("a", 4);
  world.be_denied("b");
  const auto found = world.denials();
  REQUIRE(found.size() == 2);
  CHECK(found[0].payload() ==
        Json{{"action", "read"}, {"resource", "note"}, {"entityId", "a"}, {"count", 7}, {"since", start}});
  CHECK(found[0].actor_id() == "ana");
  CHECK(found[1].payload().at("count") == 1);
  CHECK(world.system().events().verify().ok);
}

TEST_CASE("denials of another minute, actor or environment are other events", "[events][denials]") {
  DeniedWorld world(any_storage());
  world.define_type({{"slug", "note"}}, Environment::production);
  world.be_denied("a", 2);
  CHECK_ERROR(permission_denied, world.user("bo").entities("note").get(EntityId("a")));
  CHECK_ERROR(permission_denied, world.user("ana", {}, Environment::production).entities("note").get(EntityId("a")));
  world.clock.advance(60'000);
  world.be_denied("a", 5);
  const auto found = world.denials();
  CHECK(found.size() == 3);
  CHECK(sum(found) == 8);
  CHECK(world.system(Environment::production).events().list({.type = "access.denied"}).events.size() == 1);
}

TEST_CASE("a denied call costs no commit, and what was counted is written when the database is closed",
          "[events][denials][sqlite]") {
  DeniedWorld world(StorageKind::sqlite);
  const auto written = [&] {
    return RawDatabase(world.folder.file()).value("SELECT count(*) FROM events WHERE type = 'access.denied'");
  };
  for (int i = 0; i < 40; ++i) world.be_denied(std::to_string(i), 2);
  CHECK(written() == "0");
  world.ana.reset();
  world.database.reset();
  CHECK(written() == "40");
}

TEST_CASE("a denied call waits for no writer", "[events][denials][sqlite]") {
  DeniedWorld world(any_shared_storage());
  const auto write = world.begin_write();
  CHECK(error_of([&] { (void)world.ana->entities("note").get(EntityId("a")); }).find("recorded") == std::string::npos);
}

TEST_CASE("more kinds of denials than fit are counted without their resource", "[events][denials]") {
  DeniedWorld world(any_storage());
  for (int i = 0; i < 600; ++i) world.be_denied(std::to_string(i));
  const auto found = world.denials();
  CHECK(found.size() == 257);
  CHECK(sum(found) == 600);
}

TEST_CASE("denials that cannot be written are kept until they can be", "[events][denials][sqlite]") {
  DeniedWorld world(StorageKind::sqlite);
  world.be_denied("a", 3);
  {
    RawDatabase raw(world.folder.file());
    raw.run("ALTER TABLE events RENAME TO aside");
    CHECK_THROWS_AS(world.denials(), Error);
    raw.run("ALTER TABLE aside RENAME TO events");
  }
  world.be_denied("a");
  CHECK(sum(world.denials()) == 4);
}

TEST_CASE("each denial is an event where the host wants that, or none", "[events][denials]") {
  const auto recording = GENERATE(DenialRecording::each, DenialRecording::off);
  DeniedWorld world(any_storage(), recording);
  world.be_denied("a", 2);
  CHECK(world.denials().size() == (recording == DenialRecording::each ? 2 : 0));
}

TEST_CASE("many threads are denied, and every denial is counted", "[events][denials]") {
  DeniedWorld world(any_storage());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) {
          try {
            (void)world.ana->entities("note").get(EntityId("a"));
          } catch (const Error&) {
          }
          if (n % 30 == 0) (void)world.denials();
        }
      });
  }
  CHECK(sum(world.denials()) == 400);
}

TEST_CASE("denials are counted once, whether a commit that failed was kept or not", "[events][denials]") {
  using Failure = FailingCommits::Failure;
  const Failure failure = GENERATE(Failure::before, Failure::after);
  const auto next = std::make_shared<Failure>(Failure::none);
  const Database database = Database::with_storage(std::make_unique<FailingCommits>(open_memory_storage(), next));
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme = host.create_organization("Acme").id;
  const Session system = host.system_session(acme, Environment::development);
  system.entity_types().define({{"slug", "note"}});
  const UserId ana = host.create_user("ana").id;
  host.put_member(acme, ana);
  const Session denied = host.user_session(ana, acme, Environment::development);
  const auto be_denied = [&](const std::string& id, int times) {
    for (int i = 0; i < times; ++i) CHECK_ERROR(permission_denied, denied.entities("note").get(EntityId(id)));
  };
  const auto list = [&] { return system.events().list({.type = "access.denied", .limit = 1000}).events; };
  be_denied("a", 3);
  for (int i = 0; i < 200; ++i) be_denied(std::to_string(i), 1);  // more than one transaction takes
  *next = failure;
  (void)list();
  system.audit().append("other.seen", Json::object());  // the log goes on
  be_denied("a", 2);
  CHECK(sum(list()) == 205);
  be_denied("a", 1);
  CHECK(sum(list()) == 206);
  CHECK(system.events().verify().ok);
}
