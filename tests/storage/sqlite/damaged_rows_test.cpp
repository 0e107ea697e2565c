// Rows that somebody wrote past the library: broken, or whole but not as the library writes them. Whoever reads them
// gets an Error or the row, never a crash, and never a value that a mask hides.
#include <catch2/catch.hpp>

#include "support/child_process.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::string secret = "TOPSECRET";

// A row whose `data.pin` and `data.card.number` are hidden from one role, redacted for another, and mixed for who has a
// rule.
class DamagedWorld : public World {
 public:
  DamagedWorld() : World(StorageKind::sqlite) {
    define_type({{"slug", "note"}, {"searchFields", {"open", "pin", "card.number"}}});
    define_role(R"({"name": "hiding", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.pin", "maskType": "hide"},
                     {"entityType": "note", "fieldPath": "data.card.number", "maskType": "hide"}]})"_json);
    define_role(R"({"name": "redacting", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.pin", "maskType": "redact"},
                     {"entityType": "note", "fieldPath": "data.card", "maskType": "redact", "maskConfig": {"keepLast": 1}}]})"_json);
    define_role(R"({"name": "listing", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "visibleFields": [{"entityType": "note", "fields": ["data.open", "data.card.kind"]}]})"_json);
    // Admits the row only if `data.pin` is something else: beside another role, what is shown is decided row by row.
    define_role(R"({"name": "sometimes", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "scopeRules": [{"entityType": "note", "field": "data.open", "operator": "lt", "value": ""}]})"_json);
    id = create("note", original());
    untouched = create("note", {{"open", "other"}});
  }

  static Json original() {
    return {{"card", {{"kind", "visa"}, {"number", secret}}}, {"open", "words"}, {"pin", secret}};
  }

  void overwrite(const std::string& bytes) {
    RawDatabase(folder.file()).run_with_text("UPDATE entities SET data = ?1 WHERE id = '" + id.str() + "'", bytes);
  }

  // All that an actor can be told, errors included; nothing but an Error may be thrown.
  std::string everything(const Session& actor) const {
    std::string out;
    const auto notes = actor.entities("note");
    const auto add = [&](const auto& body) {
      try {
        body();
      } catch (const Error& error) {
        out.append(error.what()).append("\n");
      }
    };
    const auto add_row = [&](const Entity& row) {
      out.append(row.json()).append("\n");
      add([&] { out.append(row.data().dump()).append("\n"); });
      add([&] { out.append(row.to_json().dump()).append("\n"); });
    };
    add([&] { add_row(notes.get(id)); });
    for (const Query& query :
         {Query{}, Query{.where = field("data.open") != "x"}, Query{.where = field("data.pin") == secret},
          Query{.search = "words"}, Query{.order = {{"data.open"}}}, Query{.order = {{"data.pin"}}}}) {
      add([&] {
        for (const Entity& row : notes.list(query)) add_row(row);
      });
      add([&] { out.append(std::to_string(notes.count(query))).append("\n"); });
    }
    add([&] {
      for (const Event& event : actor.events().list({.entity = id}).events) out.append(event.json()).append("\n");
    });
    add([&] {
      if (const Written written = notes.update(id, {{"open", "changed"}}); written.row) add_row(*written.row);
    });
    return out;
  }

  std::vector<Session> masked_actors() const {
    return {user("ann", {"hiding"}), user("bob", {"redacting"}), user("cyn", {"listing"}),
            user("dan", {"hiding", "sometimes"})};
  }

  EntityId id, untouched;
};

void check_nothing_leaks(const DamagedWorld& world) {
  for (const Session& actor : world.masked_actors()) {
    const std::string told = world.everything(actor);
    INFO(actor.actor().id() << " was told\n" << told);
    CHECK(told.find(secret) == std::string::npos);
  }
}

}  // namespace

TEST_CASE("a row that is cut off anywhere shows nothing that is masked", "[sqlite][damaged]") {
  DamagedWorld world;
  const std::string whole = canonical_json(DamagedWorld::original());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(whole.substr(0, size));
    world.overwrite(whole.substr(0, size));
    const auto notes = world.user("ann", {"hiding"}).entities("note");
    CHECK(notes.find(world.untouched));
    std::string told;
    try {
      told = notes.get(world.id).json();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::storage);
      told = error.what();
    }
    CHECK(told.find(secret.substr(0, 5)) == std::string::npos);
  }
  check_nothing_leaks(world);
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t places_apart = 5;  // each takes several times as long
#else
constexpr std::size_t places_apart = 1;
#endif

TEST_CASE("a row with one byte too many shows nothing that is masked", "[sqlite][damaged]") {
  DamagedWorld world;
  const std::string whole = canonical_json(DamagedWorld::original());
  const std::vector<Session> actors = world.masked_actors();
  const char byte = GENERATE(' ', '\n', '{', '}', '[', ']', '"', '\\', ',', ':', '0', '\x01', '\xff');
  bool in_string = false;
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    // A key that is another key names another field, which no mask hides.
    const bool in_key = in_string && whole.find('"', at) != std::string::npos && whole[whole.find('"', at) + 1] == ':';
    if (at < whole.size() && whole[at] == '"') in_string = !in_string;
    if (in_key || at % places_apart != 0) continue;
    std::string damaged = whole;
    damaged.insert(at, 1, byte);
    world.overwrite(damaged);
    for (const Session& actor : actors) {
      const auto notes = actor.entities("note");
      std::string told;
      told += error_of([&] { told += notes.get(world.id).json(); });
      told += error_of([&] {
        for (const Entity& row : notes.list()) told += row.json();
      });
      INFO(damaged << "\ntold " << actor.actor().id() << "\n" << told);
      CHECK(told.find(secret) == std::string::npos);
    }
  }
}

TEST_CASE("a row that is JSON, but not as the library writes it, shows nothing that is masked", "[sqlite][damaged]") {
  DamagedWorld world;
  world.overwrite(GENERATE(
      as<std::string>(), R"({ "card" : { "kind" : "visa", "number" : "TOPSECRET" }, "pin" : "TOPSECRET" })",
      R"({"card": {"kind": "visa", "number": "TOPSECRET"}, "pin": "TOPSECRET"})",
      R"({"card":{"kind":"visa", "number":"TOPSECRET"},
 "pin":"TOPSECRET"})",
      R"({"card": {"number":"TOPSECRET"}})", R"({"pin":"TOPSECRET","card":{"number":"TOPSECRET"}})",
      R"({"pin":1,"pin":"TOPSECRET"})", R"({"pin":"TOPSECRET","pin":1})",
      R"({"card":{"number":1},"card":{"number":"TOPSECRET"}})",
      R"({"p\u0069n":"TOPSECRET","card":{"n\u0075mber":"TOPSECRET"}})", R"({"\u0063ard":{"number":"TOPSECRET"}})",
      R"({"card":[ {"number":"TOPSECRET"}]})", R"({"card":x{"number":"TOPSECRET"}})",
      R"({"card":1{"number":"TOPSECRET"}})", R"({"card":"x"{"number":"TOPSECRET"}})",
      R"({"card":{"number":TOPSECRET}})", R"({"card":,"pin":"TOPSECRET"})", R"(["TOPSECRET"])", R"("TOPSECRET")",
      "TOPSECRET", R"( {"pin":"TOPSECRET"})", "null"));
  check_nothing_leaks(world);
}

TEST_CASE("a row that is no UTF-8, or holds U+0000, is an error or the row", "[sqlite][damaged]") {
  DamagedWorld world;
  world.overwrite(GENERATE(as<std::string>(), "{\"open\":\"\xff\xfe\",\"pin\":\"TOPSECRET\"}", "{\"open\":\"\xc3\"}",
                           std::string("{\"open\":\"a\0b\",\"pin\":\"TOPSECRET\"}", 32), std::string("\0", 1), "\xff",
                           ""));
  check_nothing_leaks(world);
  (void)world.everything(world.system());  // throws nothing but Error
}

TEST_CASE("a row that is nested beyond all measure crashes nobody", "[sqlite][damaged]") {
  // A value that is parsed and then copied or written by recursion would use up the stack.
  for (const bool object : {false, true}) {
    const std::string answer = in_child([&]() -> std::string {
      DamagedWorld world;
      std::string deep;
      for (int i = 0; i < 300'000; ++i) deep += object ? R"({"a":)" : "[";
      deep += "1";
      for (int i = 0; i < 300'000; ++i) deep += object ? "}" : "]";
      world.overwrite(R"({"open":)" + deep + R"(,"pin":"TOPSECRET"})");
      for (const Session& actor : world.masked_actors())
        if (world.everything(actor).find(secret) != std::string::npos) return "a masked value was shown";
      const auto notes = world.system().entities("note");
      (void)error_of([&] { (void)notes.get(world.id).json(); });
      (void)error_of([&] { notes.update(world.id, {{"other", 1}}); });
      (void)error_of([&] { notes.remove(world.id); });
      return "alive";
    });
    INFO(object);
    CHECK(answer == "alive");
  }
}

TEST_CASE("whoever sees all of a damaged row gets it or an error of the storage", "[sqlite][damaged]") {
  DamagedWorld world;
  world.overwrite(R"({"open":"wor)");
  const auto notes = world.system().entities("note");
  CHECK_ERROR(storage, notes.update(world.id, {{"open", "x"}}));
  const Entity damaged = notes.get(world.id);
  CHECK_ERROR(storage, damaged.data());
  CHECK_ERROR(storage, embeddable_json(damaged));  // it would take what comes after it for its own
  CHECK_ERROR(storage, notes.list({.where = field("data.open") == "words"}));
  // Its neighbours are as they were, and it can be repaired.
  CHECK(notes.get(world.untouched).data() == Json{{"open", "other"}});
  world.overwrite(R"({"open":"words"})");
  CHECK(notes.update(world.id, {{"open", "x"}}).row->json() == R"({"open":"x"})");
}

TEST_CASE("damaged configuration is an error of the storage, or grants nothing", "[sqlite][damaged]") {
  // A new actor and a new database: nothing of the configuration is in a cache.
  DamagedWorld world;
  const auto key = world.system().api_keys().create({.name = "k", .roles = {"hiding"}}).secret;
  (void)world.user("eve", {"listing", "sometimes"});
  const std::string damage = GENERATE(
      as<std::string>(), "UPDATE entity_types SET search_fields = '{\"a\":1}'",
      "UPDATE entity_types SET search_fields = '[1]'", "UPDATE entity_types SET search_fields = '[\"not a path!\"]'",
      "UPDATE entity_types SET search_fields = 'garbage'", "UPDATE entity_types SET schema = 'garbage'",
      "UPDATE entity_types SET schema = '{\"type\":7}'", "UPDATE entity_types SET schema = '[]'",
      "UPDATE entity_types SET user_id_field = '', bound_to_role = 'hiding'",
      "UPDATE field_masks SET definition = 'garbage'", "UPDATE field_masks SET definition = '[]'",
      "UPDATE field_masks SET definition = '{\"fieldPath\":\"data.other\"}'", "UPDATE scope_rules SET rule = 'garbage'",
      "UPDATE scope_rules SET rule = '5'", "UPDATE policies SET resource = x'ff', action = ''",
      "UPDATE policies SET action = 'sing'", "UPDATE api_keys SET roles = '5'", "UPDATE api_keys SET roles = '[7]'",
      "UPDATE api_keys SET roles = 'garbage'", "DELETE FROM roles WHERE name = 'listing'", "DELETE FROM roles",
      "UPDATE roles SET name = name || 'x'", "DELETE FROM entity_types");
  INFO(damage);
  RawDatabase raw(world.folder.file());
  raw.run("PRAGMA foreign_keys = OFF");
  if (const std::string refusal = raw.refusal(damage); !refusal.empty())
    return;  // the tables did not let it in: as good
  const std::string answer = in_child([&]() -> std::string {
    const auto database = Database::open(world.folder.file());
    std::string told;
    const auto add = [&](const auto& body) {
      try {
        body();
      } catch (const Error& error) {
        told.append(error.what()).append("\n");
      }
    };
    const auto ask = [&](const Session& actor) {
      const auto notes = actor.entities("note");
      add([&] { told += notes.get(world.id).json(); });
      add([&] {
        for (const Entity& row : notes.list({.search = "words"})) told += row.json();
      });
      add([&] { notes.update(world.id, {{"open", "x"}}); });
    };
    add([&] { ask(database.authenticate(key)); });
    for (const char* const user : {"ann", "cyn", "eve"})
      add([&] {
        ask(database.trusted_host().user_session(UserId(user), OrganizationId("acme"), Environment::development));
      });
    // The system sees all, so only whether it is answered counts.
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    add([&] { system.roles().list(); });
    add([&] { system.entity_types().list(); });
    add([&] { system.api_keys().list(); });
    add([&] { system.entities("note").update(world.id, {{"open", "y"}}); });
    return told.find(secret) == std::string::npos ? "alive" : "a masked value was shown: " + told;
  });
  CHECK(answer == "alive");
}

TEST_CASE("a damaged log is an error or a failed verification", "[sqlite][damaged]") {
  DamagedWorld world;
  const std::string damage =
      GENERATE(as<std::string>(), "UPDATE events SET hash = zeroblob(100000)", "UPDATE events SET hash = x'00'",
               "UPDATE scopes SET event_hash = zeroblob(100000)", "UPDATE scopes SET event_hash = x''",
               "UPDATE events SET payload = 'garbage'", "UPDATE events SET payload = '{\"data\":5}'",
               "UPDATE events SET payload = '[]'", "UPDATE events SET actor_id = CAST(x'ff' AS TEXT)",
               "UPDATE events SET type = CAST(x'00' AS TEXT)", "UPDATE events SET entity_id = CAST(x'ff00' AS TEXT)",
               "UPDATE events SET id = CAST(x'fe' AS TEXT)",
               "UPDATE events SET sequence = sequence - 9223372036854775000", "UPDATE events SET sequence = -sequence",
               "UPDATE scopes SET event_count = -5", "UPDATE scopes SET event_count = 9223372036854775807");
  INFO(damage);
  (void)world.masked_actors();
  RawDatabase raw(world.folder.file());
  raw.run("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
  raw.run(damage);
  const std::string answer = in_child([&]() -> std::string {
    const auto database = Database::open(world.folder.file());
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    std::string out;
    try {
      if (system.events().verify().ok) out += "verified! ";
    } catch (const Error&) {
    }
    (void)error_of([&] {
      for (const Event& event : system.events().list().events) (void)error_of([&] { (void)event.payload(); });
    });
    const auto ann =
        database.trusted_host().user_session(UserId("ann"), OrganizationId("acme"), Environment::development);
    (void)error_of([&] { ann.events().list(); });
    (void)error_of([&] { system.entities("note").update(world.id, {{"open", "x"}}); });
    return out + "alive";
  });
  CHECK(answer == "alive");
}
