// SPEC 7: whatever is done to the log behind the library's back, verify names the first event that it was done to.
#include <catch2/catch.hpp>

#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct LoggedWorld : World {
  LoggedWorld() : World(StorageKind::sqlite) {
    define_type({{"slug", "note"}});
    for (int i = 0; i < 5; ++i) create("note", {{"n", i}});
    define_type({{"slug", "note"}}, Environment::production);
    create("note", {{"n", 1}}, Environment::production);
    scope = RawDatabase(folder.file())
                .value("SELECT id FROM scopes WHERE organization_id = 'acme' AND environment = 'development'");
  }
  void tamper(const std::string& sql) {
    RawDatabase raw(folder.file());
    raw.run("PRAGMA foreign_keys = OFF");
    raw.run(sql + " AND scope_id = " + scope);
  }
  Verification verify(Environment environment = Environment::development) const {
    return system(environment).events().verify();
  }
  std::string event_id(int sequence) {
    return RawDatabase(folder.file())
        .value("SELECT id FROM events WHERE scope_id = " + scope + " AND sequence = " + std::to_string(sequence));
  }
  std::string scope;
};

}  // namespace

TEST_CASE("an untouched log verifies, and says where it ends", "[events][chain]") {
  const LoggedWorld stage;
  const Verification verification = stage.verify();
  CHECK(verification.ok);
  CHECK(verification.verified == 6);
  CHECK(verification.head->size() == 64);
}

TEST_CASE("an altered event is named, whichever part of it was altered", "[events][chain]") {
  LoggedWorld stage;
  const std::string change =
      GENERATE("payload = replace(payload, '1', '7')", "type = 'note.deleted'", "actor_id = 'ana'",
               "actor_type = 'user'", "created_at = created_at + 1", "entity_id = NULL", "other_end_id = entity_id",
               "id = id || 'x'", "hash = zeroblob(32)", "salt = zeroblob(16)", "salt = NULL",
               "payload = '{}', salt = NULL, payload_hash = zeroblob(32)", "purged_entity_id = 'x', entity_id = NULL");
  stage.tamper("UPDATE events SET " + change + " WHERE sequence = 3");
  const std::string id = stage.event_id(3);
  const Verification verification = stage.verify();
  CHECK_FALSE(verification.ok);
  CHECK(verification.verified == 2);
  REQUIRE(verification.event);
  CHECK(verification.event->str() == id);
  CHECK(stage.verify(Environment::production).ok);
}

TEST_CASE("a removed event is named, the last one too", "[events][chain]") {
  LoggedWorld stage;
  const int sequence = GENERATE(1, 3, 6);
  stage.tamper("DELETE FROM events WHERE sequence = " + std::to_string(sequence));
  const Verification verification = stage.verify();
  CHECK_FALSE(verification.ok);
  CHECK(verification.verified == sequence - 1);
  CHECK(verification.problem.find("event " + std::to_string(sequence)) != std::string::npos);
  CHECK(verification.problem.find("removed") != std::string::npos);
}

TEST_CASE("a removed event whose gap was closed is noticed at its place", "[events][chain]") {
  LoggedWorld stage;
  stage.tamper("DELETE FROM events WHERE sequence = 3");
  stage.tamper("UPDATE events SET sequence = sequence - 1 WHERE sequence > 3");
  stage.tamper("UPDATE scopes SET event_count = 5 WHERE id = " + stage.scope + " --");
  CHECK(stage.verify().verified == 2);
  CHECK_FALSE(stage.verify().ok);
}

TEST_CASE("events that changed places are noticed at the first of them", "[events][chain]") {
  LoggedWorld stage;
  stage.tamper("UPDATE events SET sequence = 100 WHERE sequence = 2");
  stage.tamper("UPDATE events SET sequence = 2 WHERE sequence = 4");
  stage.tamper("UPDATE events SET sequence = 4 WHERE sequence = 100");
  CHECK_FALSE(stage.verify().ok);
  CHECK(stage.verify().verified == 1);
}

TEST_CASE("an inserted event is noticed, in the middle and at the end", "[events][chain]") {
  LoggedWorld stage;
  const bool at_end = GENERATE(true, false);
  if (!at_end) {
    for (int sequence = 6; sequence >= 4; --sequence)
      stage.tamper("UPDATE events SET sequence = sequence + 1 WHERE sequence = " + std::to_string(sequence));
  }
  const std::string kept = "type, entity_id, other_end_id, actor_type, actor_id, created_at, payload, hash, salt";
  stage.tamper("INSERT INTO events(scope_id, sequence, id, " + kept + ") SELECT scope_id, " + (at_end ? "7" : "4") +
               ", 'forged', " + kept + " FROM events WHERE sequence = 3");
  const Verification verification = stage.verify();
  CHECK_FALSE(verification.ok);
  CHECK(verification.verified == (at_end ? 6 : 3));
}

TEST_CASE("an event of another scope does not fit this one", "[events][chain]") {
  LoggedWorld stage;
  stage.tamper("UPDATE scopes SET event_count = 2 WHERE id = " + stage.scope + " --");
  CHECK_FALSE(stage.verify().ok);
}

TEST_CASE("verify needs read on events", "[events][chain]") {
  LoggedWorld stage;
  stage.define_role(
      {{"name", "auditor"}, {"policies", {{{"resource", "events"}, {"actions", {"read"}}, {"effect", "allow"}}}}});
  CHECK_ERROR(permission_denied, stage.user("ana").events().verify());
  CHECK(stage.user("bo", {"auditor"}).events().verify().ok);
}

TEST_CASE("an actor that does not see all events learns that the log is not sound, and of no event that it may not see",
          "[events][chain][wall]") {
  LoggedWorld stage;
  stage.define_role(
      {{"name", "auditor"},
       {"policies",
        {{{"resource", "note"}, {"actions", {"read"}}, {"effect", "allow"}},
         {{"resource", "events"}, {"actions", {"read"}}, {"effect", "allow"}}}},
       {"scopeRules", {{{"entityType", "note"}, {"field", "data.n"}, {"operator", "eq"}, {"value", 2}}}}});
  const EventRepository ines = stage.user("ines", {"auditor"}).events();
  CHECK(ines.verify().ok);
  const auto number = std::to_string(GENERATE(3, 4));
  stage.tamper("UPDATE events SET actor_id = 'ana' WHERE sequence = " + number);
  const bool is_visible = number == "4";  // that of the note 2
  const Verification found = ines.verify();
  CHECK_FALSE(found.ok);
  CHECK_FALSE(found.verified);
  CHECK_FALSE(found.head);
  CHECK(found.event.has_value() == is_visible);
  const std::string id = stage.event_id(std::stoi(number));
  CHECK((found.problem.find(id) != std::string::npos) == is_visible);
  if (is_visible)
    CHECK(found.event->str() == id);
  else
    CHECK(found.problem.find_first_of("0123456789") == std::string::npos);
  CHECK(stage.verify().event->str() == id);
}
