// Requests that are carried out once (Session::once): answer and write are one commit.
#include <catch2/catch.hpp>

#include <fstream>
#include <future>
#include <iterator>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>

#include "core/digest.hpp"
#include "storage/records.hpp"
#include "struere/spi/forwarding_storage.hpp"
#include "struere/storage/memory.hpp"
#include "struere/storage/sqlite.hpp"
#include "support/any_storage.hpp"
#include "support/forwarded_transaction.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr long long day_in_ms = 24LL * 60 * 60'000;

struct OnceWorld : World {
  explicit OnceWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}});
    define_role({{"name", "writer"},
                 {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}},
                 {"fieldMasks", Json::array()}});
  }

  // Creates a note, once for each key.
  OnceAnswer post(const Session& session, const std::string& key, const std::string& fingerprint = "request",
                  const Json& data = {{"text", "x"}}) {
    clock.advance(1);
    return session.once({key, fingerprint}, [&](Session& unit) {
      ++runs;
      return Json{{"id", unit.entities("note").create(data).id.str()}, {"data", data}};
    });
  }
  std::int64_t notes() const { return system().entities("note").count(); }

  // Not of a world in memory.
  std::vector<StoredAnswer> kept() const {
    const auto storage = open_storage();
    const auto transaction = storage->begin(system().actor().scope(), Access::read);
    return select<StoredAnswer>(*transaction, {{}, {}, {"number"}});
  }

  int runs = 0;
};

// Fails as many commits as it is told to.
class FailingStorage final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    return std::make_unique<Failing>(*this, ForwardingStorage::begin_at(scope, access, first));
  }

  int commits_to_fail = 0;

 private:
  class Failing final : public ForwardedTransaction {
   public:
    Failing(FailingStorage& storage, std::unique_ptr<Transaction> transaction)
        : ForwardedTransaction(std::move(transaction)), storage_(storage) {}

    void commit() override {
      if (storage_.commits_to_fail > 0) {
        --storage_.commits_to_fail;
        throw Error(ErrorCode::storage, "the disk is full");
      }
      ForwardedTransaction::commit();
    }

   private:
    FailingStorage& storage_;
  };
};

}  // namespace

TEST_CASE("a request that is sent again is carried out once, and gets its answer again", "[once]") {
  OnceWorld world(any_storage());
  const Session system = world.system();
  const OnceAnswer first = world.post(system, "a"), again = world.post(system, "a");
  CHECK_FALSE(first.is_repeated);
  CHECK(again.is_repeated);
  CHECK(again.answer == first.answer);
  CHECK(world.runs == 1);
  CHECK(world.notes() == 1);
  const auto events = [&] { return system.events().list({.limit = 1000}).events.size(); };
  const auto before = events();
  CHECK(world.post(system, "a").is_repeated);
  CHECK(events() == before);
  // Another key is another request.
  CHECK(world.post(system, "b").answer.at("id") != first.answer.at("id"));
  CHECK(system.events().verify().ok);
  // What is no text, too.
  for (const Json& answer : {Json(), Json(1.5), Json::array({1, "\u00e9", Json::object()}), Json("")}) {
    const std::string key = "answer " + answer.dump();
    CHECK(system.once({key, ""}, [&](Session&) { return answer; }).answer == answer);
    CHECK(system.once({key, ""}, [](Session&) { return Json("another"); }).answer == answer);
  }
}

TEST_CASE("a key that was used for another request is a conflict that says so", "[once]") {
  OnceWorld world(any_storage());
  world.post(world.system(), "a", "one request");
  try {
    world.post(world.system(), "a", "another request");
    FAIL("it was carried out");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::conflict);
    CHECK(error.path() == "fingerprint");
  }
  CHECK(world.notes() == 1);
  CHECK(world.post(world.system(), "a", "one request").is_repeated);
  for (const std::string& key : {std::string(), std::string(201, 'k')})
    CHECK_ERROR(invalid_data, world.post(world.system(), key));
  CHECK_FALSE(world.post(world.system(), std::string(200, 'k')).is_repeated);
}

TEST_CASE("an answer outlives the process that gave it", "[once]") {
  OnceWorld world(any_shared_storage());
  const Json answer = world.post(world.system(), "a").answer;
  world.database = std::make_unique<Database>(Database::open(world.place(), {.clock = &world.clock}));
  const OnceAnswer again = world.post(world.system(), "a");
  CHECK(again.is_repeated);
  CHECK(again.answer == answer);
  CHECK(world.runs == 1);
  CHECK(world.notes() == 1);
}

TEST_CASE("an answer belongs to its actor in its environment, and not to one that sees less", "[once]") {
  OnceWorld world(any_storage());
  world.define_type({{"slug", "note"}}, Environment::production);
  const Session ana = world.user("ana", {"writer"}), ben = world.user("ben", {"writer"});
  CHECK_FALSE(world.post(ana, "k").is_repeated);
  CHECK_FALSE(world.post(ben, "k").is_repeated);
  CHECK_FALSE(world.post(world.system(), "k").is_repeated);
  CHECK_FALSE(world.post(world.system(Environment::production), "k").is_repeated);
  // Another session of the same user is the same actor.
  CHECK(world.post(world.host().user_session(UserId("ana"), OrganizationId("acme"), Environment::development), "k")
            .is_repeated);
  // A tool acts as ana, and an admin may act as her; both are others.
  world.system().agents().define({.slug = "helper", .name = "Helper"});
  world.system().agents().configure("helper", {.system_prompt = "p", .model = "m", .tools = {"t", "u"}});
  world.system().agents().permit_tool("helper", "t", {.denied_fields = {"data.secret"}});
  world.system().agents().permit_tool("helper", "u", {});
  CHECK_FALSE(world.post(ana.agents().tool_session("helper", "u"), "k").is_repeated);
  const Session tool = ana.agents().tool_session("helper", "t");
  CHECK(error_code_of([&] { world.post(tool, "k"); }) == std::nullopt);
  CHECK(world.post(tool, "k").is_repeated);
  CHECK_FALSE(world.post(world.system().impersonate({.user = UserId("ana"), .may_write = true}), "k").is_repeated);
  CHECK(world.runs == 7);
}

TEST_CASE("a body that throws keeps neither its writes nor an answer", "[once]") {
  OnceWorld world(any_storage());
  const Session system = world.system();
  const auto refused = [&](const auto& body) { return error_code_of([&] { system.once({"k", ""}, body); }); };
  CHECK_THROWS_AS(system.once({"k", ""},
                              [](Session& unit) -> Json {
                                unit.entities("note").create({{"n", 1}});
                                throw std::runtime_error("no");
                              }),
                  std::runtime_error);
  CHECK(refused([](Session& unit) -> Json {
          unit.entities("note").create({{"n", 1}});
          return unit.entities("none").create({{"n", 1}}).id.str();
        }) == ErrorCode::not_found);
  CHECK(refused([](Session& unit) -> Json {
          unit.entities("note").create({{"n", 1}});
          return std::string("\xff");  // cannot be kept
        }) == ErrorCode::invalid_data);
  CHECK(world.notes() == 0);
  CHECK_FALSE(world.post(system, "k", "").is_repeated);
  // A transaction inside another one is refused, and so is this.
  CHECK_ERROR(conflict, system.transaction([&](Session& unit) { world.post(unit, "n"); }));
  CHECK_ERROR(conflict, system.once({"n", ""}, [&](Session& unit) { return world.post(unit, "m").answer; }));
  CHECK_FALSE(world.post(system, "n").is_repeated);
}

TEST_CASE("an actor that only reads carries nothing out", "[once]") {
  OnceWorld world(any_storage());
  world.user("ana", {"writer"});
  const Session view = world.system().impersonate({.user = UserId("ana")});
  CHECK_ERROR(permission_denied, view.once({"k", ""}, [](Session&) { return Json("nothing is written"); }));
  CHECK(world.system().events().list({.type = "access.denied"}).events.size() == 1);
}

TEST_CASE("of two requests at the same time the second waits, and gets the answer of the first", "[once]") {
  OnceWorld world(any_storage());
  const Session system = world.system();
  std::promise<void> runs, is_asked;
  std::optional<OnceAnswer> second;
  std::optional<Error> failure;
  std::jthread other([&] {
    runs.get_future().wait();
    try {
      is_asked.set_value();
      second = system.once({"k", ""}, [](Session&) { return Json("carried out again"); });
    } catch (const Error& error) {
      failure = error;
    }
  });
  const OnceAnswer first = system.once({"k", ""}, [&](Session& unit) {
    runs.set_value();
    is_asked.get_future().wait();
    return Json(unit.entities("note").create({{"n", 1}}).id.str());
  });
  other.join();
  CHECK_FALSE(failure);
  REQUIRE(second);
  CHECK(second->is_repeated);
  CHECK(second->answer == first.answer);
}

TEST_CASE("a commit that fails keeps neither the row nor the answer", "[once][fault]") {
  const TemporaryFolder folder;
  auto* const storage =
      new FailingStorage(GENERATE(true, false) ? open_memory_storage() : open_sqlite_storage(folder.file()));
  const Database database = Database::with_storage(std::unique_ptr<Storage>(storage));
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define({{"slug", "note"}});
  const auto post = [&] {
    return system.once({"k", ""}, [](Session& unit) {
      return Json(unit.entities("note").create({{"n", 1}}).id.str());
    });
  };
  storage->commits_to_fail = 1;
  CHECK_ERROR(storage, post());
  CHECK(system.entities("note").count() == 0);
  CHECK_FALSE(post().is_repeated);
  CHECK(post().is_repeated);
  CHECK(system.entities("note").count() == 1);
}

TEST_CASE("an answer is kept for a day", "[once]") {
  OnceWorld world(any_storage());
  world.post(world.system(), "a");
  world.clock.advance(day_in_ms - 2);
  CHECK(world.post(world.system(), "a").is_repeated);  // a millisecond before
  CHECK_FALSE(world.post(world.system(), "a").is_repeated);
  CHECK(world.post(world.system(), "a").is_repeated);
  CHECK(world.notes() == 2);
}

TEST_CASE("answers that are too old are removed by later ones, and by prune", "[once]") {
  OnceWorld world(any_shared_storage());
  for (int i = 0; i < 8; ++i) world.post(world.system(), std::to_string(i));
  world.clock.advance(day_in_ms);
  CHECK(world.kept().size() == 8);
  world.post(world.system(), "later");  // each removes two
  CHECK(world.kept().size() == 7);
  Retention(world.system()).prune();
  const auto left = world.kept();
  REQUIRE(left.size() == 1);
  CHECK(left[0].number == 9);
}

TEST_CASE("a long answer is given, and only that it was carried out is kept", "[once][bounds]") {
  OnceWorld world(any_storage());
  const auto post = [&](std::size_t size) {
    return world.system().once({std::to_string(size), ""}, [&](Session& unit) {
      unit.entities("note").create({{"n", 1}});
      return Json(std::string(size, 'x'));
    });
  };
  constexpr std::size_t longest = (64 << 10) - 2;  // with its quotes
  CHECK(post(longest).answer.get<std::string>().size() == longest);
  CHECK(post(longest).is_repeated);
  CHECK(post(longest + 1).answer.get<std::string>().size() == longest + 1);
  CHECK(error_of([&] { post(longest + 1); }).find("was carried out") != std::string::npos);
  CHECK(world.notes() == 2);
}

TEST_CASE("each answer displaces the one that is 4,000 before it", "[once][bounds]") {
  OnceWorld world(any_shared_storage());
  const Session system = world.system();
  world.post(system, "first");
  {
    const auto storage = world.open_storage();
    const auto transaction = storage->begin(system.actor().scope(), Access::write);
    REQUIRE(insert(*transaction, StoredAnswer{3'999, sha256("x"), sha256("y"), world.clock.now(), 0, "1"}));
    transaction->commit();
  }
  world.post(system, "4,000");
  CHECK(world.post(system, "first").is_repeated);
  world.post(system, "4,001");
  CHECK_FALSE(world.post(system, "first").is_repeated);
  CHECK(world.post(system, "4,001").is_repeated);
  CHECK(world.kept().front().number == 3'999);
}

TEST_CASE("a scope keeps 8 MiB of texts, those of the latest answers", "[once][bounds]") {
  OnceWorld world(any_storage());
  const auto post = [&](int i) {
    return world.system().once({std::to_string(i), ""}, [&](Session&) { return Json(std::string(65'000, 'x')); });
  };
  for (int i = 0; i < 132; ++i) post(i);
  for (const int i : {0, 1}) CHECK_ERROR(conflict, post(i));
  for (const int i : {2, 131}) CHECK(post(i).is_repeated);
}

TEST_CASE("a purge leaves no answer that may hold what was purged, and nothing is carried out again", "[once][purge]") {
  OnceWorld world(any_storage());
  const Session system = world.system();
  const Json data{{"text", "a word that must not outlive its row"}};
  const EntityId id(world.post(system, "a", "request", data).answer.at("id").get<std::string>());
  system.entities("note").purge(id);
  CHECK(error_of([&] { world.post(system, "a", "request", data); }).find("was carried out") != std::string::npos);
  // Nor does the answer of the unit that purges.
  const auto both = [&] {
    return system.once({"b", ""}, [&](Session& unit) {
      const auto written = unit.entities("note").create(data);
      unit.entities("note").purge(written.id);
      return data;
    });
  };
  CHECK(both().answer == data);
  CHECK_ERROR(conflict, both());
  CHECK(world.runs == 1);
  CHECK(world.notes() == 0);
  CHECK(system.events().verify().ok);
  // Later answers are kept again.
  world.post(system, "c");
  CHECK(world.post(system, "c").is_repeated);
}

TEST_CASE("a purge overwrites the texts of answers in the file", "[once][purge][sqlite]") {
  OnceWorld world(StorageKind::sqlite);
  const std::string word = "QuiteUnmistakable";
  const EntityId id(world.post(world.system(), "a", "request", {{"text", word}}).answer.at("id").get<std::string>());
  world.system().entities("note").purge(id);
  world.database.reset();
  RawDatabase(world.folder.file()).run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::ifstream file(world.folder.file(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(bytes.size() > 4'096);
  CHECK(bytes.find(word) == std::string::npos);
}

TEST_CASE("an error that the body of a unit gives a place is thrown with it", "[unit]") {
  OnceWorld world(any_storage());
  const Session system = world.system();
  const auto fails = [](Session& unit) {
    try {
      unit.entities("none").create({{"n", 1}});
    } catch (const Error& error) {
      throw error.at(3);
    }
    return Json();
  };
  for (const bool once : {false, true}) try {
      once ? (void)system.once({"k", ""}, fails) : (void)system.transaction(fails);
      FAIL("it was carried out");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::not_found);
      CHECK(error.index() == 3);
    }
}

TEST_CASE("the first call gets the answer that later ones get", "[once]") {
  OnceWorld world(any_storage());
  const auto answer = [&] {
    return world.system()
        .once({"k", ""},
              [](Session&) {
                return Json{{"n", 18446744073709551615ULL}, {"d", 1.0}, {"z", -0.0}};
              })
        .answer;
  };
  const std::string first = answer().dump();
  CHECK(first == answer().dump());
  CHECK(first.find("\"d\":1,") != std::string::npos);
}

TEST_CASE("an answer that cannot be kept is refused, and the message says why", "[once]") {
  OnceWorld world(any_storage());
  Json deep = 1;
  for (int i = 0; i < 200; ++i) deep = Json::array({std::move(deep)});
  const auto refusal = [&](const Json& answer) {
    return error_of([&] {
      world.system().once({"k", ""}, [&](Session& unit) {
        unit.entities("note").create({{"n", 1}});
        return answer;
      });
    });
  };
  CHECK(refusal(deep).find("deep") != std::string::npos);
  CHECK(refusal(std::string("a\0b", 3)).find("U+0000") != std::string::npos);
  CHECK(refusal("\xff").find("UTF-8") != std::string::npos);
  CHECK(refusal(std::numeric_limits<double>::infinity()).find("finite") != std::string::npos);
  for (const Json& bad : {deep, Json("\xff")}) CHECK(refusal(bad).starts_with("invalid_data: the answer"));
  CHECK(world.notes() == 0);
}

TEST_CASE("an answer of more than a stored value may hold is given once", "[once]") {
  OnceWorld world(any_storage());
  const Json answer{{"text", std::string((1 << 20) + 10, 'x')}, {"n", 1.0}};
  const auto carry_out = [&] {
    return world.system().once({"k", ""}, [&](Session& unit) {
      unit.entities("note").create({{"n", 1}});
      return answer;
    });
  };
  CHECK(carry_out().answer == answer);
  CHECK_ERROR(conflict, carry_out());
  CHECK(world.notes() == 1);
}
