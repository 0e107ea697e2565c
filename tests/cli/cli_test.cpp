// The real binary, on a real file.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "cli/project.hpp"
#include "struere/core/error.hpp"
#include "struere/definitions/definitions.hpp"
#include "support/kill_moments.hpp"
#include "support/places.hpp"
#include "support/raw_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// All rows of an environment, in every table that has some.
std::string rows_of(const std::string& file, const std::string& environment) {
  RawDatabase raw(file);
  const std::string scope =
      raw.value("SELECT coalesce(max(id), 0) FROM scopes WHERE environment = '" + environment + "'");
  std::string out =
      raw.value("SELECT quote(generation) || quote(event_count) || quote(event_hash) FROM scopes WHERE id = " + scope);
  for (const auto& table :
       raw.rows("SELECT t.name FROM pragma_table_list t WHERE t.type = 'table' AND EXISTS(SELECT 1 FROM "
                "pragma_table_info(t.name) c WHERE c.name = 'scope_id') ORDER BY 1")) {
    const std::string columns = raw.value(
        fmt::format("SELECT group_concat('quote(' || name || ')', '||') FROM pragma_table_info('{}')", table[0]));
    out += fmt::format("\n{}\n", table[0]);
    out += raw.value(fmt::format("SELECT coalesce(group_concat({}, char(10)), '') FROM {} WHERE scope_id = {}", columns,
                                 table[0], scope));
  }
  return out;
}

int rounds_of(int usual) {
  const char* const wanted = std::getenv("STRUERE_KILLS");
  return wanted ? std::atoi(wanted) : usual;
}

}  // namespace

#if defined(__linux__) && defined(STRUERE_HAS_POSTGRES)
TEST_CASE("a command on a file does not load libpq and its twenty libraries", "[cli]") {
  const Project project;
  const Answer loaded = project.run("--version", "LD_TRACE_LOADED_OBJECTS=1");
  CHECK(tells(loaded, "libsqlite3"));
  CHECK_FALSE(tells(loaded, "libpq"));
}
#endif

TEST_CASE("from init to a release and back", "[cli]") {
  const Project project;
  CHECK(tells(project.run("sync"), "+ role author"));
  CHECK(tells(project.run("sync"), "= development is as the files say"));
  const Answer refused = project.run("deploy");
  CHECK(refused.code == 2);
  CHECK(tells(refused, "--yes"));
  CHECK(tells(project.run("deploy --yes --note first"), "Deployed release 1."));
  CHECK(tells(project.run("deploy --yes"), "nothing to deploy"));
  project.write("roles/clerk.yaml", "name: clerk\n");
  CHECK(tells(project.run("status"), "+ role clerk"));
  CHECK(project.run("sync").code == 0);
  CHECK(project.run("deploy -y").code == 0);
  CHECK(tells(project.run("rollback 1 -y"), "- role clerk"));
  const Json releases = Json::parse(project.run("releases --json").text);
  REQUIRE(releases.size() == 3);
  CHECK(releases.at(0).at("restores") == 1);
  CHECK(tells(project.run("rollback 1 -y"), "production is as release 1 is; there is nothing to roll back"));
  CHECK(project.run("rollback 9 -y").code == 4);
  CHECK(tells(project.run("rollback 9 -y"), "struere releases"));
  CHECK(project.run("verify -e production").code == 0);
  CHECK(Json::parse(project.run("--json init").text) == Json{{"made", Json::array()}});  // all of it is there
  CHECK(project.run("init --organization acme").code == 0);
  const Answer other = project.run("init --organization other");
  CHECK(other.code == 2);
  CHECK(tells(other, "a project of the organization `acme`"));
}

TEST_CASE("releases show what a note has room for", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y --note '" + std::string(100'000, 'x') + "'").code == 0);
  REQUIRE(project.run("add role clerk").code == 0);
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run("rollback 1 -y").code == 0);
  const Answer releases = project.run("releases");
  INFO(releases.text);
  CHECK(tells(releases, "restores 1\n"));
  CHECK(tells(releases, "xxx…"));
  CHECK(releases.text.size() < 1000);
  CHECK(Json::parse(project.run("--json releases").text).at(2).at("note").get<std::string>().size() == 100'000);
}

TEST_CASE("nothing to deploy, because the files were not synced", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  CHECK_FALSE(tells(project.run("deploy -y"), "struere sync"));
  project.write("roles/clerk.yaml", "name: clerk\n");
  const Answer unsynced = project.run("deploy -y");
  CHECK(unsynced.code == 0);
  CHECK(tells(unsynced, "nothing to deploy"));
  CHECK(tells(unsynced, "The files differ from development, and only development is deployed. First: struere sync"));
  project.write("roles/clerk.yaml", "name: [");
  CHECK(tells(project.run("deploy -y"), "First: struere sync"));
  CHECK_FALSE(tells(project.run("rollback 1 -y"), "struere sync"));
  for (const char* const folder : {"roles", "entity-types"}) std::filesystem::remove_all(project.path() / folder);
  CHECK_FALSE(tells(project.run("deploy -y"), "struere sync"));  // a project without files
}

TEST_CASE("an error says where, what and what next, in its exit code and in JSON too", "[cli]") {
  const Project project;
  project.write("roles/author.yaml", "name: author\npolices: []\n");
  const Answer answer = project.run("sync");
  CHECK(answer.code == 6);
  CHECK(tells(answer, "roles/author.yaml:2:1: unknown key `polices`. Did you mean `policies`?"));
  CHECK(tells(project.run("--json sync"), R"("error":"invalid_definition")"));
  CHECK(project.run("nonsense").code == 2);
  CHECK(project.run("--help").code == 0);
  std::filesystem::remove(project.path() / "struere.yaml");
  CHECK(tells(project.run("sync"), "struere init"));
  CHECK(project.run("sync").code == 2);
}

TEST_CASE("a key is shown once, listed and revoked", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Json key = Json::parse(project.run("--json keys create app --role author").text);
  const auto database = Database::open(project.database());
  CHECK_NOTHROW(database.authenticate(key.at("secret").get<std::string>()));
  CHECK(tells(project.run("keys list"), "author"));
  CHECK_FALSE(tells(project.run("keys list"), key.at("secret").get<std::string>().c_str()));
  CHECK(project.run("keys revoke " + key.at("id").get<std::string>()).code == 0);
  CHECK_THROWS_AS(database.authenticate(key.at("secret").get<std::string>()), Error);
}

TEST_CASE("data is seen and changed as an actor", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Json made =
      Json::parse(project.run(R"(data create note '{"text": "milk", "author": "ada", "secret": "s"}')").text);
  CHECK(made.at("data").at("secret") == "s");
  const std::string id = made.at("id");
  CHECK(tells(project.run("data update note " + id + R"( '{"text": "bread"}')"), "bread"));
  CHECK(tells(project.run("data list note --search bread"), id.c_str()));
  CHECK(project.run(R"(data list note --where '{"field": "data.text", "operator": "nonsense", "value": 1}')").code ==
        6);
  CHECK(project.run("data create note '{}'").code == 6);
  const Json key = Json::parse(project.run("--json keys create app --role author").text);
  const std::string as_key = "data --key " + key.at("secret").get<std::string>();
  CHECK_FALSE(tells(project.run(as_key + " list note"), "bread"));  // the key is no user, so no author
  CHECK(project.run(as_key + " delete note " + id).code == 3);
  CHECK(project.run(as_key + "x list note").code == 3);
  const std::string file = (project.path() / "notes.jsonl").string();
  CHECK(project.run("data export note > '" + file + "'").code == 0);
  CHECK(tells(project.run("data import note < '" + file + "'"), "1 imported."));
  CHECK(Json::parse(project.run("--json data list note").text).at("rows").size() == 2);
  CHECK(project.run("data delete note " + id).code == 0);
  CHECK(project.run("data get note " + id).code == 4);
  CHECK(tells(project.run("events --prefix note."), "note.deleted"));
  const std::string other =
      Json::parse(project.run("--json keys rotate " + key.at("id").get<std::string>()).text).at("secret");
  CHECK(project.run("data --key " + other + " list note").code == 0);
  CHECK(project.run(as_key + " list note").code == 3);
}

TEST_CASE("dev follows the files, whatever happens to them, and production does not move", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "milk"}' -e production)").code == 0);
  REQUIRE(project.run("keys create app --role author -e production").code == 0);
  const std::string before = rows_of(project.database(), "production");
  for (const char* const part : {"\nentities\n", "milk", "\napi_keys\n", "\nreleases\n", "\nevents\n"})
    REQUIRE(before.find(part) != std::string::npos);

  const pid_t child = project.start({"dev"});
  const auto database = Database::open(project.database());
  const Definitions development(
      database.trusted_host().system_session(OrganizationId("acme"), Environment::development));
  // Waits until development has the role, or has it no more.
  const auto comes = [&](const char* role, bool there) {
    for (int i = 0; i < 6000; ++i) {
      if ((development.current().find(DefinitionKind::role, role) != nullptr) == there) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  const auto moved = [&](const char* from, const char* to) {
    std::filesystem::rename(project.path() / from, project.path() / to);
  };
  // Until the watch stands a change may be missed by it; the first sync comes after it.
  project.write("roles/first.yaml", "name: first\n");
  CHECK(comes("first", true));
  project.write("roles/broken.yaml", "name: [half-way");
  project.write("roles/second.yaml", "name: second\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK_FALSE(development.current().find(DefinitionKind::role, "second"));  // the last good state stays
  project.write("roles/broken.yaml", "name: broken\n");
  CHECK(comes("second", true));
  moved("roles/second.yaml", "roles/other.yaml");
  std::filesystem::remove(project.path() / "roles/first.yaml");
  CHECK(comes("first", false));
  CHECK(development.current().find(DefinitionKind::role, "second"));
  project.write(
      "triggers/new.yaml",
      R"({slug: new, on: {entityType: note, action: created}, actions: [{tool: event.emit, args: {type: a.b}}]})");
  project.write("roles/third.yaml", "name: third\n");
  CHECK(comes("third", true));
  CHECK(development.current().find(DefinitionKind::trigger, "new"));
  // As editors save: another file, put in the place of the old one.
  project.write("roles/.third.yaml.swp", "name: fourth\n");
  moved("roles/.third.yaml.swp", "roles/third.yaml");
  CHECK(comes("fourth", true));
  // A folder goes, which deletes nothing, and another comes in its place; the watch goes on in that one.
  moved("roles", "elsewhere");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  CHECK(development.current().find(DefinitionKind::role, "fourth"));
  moved("elsewhere", "roles");
  project.write("roles/third.yaml", "name: fifth\n");
  CHECK(comes("fifth", true));

  CHECK(rows_of(project.database(), "production") == before);
  CHECK(project.run("deploy -y").code == 0);
  CHECK(rows_of(project.database(), "production") != before);

  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

// STRUERE_KILLS says how many, for a long run.
TEST_CASE("a deploy or rollback that is killed is whole or has not been", "[cli][process]") {
  const Project project;
  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  REQUIRE(project.run("sync").code == 0);
  const auto database = Database::open(project.database());
  const auto scope = [&](Environment environment) {
    return database.trusted_host().system_session(OrganizationId("acme"), environment);
  };
  const Definitions development(scope(Environment::development)), production(scope(Environment::production));
  DefinitionSet many = development.current();
  for (int i = 0; i < 100; ++i) many.add(DefinitionKind::role, {{"name", fmt::format("role {}", i)}});
  const DefinitionSet few = development.current();
  production.deploy(production.plan(few));
  many = many.normal_form();
  development.apply(development.plan(many));

  KillMoments deploys(std::chrono::milliseconds(40), random), rollbacks(std::chrono::milliseconds(40), random);
  for (int round = 0; round < rounds_of(50); ++round) {
    const auto releases = static_cast<std::int64_t>(production.releases().size());
    const DefinitionSet before = production.current();
    const bool is_few = before == few;
    KillMoments& moments = is_few ? deploys : rollbacks;
    project.kill_after(moments.next(), is_few ? std::vector<std::string>{"deploy", "--yes"}
                                              : std::vector<std::string>{"rollback", "1", "--yes"});

    const DefinitionSet after = production.current();
    const auto now = static_cast<std::int64_t>(production.releases().size());
    const bool is_done = after == (is_few ? many : few);
    moments.note(is_done);
    CHECK((is_done || after == before));
    CHECK(now == releases + (is_done ? 1 : 0));
    CHECK(scope(Environment::production).events().verify().ok);
    CHECK(
        static_cast<std::int64_t>(
            scope(Environment::production).events().list({.type = "deploy.completed", .limit = 1000}).events.size()) ==
        now);
  }
  for (const KillMoments* const moments : {&deploys, &rollbacks}) {
    CHECK(moments->done() > 0);
    CHECK(moments->undone() > 0);
  }
}

namespace {

std::string tutoring_pack(const char* version) {
  return fmt::format("'{}/examples/packs/tutoring/{}'", source_dir(), version);
}

}  // namespace

TEST_CASE("a pack is installed, changed, upgraded and taken away", "[cli][packs]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("packs list"), "There is no pack in development"));
  const Answer refused = project.run("packs install " + tutoring_pack("1.0.0"));
  CHECK(refused.code == 2);
  CHECK(tells(refused, "+ entity-type session"));
  CHECK(tells(refused, "--yes"));
  CHECK(tells(project.run("packs install --yes " + tutoring_pack("1.0.0")), "Installed tutoring 1.0.0"));
  CHECK(tells(project.run("sync"), "= development is as the files say"));
  CHECK(tells(project.run("packs diff"), "tutoring: as installed"));
  CHECK(project.run("packs install --yes " + tutoring_pack("1.0.0")).code == 5);
  CHECK(project.run("packs list -e production --json").text == "[]\n");
  CHECK(project.run(R"(data create student '{"name": "Ada"}')").code == 0);

  REQUIRE(project.run("pull --yes").code == 0);
  project.write("entity-types/student.yaml",
                "slug: student\nname: Pupil\nschema: {type: object, properties: {name: {type: string}, email: {type: "
                "string}, phone: {type: string}}}\n");
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("packs diff tutoring"), "~ entity-type student"));
  CHECK(project.run("packs upgrade --yes " + tutoring_pack("1.1.0")).code == 5);
  CHECK(tells(project.run("packs repair tutoring --yes"), "Repaired tutoring"));
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("packs customize tutoring --yes"), "upgrades will keep it"));
  CHECK(tells(project.run("packs upgrade --yes " + tutoring_pack("1.1.0")), "from 1.0.0 to 1.1.0"));
  const Json installed = Json::parse(project.run("packs list --json").text);
  CHECK(installed.at(0).at("version") == "1.1.0");
  CHECK(installed.at(0).at("overrides").at("entity-type").at("student").at("name") == "Pupil");
  CHECK(project.run("packs uninstall tutoring --yes").code == 5);
  CHECK(tells(project.run("packs uninstall tutoring --yes --remove-entities"), "entity-type student stays"));
  CHECK(project.run("packs list --json").text == "[]\n");
  CHECK(project.run("packs repair tutoring --yes").code == 4);
  CHECK(project.run("packs install --yes nowhere").code == 4);
  CHECK(project.run("verify").code == 0);
}

TEST_CASE("what a pack keeps in production is named, and is not called the same", "[cli][packs]") {
  const Project project;
  for (const char* const command : {"packs install --yes ", "-e production packs install --yes "})
    REQUIRE(project.run(command + tutoring_pack("1.0.0")).code == 0);
  REQUIRE(project.run("packs uninstall tutoring --yes").code == 0);
  const Answer status = project.run("status");
  CHECK(tells(status, "development → production: the same, except for packs"));
  CHECK(tells(status, "= entity-type student stays as it is: it belongs to pack tutoring in production"));
  CHECK(tells(project.run("deploy --yes"), "Deployed release 1."));  // the first one is made, whatever changes
  const Answer rollback = project.run("rollback 1 --yes");
  CHECK_FALSE(tells(rollback, "stays as it is"));  // the release has what packs kept
  CHECK(tells(rollback, "= production is as release 1 is; there is nothing to roll back"));
  const Answer deploy = project.run("deploy --yes");
  CHECK(tells(deploy, "= production is as development is, except what its packs keep; there is nothing to deploy"));
}

TEST_CASE("advice of the library has the words of the tool", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  project.write("roles/teacher.yaml", "name: teacher\n");
  REQUIRE(project.run("sync").code == 0);
  const Answer refused = project.run("packs install --yes " + tutoring_pack("1.0.0"));
  CHECK(refused.code == 5);
  CHECK(tells(refused, "say that the pack may take it over (--take-over)"));
  RawDatabase(project.database()).run("PRAGMA application_id = 0x53545241");  // of a file whose adoption has begun
  for (const char* const command : {"status", "doctor"}) {
    const Answer unfinished = project.run(command);
    CHECK(tells(unfinished, "finish it with `struere adopt FILE -e ENVIRONMENT`, as it was begun"));
    CHECK_FALSE(tells(unfinished, "adopt_database"));
  }
}

TEST_CASE("a pack's upgrade that is killed is whole or has not been", "[cli][packs][process]") {
  constexpr std::int64_t rows = 3000;
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("packs install --yes " + tutoring_pack("1.0.0")).code == 0);
  {
    const auto database = Database::open(project.database(), {.sqlite = {.durability = Durability::normal}});
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    const std::string student = system.entities("student").create({{"name", "Ada"}}).id.str();
    const std::string teacher = system.entities("teacher").create({{"name", "Grace"}}).id.str();
    for (std::int64_t i = 0; i < rows; ++i)
      system.entities("session").create(
          {{"studentId", student}, {"teacherId", teacher}, {"startsAt", "soon"}, {"fee", i}});
  }
  const std::string kept = project.database() + ".kept";
  const auto bring_back = [&] {
    for (const char* const end : {"", "-wal", "-shm"}) std::filesystem::remove(project.database() + end);
    std::filesystem::copy_file(kept, project.database());
  };
  REQUIRE(RawDatabase(project.database()).value("PRAGMA wal_checkpoint(TRUNCATE)") == "0");
  std::filesystem::copy_file(project.database(), kept);
  const std::string folder = source_dir() + "/examples/packs/tutoring/1.1.0";

  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  KillMoments moments(std::chrono::milliseconds(400), random);
  for (int round = 0; round < rounds_of(20); ++round) {
    bring_back();
    project.kill_after(moments.next(), {"packs", "upgrade", "--yes", folder});

    const auto database = Database::open(project.database());
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    const bool is_whole = system.packs().get("tutoring").version == "1.1.0";
    moments.note(is_whole);
    CHECK(system.events().verify().ok);
    RawDatabase raw(project.database());
    const auto count = [&](const char* where) {
      return raw.value(
          fmt::format("SELECT count(*) FROM entities WHERE json_extract(data, '$.startsAt') = 'soon' AND {}", where));
    };
    CHECK(count("version = 2 AND json_extract(data, '$.price') >= 0 AND json_extract(data, '$.fee') IS NULL") ==
          std::to_string(is_whole ? rows : 0));
    CHECK(count("version = 1 AND json_extract(data, '$.fee') >= 0 AND json_extract(data, '$.price') IS NULL") ==
          std::to_string(is_whole ? 0 : rows));
    CHECK(raw.value("SELECT count(*) FROM events WHERE type = 'session.updated'") ==
          std::to_string(is_whole ? rows : 0));
    CHECK(raw.value("SELECT count(*) FROM events WHERE type = 'pack.upgraded'") == (is_whole ? "1" : "0"));
    CHECK(raw.value("SELECT count(*) FROM entity_types WHERE slug = 'absence'") == (is_whole ? "1" : "0"));
    CHECK(raw.value("PRAGMA integrity_check") == "ok");
  }
  CHECK(moments.done() > 0);
  CHECK(moments.undone() > 0);
}
