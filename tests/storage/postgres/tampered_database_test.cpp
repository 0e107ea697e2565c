// What somebody writes past the library, as a superuser: the log tells of it, and damaged rows show nothing that a mask
// hides.
#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "struere/spi/storage.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const OrganizationId tampered_company("acme");
const std::string hidden_value = "TOPSECRET";

struct TamperedDatabase {
  TamperedDatabase() {
    host.create_organization("acme", tampered_company);
    for (const Environment environment : {Environment::development, Environment::production}) {
      system(environment).entity_types().define({{"slug", "note"}, {"searchFields", {"open", "pin"}}});
      system(environment).entities("note").create(original());
    }
    for (int i = 0; i < 4; ++i) last = system().entities("note").create({{"open", "other"}, {"n", i}}).id;
    system().roles().define(
        {{"name", "hiding"},
         {"policies", {{{"resource", "note"}, {"actions", {"*"}}, {"effect", "allow"}}}},
         {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data.pin"}, {"maskType", "hide"}}}}});
    host.create_user("ann", UserId("ann"));
    host.put_member(tampered_company, UserId("ann"));
    system().roles().assign(UserId("ann"), "hiding");
    scope = raw.value("SELECT id FROM struere.scopes WHERE environment = 'development'");
  }
  static Json original() { return {{"open", "words"}, {"pin", hidden_value}}; }
  Session system(Environment environment = Environment::development) const {
    return host.system_session(tampered_company, environment);
  }
  Verification verify() const { return system().events().verify(); }
  void tamper(const std::string& sql) { raw.run(sql + " AND scope_id = " + scope); }

  // All that an actor is told of the damaged row, errors included.
  std::string everything(const Session& actor) const {
    std::string out;
    const EntityRepository notes = actor.entities("note");
    const auto add = [&](const auto& body) {
      try {
        body();
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::storage);
        out.append(error.what()).append("\n");
      }
    };
    add([&] { out.append(notes.get(damaged).json()).append("\n"); });
    for (const Query& query : {Query{}, Query{.where = field("data.pin") == hidden_value}, Query{.search = "words"},
                               Query{.order = {{"data.open"}}}, Query{.order = {{"data.pin"}}}}) {
      add([&] {
        for (const Entity& row : notes.list(query)) out.append(row.json()).append("\n");
      });
      add([&] { out.append(std::to_string(notes.count(query))).append("\n"); });
    }
    add([&] { notes.update(damaged, {{"more", 1}}); });
    return out;
  }

  PostgresDatabase server;
  Database database = Database::open(server.application());
  TrustedHost host = database.trusted_host();
  RawPostgres raw{server.superuser()};
  EntityId last{"none"}, damaged{"none"};
  std::string scope;
};

}  // namespace

TEST_CASE("an event that is altered past the library is named, whichever part of it was", "[postgres][chain]") {
  TamperedDatabase stage;
  REQUIRE(stage.verify().ok);
  const std::string zeros = "decode(repeat('00', 32), 'hex')";
  for (const std::string& change :
       {std::string("payload = replace(payload, 'other', 'changed')"), std::string("type = 'note.deleted'"),
        std::string("actor_id = 'ana'"), std::string("actor_type = 'user'"), std::string("created_at = created_at + 1"),
        std::string("entity_id = NULL"), std::string("other_end_id = entity_id"), std::string("id = id || 'x'"),
        "hash = " + zeros, "salt = substr(" + zeros + ", 1, 16)", std::string("salt = NULL"),
        "payload = '{}', salt = NULL, payload_hash = " + zeros,
        std::string("purged_entity_id = 'x', entity_id = NULL")}) {
    INFO(change);
    const std::string columns =
        "(payload, type, actor_id, actor_type, created_at, entity_id, other_end_id, id, hash, "
        "salt, payload_hash, purged_entity_id)";
    stage.raw.run("CREATE TABLE public.kept AS SELECT * FROM struere.events WHERE sequence = 3 AND scope_id = " +
                  stage.scope);
    stage.tamper("UPDATE struere.events SET " + change + " WHERE sequence = 3");
    const Verification verification = stage.verify();
    CHECK_FALSE(verification.ok);
    CHECK(verification.verified == 2);
    CHECK(stage.system(Environment::production).events().verify().ok);
    stage.tamper("UPDATE struere.events SET " + columns + " = (SELECT " + columns.substr(1, columns.size() - 2) +
                 " FROM public.kept) WHERE sequence = 3");
    stage.raw.run("DROP TABLE public.kept");
    CHECK(stage.verify().ok);
  }
}

TEST_CASE("an event that is removed, moved or inserted past the library is noticed", "[postgres][chain]") {
  TamperedDatabase stage;
  SECTION("removed") {
    const int sequence = GENERATE(1, 3, 6);
    stage.tamper("DELETE FROM struere.events WHERE sequence = " + std::to_string(sequence));
    CHECK_FALSE(stage.verify().ok);
    CHECK(stage.verify().verified == sequence - 1);
  }
  SECTION("removed, and the gap closed") {
    stage.tamper("DELETE FROM struere.events WHERE sequence = 3");
    stage.tamper("UPDATE struere.events SET sequence = 1000 + sequence WHERE sequence > 3");
    stage.tamper("UPDATE struere.events SET sequence = sequence - 1001 WHERE sequence > 1000");
    stage.tamper("UPDATE struere.scope_heads SET event_count = event_count - 1 WHERE true");
    CHECK_FALSE(stage.verify().ok);
    CHECK(stage.verify().verified == 2);
  }
  SECTION("in each other's place") {
    for (const char* const move : {"1000 WHERE sequence = 2", "2 WHERE sequence = 4", "4 WHERE sequence = 1000"})
      stage.tamper(std::string("UPDATE struere.events SET sequence = ") + move);
    CHECK_FALSE(stage.verify().ok);
    CHECK(stage.verify().verified == 1);
  }
  SECTION("inserted at the end") {
    const std::string kept = "type, entity_id, actor_type, actor_id, created_at, payload, hash, salt";
    stage.tamper("INSERT INTO struere.events(scope_id, sequence, id, " + kept +
                 ") SELECT scope_id, (SELECT max(sequence) + 1 FROM struere.events WHERE scope_id = " + stage.scope +
                 "), 'forged', " + kept + " FROM struere.events WHERE sequence = 3");
    CHECK_FALSE(stage.verify().ok);
  }
  SECTION("cut off at the end") {
    stage.tamper("UPDATE struere.scope_heads SET event_count = 2 WHERE true");
    CHECK_FALSE(stage.verify().ok);
  }
}

TEST_CASE("a row that is damaged past the library is an error, and shows nothing that is masked",
          "[postgres][damaged]") {
  TamperedDatabase stage;
  const std::string whole = canonical_json(TamperedDatabase::original());
  stage.damaged = EntityId(
      stage.raw.value("SELECT id FROM struere.entities WHERE data LIKE '%TOPSECRET%' AND scope_id = " + stage.scope));
  const Session ann = stage.host.user_session(UserId("ann"), tampered_company, Environment::development);
  REQUIRE(ann.entities("note").get(stage.damaged).json().find("words") != std::string::npos);
  for (std::size_t size = 0; size <= whole.size(); ++size)
    for (const char* const more : {"", "\"", "}", ",\"open\":1}", "]"}) {
      const std::string text = whole.substr(0, size) + more;
      INFO(text);
      stage.tamper("UPDATE struere.entities SET data = '" + text + "' WHERE id = '" + stage.damaged.str() + "'");
      const std::string told = stage.everything(ann);
      CHECK(told.find(hidden_value.substr(0, 5)) == std::string::npos);
      CHECK(ann.entities("note").find(stage.last));
    }
}

TEST_CASE("what is missing of unique keys and of the index of words is found", "[postgres][doctor]") {
  TamperedDatabase stage;
  stage.system().entity_types().define({{"slug", "pupil"}, {"unique", Json::array({Json::array({"email"})})}});
  const EntityRepository pupils = stage.system().entities("pupil");
  std::string newest;
  for (const char* const email : {"a", "b", "c"}) newest = pupils.create({{"email", email}}).id.str();
  pupils.create(Json::object());  // takes part in no key
  const auto faults = [&] {
    std::string out;
    for (const std::string& fault : open_postgres_storage(stage.server.application())->check().faults)
      out.append(fault).append("; ");
    return out;
  };
  CHECK(faults().empty());
  stage.tamper("DELETE FROM struere.unique_values WHERE value LIKE '%a%'");
  CHECK(faults().find("1 values of the unique keys of `pupil` do not agree with their rows") == 0);
  stage.tamper("UPDATE struere.unique_values SET entity_id = '" + newest + "' WHERE value LIKE '%b%'");
  CHECK(faults().find("3 values of the unique keys of `pupil`") == 0);
  stage.tamper("UPDATE struere.entities SET data = 'not JSON' WHERE id = '" + newest + "'");
  CHECK(faults().find("the data of 1 entities of `pupil` is not JSON") != std::string::npos);
  stage.tamper("UPDATE struere.entities SET data = '{\"email\":\"c\"}' WHERE id = '" + newest + "'");
  stage.tamper("DELETE FROM struere.entity_words WHERE word = 'words'");
  CHECK(faults().find("the index of words lacks words of 1 entities of `note`") == 0);
}

TEST_CASE("what names an entity that was removed past the foreign keys is found", "[postgres][doctor]") {
  TamperedDatabase stage;
  stage.system().entity_types().define(
      {{"slug", "visit"},
       {"unique", Json::array({Json::array({"n"})})},
       {"schema", {{"properties", {{"n", {{"type", "integer"}, {"x-index", true}}}}}}}});
  stage.system().triggers().define({{"slug", "see"},
                                    {"on", {{"entityType", "visit"}, {"action", "created"}}},
                                    {"actions", {{{"tool", "unknown"}, {"args", Json::object()}}}}});
  const std::string visit = stage.system().entities("visit").create({{"n", 1}}).id.str();
  stage.system().relations().link(EntityId(visit), "saw", stage.last);
  const auto faults = [&] { return open_postgres_storage(stage.server.application())->check().faults; };
  CHECK(faults().empty());
  stage.raw.run("SET session_replication_role = replica");
  stage.tamper("DELETE FROM struere.entities WHERE id IN ('" + visit + "', '" + stage.last.str() + "')");
  const std::vector<std::string> found = faults();
  std::string all;
  for (const std::string& fault : found) all.append(fault).append("\n");
  INFO(all);
  for (const char* const fault :
       {"`from_id` of `entity_relations` names 1 entities", "`to_id` of `entity_relations` names 1 entities",
        "`entity_id` of `entity_words` names 1 entities", "`entity_id` of `events` names 2 entities",
        "`other_end_id` of `events` names 1 entities", "`entity_id` of `trigger_runs` names 1 entities",
        "1 field keys of `visit` do not agree with their rows",
        "1 values of the unique keys of `visit` do not agree with their rows"})
    CHECK(all.find(fault) != std::string::npos);
  CHECK(found.size() >= 8);
}

TEST_CASE("a privilege that the application's role lacks is found before an operation needs it", "[postgres][doctor]") {
  TamperedDatabase stage;
  const auto faults_of = [](const std::string& url) { return open_postgres_storage(url)->check().faults; };
  CHECK(faults_of(stage.server.application()).empty());
  CHECK(faults_of(stage.server.owner()).empty());
  stage.raw.run("REVOKE INSERT ON struere.trigger_runs, struere.events FROM " + PostgresRoles().application);
  stage.raw.run("REVOKE UPDATE (unfinished_copy) ON struere.organizations FROM " + PostgresRoles().application);
  const auto faults = faults_of(stage.server.application());
  REQUIRE(faults.size() == 1);
  for (const char* const lacking : {"INSERT on struere.trigger_runs", "INSERT on struere.events",
                                    "UPDATE(unfinished_copy) on struere.organizations"})
    CHECK(faults.front().find(lacking) != std::string::npos);
}
