// The commands about people, files, copies and health.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include "cli/project.hpp"
#include "struere/struere.hpp"
#include "support/adoptable_database.hpp"
#include "support/places.hpp"
#include "support/raw_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json answer_of(const Project& project, const std::string& arguments) {
  const Answer answer = project.run("--json " + arguments);
  INFO(arguments << ": " << answer.text);
  REQUIRE(answer.code == 0);
  return Json::parse(answer.text);
}

// The checks that found something, in the order in which they are told.
std::vector<std::string> findings_of(const Answer& answer) {
  std::vector<std::string> out;
  const Json all = Json::parse(answer.text);
  for (const Json& finding : all.at("findings")) out.push_back(finding.at("check"));
  return out;
}

using Findings = std::vector<std::string>;

}  // namespace

TEST_CASE("a user is added, given a role, explained and listed", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("users list"), "struere users add ID"));
  CHECK(tells(project.run("users add ada --name 'Ada Lovelace'"), "struere roles assign ada ROLE"));
  const Answer again = project.run("users add ada");
  CHECK(again.code == 0);
  CHECK(tells(again, "ada is a member already."));
  CHECK(project.run("users add boss --admin").code == 0);
  CHECK(project.run("roles assign ada author").code == 0);
  CHECK(project.run("roles assign ada nonsense").code == 4);
  CHECK(tells(project.run("roles assign ada autor"), "no role `autor` in development. Did you mean `author`?"));
  CHECK(project.run("roles assign nobody author").code == 4);
  CHECK(project.run("roles assign ada author -e production").code == 4);  // the role is not there yet
  CHECK(answer_of(project, "users list") ==
        R"([{"id": "ada", "membership": "member", "roles": ["author"], "assignments": [{"role": "author"}]},
          {"id": "boss", "membership": "admin", "roles": [], "assignments": []}])"_json);

  const std::string id =
      answer_of(project, R"(data create note '{"text": "milk", "author": "eve", "secret": "s"}')")["id"];
  CHECK(project.run("data get note --as ada " + id).code == 4);
  const Answer why = project.run("explain --as ada read note " + id);
  CHECK(tells(why, "data.author"));
  CHECK(tells(project.run("explain --as ada delete note"), "no policy"));
  CHECK(tells(project.run("explain --as boss delete note"), "admin"));
  CHECK(answer_of(project, "explain --as boss read note " + id).is_object());
  CHECK(project.run("explain --as nobody read note").code == 4);
  const std::string own =
      answer_of(project, R"(data create note '{"text": "tea", "author": "ada", "secret": "s"}')")["id"];
  CHECK(tells(project.run("explain --as ada read note " + own + " --field data.secret"), "data.secret is hidden"));
  const Answer text = project.run("explain --as ada read note " + own + " --field data.text");
  CHECK(tells(text, "data.text is clear"));
  CHECK_FALSE(tells(text, "data.secret"));
  CHECK(tells(project.run("explain --as ada read note " + own + " --field data.none"), "has no data.none"));
  CHECK(project.run("explain --as ada read note --field data.text").code == 2);
  CHECK(project.run("explain --as ada nonsense note").code == 2);

  CHECK(project.run("roles unassign ada author").code == 0);
  CHECK(project.run("roles unassign ada author").code == 4);
}

TEST_CASE("an admin stays one until an option says otherwise", "[cli][people]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const auto membership = [&] { return Json::parse(project.run("users list --json").text).at(0).at("membership"); };
  CHECK(tells(project.run("users add ada --admin"), "ada is an admin"));
  const Answer again = project.run("users add ada");
  CHECK(again.code == 0);
  CHECK(tells(again, "ada is a member already, as admin."));
  CHECK(membership() == "admin");
  CHECK(project.run("users add ada --name Ada").code == 0);
  CHECK(project.run("users add ada --admin --member").code == 2);
  CHECK(membership() == "admin");
  CHECK(tells(project.run("users add ada --member"), "ada is no longer an admin, but a member"));
  CHECK(membership() == "member");
  CHECK(Json::parse(project.run("users add ada --admin --json").text).at("membership") == "admin");
}

TEST_CASE("the exit code of explain is the answer", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  REQUIRE(project.run("roles assign ada author").code == 0);
  const auto create = [&](const char* author) -> std::string {
    return answer_of(project, fmt::format("data create note '{{\"text\": \"t\", \"author\": \"{}\"}}'", author))["id"];
  };
  const std::string own = create("ada"), other = create("eve");
  const auto code = [&](const std::string& question) { return project.run("explain --as ada " + question).code; };
  CHECK(code("read note") == 0);
  CHECK(code("delete note") == 3);  // by the policies
  CHECK(code("read note " + own) == 0);
  CHECK(code("read note " + other) == 3);  // by the rules
  CHECK(code("read note 00000000-0000-0000-0000-000000000000") == 4);
  CHECK(code(R"(create note --data '{"text": "t", "author": "ada"}')") == 0);
  CHECK(code(R"(create note --data '{"text": "t", "author": "eve"}')") == 3);
  CHECK(code(R"(create note --data '{"text": "t", "author": "ada", "secret": "s"}')") == 3);  // by the masks
  CHECK(project.run("--json explain --as ada delete note").code == 3);
}

TEST_CASE("a deleted entity is restored, and one is purged once the question is answered", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string id = answer_of(project, R"(data create note '{"text": "milk", "author": "ada"}')")["id"];
  CHECK(project.run("data restore note " + id).code == 5);  // it is not deleted
  REQUIRE(project.run("data delete note " + id).code == 0);
  CHECK(project.run("data get note " + id).code == 4);
  CHECK(answer_of(project, "data restore note " + id).at("status") == "active");
  CHECK(project.run("data get note " + id).code == 0);

  CHECK(tells(project.run("data purge note " + id), "add --yes"));  // nobody can be asked
  CHECK(project.run_in_terminal(120, {"data", "purge", "note", id}, "n\n").code == 1);
  CHECK(project.run("data get note " + id).code == 0);
  CHECK(project.run_in_terminal(120, {"data", "purge", "note", id}, "y\n").code == 0);
  CHECK(project.run("data get note " + id).code == 4);
  CHECK(project.run("data restore note " + id).code == 4);
  CHECK_FALSE(tells(project.run("events"), "milk"));
  CHECK(project.run("verify").code == 0);
  CHECK(project.run("data purge note --yes " + id).code == 4);
  REQUIRE(project.run("users add ada").code == 0);
  REQUIRE(project.run("roles assign ada author").code == 0);
  const std::string own = answer_of(project, R"(data create note '{"text": "tea", "author": "ada"}')")["id"];
  CHECK(project.run("data purge note --as ada --yes " + own).code == 3);
}

TEST_CASE("a definition is added as a file, and never over one that is there", "[cli]") {
  const Project project;
  CHECK(tells(project.run("add entity-type task"), "Next: struere sync"));
  CHECK(project.run("add role reviewer").code == 0);
  CHECK(project.run("add agent helper").code == 0);
  CHECK(project.run("add tool send-mail").code == 0);
  CHECK(project.run("add role true").code == 0);  // what YAML would take for something else
  CHECK(project.run("add entity-type 12").code == 0);
  const Answer synced = project.run("sync");
  CHECK(synced.code == 0);
  for (const char* const part :
       {"+ entity-type task", "+ role reviewer", "+ agent helper", "+ role true", "+ entity-type 12"})
    CHECK(tells(synced, part));
  CHECK(answer_of(project, "add trigger remind").at("file") == (project.path() / "triggers/remind.yaml").string());
  CHECK(tells(project.run("sync"), "+ trigger remind"));
  CHECK(project.run("add trigger other --type note").code == 0);
  CHECK(tells(project.run("sync"), "+ trigger other"));
  CHECK(project.run("add trigger third --type nonsense").code == 4);
  CHECK(project.run("add role third --type note").code == 2);

  CHECK(project.run("add role author").code == 5);
  CHECK(project.run("add role ../escape").code == 2);
  CHECK(project.run("add role .hidden").code == 2);
  CHECK(project.run("add role ''").code == 2);
  CHECK(project.run("add nonsense x").code == 2);
  std::filesystem::create_symlink(project.path() / "outside", project.path() / "roles/link.yaml");
  CHECK(project.run("add role link").code == 5);
  CHECK_FALSE(std::filesystem::exists(project.path() / "outside"));
}

TEST_CASE("an existing database is adopted, with as many rows as before, and once", "[cli]") {
  const Project project;
  const std::string file = (project.path() / "acme.db").string();
  make_adoptable_database(file, 500, AdoptableStyle::no_environment);
  const Answer first = project.run_in_terminal(100, {"adopt", file, "-e", "production"});
  INFO(first.text);
  CHECK(first.code == 0);
  CHECK(tells(first, "####"));  // the bar
  CHECK(tells(first, "rows before"));
  // Which environment its rows are in cannot be changed afterwards: nothing chooses it silently, or a second time.
  for (const char* const environment : {"production", "development"}) {
    const Answer again = project.run(fmt::format("adopt {} -e {}", file, environment));
    CHECK(again.code == 5);
    CHECK(tells(again, "is a database of struere already"));
  }
  CHECK(Database::open(file).trusted_host().organizations().size() == 3);
  CHECK(project.run("adopt -e production " + file + ".missing").code == 7);

  const std::string other = (project.path() / "other.db").string();
  make_adoptable_database(other, 300, AdoptableStyle::no_environment);
  const Answer unnamed = project.run("adopt " + other);
  CHECK(unnamed.code == 2);
  CHECK(tells(unnamed, "-e production"));
  const Json report = answer_of(project, "adopt -e development " + other);
  REQUIRE_FALSE(report.at("tables").empty());
  for (const Json& table : report.at("tables")) CHECK(table.at("before") == table.at("after"));
}

TEST_CASE("a backup is taken while others write, and no file is lost by it", "[cli][backup]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string copy = (project.path() / "copy.db").string();
  std::jthread writer([&](const std::stop_token& stop) {
    const auto database = Database::open(project.database());
    const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    while (!stop.stop_requested()) system.entities("note").create(Json{{"text", "t"}});
  });
  for (int round = 0; round < 3; ++round) {
    const Json report = answer_of(project, "backup --force " + copy);
    CHECK(report.at("bytes") == std::filesystem::file_size(copy));
    const auto opened = Database::open(copy);
    const auto system = opened.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    CHECK(system.events().verify().ok);
    CHECK(system.entities("note").count() >= 0);
  }
  writer.request_stop();
  writer.join();
  const auto size = std::filesystem::file_size(copy);
  const Answer refused = project.run("backup " + copy);
  CHECK(refused.code == 5);
  CHECK(tells(refused, "--force"));
  CHECK(project.run("backup --force " + project.database()).code == 5);
  CHECK(project.run("backup /nonexistent/copy.db").code == 7);
  CHECK(project.run("backup").code == 2);
  CHECK(std::filesystem::file_size(copy) == size);
  CHECK(tells(project.run_in_terminal(80, {"backup", "--force", copy}), "verif"));

  // Ctrl-C at any moment: whole or not at all, and nothing lies about.
  for (int delay = 0; delay < 40; delay += 4) {
    const std::string other = (project.path() / fmt::format("other{}.db", delay)).string();
    const pid_t child = project.start({"backup", other});
    std::this_thread::sleep_for(std::chrono::milliseconds(delay));
    kill(child, delay % 8 == 0 ? SIGINT : SIGHUP);  // or the terminal is closed
    int status = 0;
    waitpid(child, &status, 0);
    if (std::filesystem::exists(other)) CHECK(Database::open(other).trusted_host().organizations().size() == 1);
  }
  for (const auto& entry : std::filesystem::directory_iterator(project.path()))
    CHECK(entry.path().string().find("unfinished") == std::string::npos);
}

TEST_CASE("the doctor says what is wrong, what to type, and by its exit code whether it is grave", "[cli][doctor]") {
  const Project project;
  CHECK(project.run("doctor").code == 4);  // no database yet
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("doctor"), "all is well"));
  REQUIRE(project.run("deploy -y").code == 0);
  CHECK(findings_of(project.run("--json doctor")) == Findings{});

  project.write("roles/clerk.yaml", "name: clerk\n");
  CHECK(findings_of(project.run("--json doctor")) == Findings{"files_differ"});
  REQUIRE(project.run("sync").code == 0);
  CHECK(findings_of(project.run("--json doctor")) == Findings{"role_grants_nothing", "undeployed"});
  CHECK(project.run("doctor").code == 0);
  project.write("roles/clerk.yaml", "name: [");
  const Answer invalid = project.run("--json doctor");
  CHECK(invalid.code == 1);
  CHECK(findings_of(invalid) == Findings{"files_invalid", "role_grants_nothing"});
  CHECK(tells(project.run("doctor"), "roles/clerk.yaml:1:"));
  std::filesystem::remove(project.path() / "roles/clerk.yaml");

  // What it says to type is what helps.
  std::filesystem::remove(project.path() / "roles/author.yaml");
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  CHECK(findings_of(project.run("--json doctor")) == Findings{});
  {
    // By the library alone: the tool refuses a role that is not there.
    const auto database = Database::open(project.database());
    const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    system.api_keys().create({"app", {"nobody"}, {}, system_clock().now() + 3 * 86'400'000, true});
  }
  const Json key = Json::parse(project.run("--json doctor").text).at("findings").at(1);
  CHECK(findings_of(project.run("--json doctor")) == Findings{"key_expires_soon", "key_grants_nothing"});
  const std::string command = key.at("next");
  REQUIRE(command.starts_with("struere "));
  CHECK(project.run(command.substr(8)).code == 0);
  CHECK(findings_of(project.run("--json doctor")) == Findings{});

  // The message of a warning says what to type; nothing is damaged.
  std::filesystem::permissions(project.database(), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const Answer exposed = project.run("doctor");
  CHECK(tells(exposed, "chmod 600"));
  CHECK_FALSE(tells(exposed, "integrity_check"));
  std::filesystem::permissions(project.database(), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::remove);

  RawDatabase(project.database()).run("UPDATE events SET payload = '{}' WHERE sequence = 1");
  const Answer altered = project.run("--json doctor");
  CHECK(altered.code == 1);
  CHECK(Json::parse(altered.text).at("healthy") == false);
  CHECK(findings_of(altered) == Findings{"chain", "chain"});
  CHECK(tells(project.run("doctor"), "struere verify -e production"));
  CHECK(project.run("backup copy.db").code == 7);

  std::ofstream(project.database(), std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
  for (const char* const part : {"-wal", "-shm"}) std::filesystem::remove(project.database() + part);
  CHECK(findings_of(project.run("--json doctor")) == Findings{"storage"});
  CHECK(project.run("doctor").code == 1);
}

TEST_CASE("the doctor names damaged rows, and says all that it says without them", "[cli][doctor]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  project.write("roles/clerk.yaml", "name: clerk\n");
  REQUIRE(project.run("sync").code == 0);
  const std::string id = answer_of(project, R"(data create note '{"text": "milk"}')").at("id");
  RawDatabase(project.database()).run("UPDATE entities SET data = '{\"text\":' WHERE id = '" + id + "'");
  const Findings without = findings_of(project.run("--json doctor"));
  CHECK(std::ranges::count(without, "role_grants_nothing") == 1);
  Findings with = findings_of(project.run("--json doctor --rows"));
  CHECK(std::erase(with, "row_damaged") == 1);
  CHECK(with == without);
  const Answer told = project.run("doctor --rows");
  CHECK(told.code == 1);
  CHECK(tells(told, "! development: the stored data of 1 rows of `note` is damaged"));
  CHECK(tells(told, id));
}

TEST_CASE("an empty file in the place of the database is refused by each command, and stays as it is", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string backup = (project.path() / "backup.db").string();
  REQUIRE(project.run("backup " + backup).code == 0);
  for (const char* const part : {"-wal", "-shm", "-lock"}) std::filesystem::remove(project.database() + part);
  std::filesystem::resize_file(project.database(), 0);
  for (const std::string& command :
       {std::string("doctor"), std::string("verify"), std::string("status"), std::string("run"),
        std::string("data list note"), std::string("sync"), std::string("dev"), std::string("users list"),
        std::string("serve"), "backup --force " + backup,
        "copy " + project.database() + " " + (project.path() / "other.db").string(),
        "copy " + backup + " " + project.database()}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == (command == "doctor" ? 1 : 7));
    CHECK(tells(answer, "empty"));
    CHECK(std::filesystem::file_size(project.database()) == 0);
  }
  CHECK(Database::open(backup).trusted_host().organizations().size() == 1);
  CHECK(tells(project.run("sync"), "remove it to begin anew"));
  std::filesystem::remove(project.database());
  CHECK(project.run("sync").code == 0);
}

TEST_CASE("a member who leaves is removed with roles and keys", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  REQUIRE(project.run("roles assign ada author").code == 0);
  const Answer removed = project.run("users remove ada");
  INFO(removed.text);
  CHECK(removed.code == 0);
  CHECK(tells(removed, "ada is no longer a member"));
  CHECK(tells(project.run("users list"), "no members"));
  CHECK(project.run("users remove ada").code == 4);
  CHECK(project.run("--as ada data list note").code == 4);
  REQUIRE(project.run("users add ada").code == 0);
  CHECK_FALSE(tells(project.run("users list"), "author"));
}

TEST_CASE("keys that expire, and such as are webhooks'", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("keys list"), "struere keys create"));
  const Json key = answer_of(project, "keys create app --role author --expires-in 90");
  const auto days = (key.at("expiresAt").get<Timestamp>() - key.at("createdAt").get<Timestamp>()) / 86'400'000;
  CHECK((days == 89 || days == 90));
  CHECK(project.run("keys create app --expires-in 0").code == 2);
  CHECK(project.run("keys rotate x --overlap -5").code == 2);
  const std::string secret = answer_of(project, "keys create hook --webhook --role author").at("secret");
  CHECK(Database::open(project.database()).authenticate(secret).actor().type() == ActorType::webhook);
  CHECK(project.run("keys revoke 0192").code == 4);
}

TEST_CASE("what is wrong about a command line is said, in JSON too, and where to look", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Answer unknown = project.run("deplyo");
  CHECK(unknown.code == 2);
  CHECK(tells(unknown, "`deplyo`"));
  CHECK(tells(unknown, "struere --help"));
  CHECK(tells(unknown, "Did you mean `deploy`?"));
  const Answer below = project.run("keys creat app");
  CHECK(tells(below, "struere keys --help"));
  CHECK(tells(below, "Did you mean `create`?"));
  CHECK(tells(project.run("deploy --ntoe x"), "Did you mean `--note`?"));
  CHECK(tells(project.run("keys create app --enviroment=production"), "Did you mean `--environment`?"));
  CHECK_FALSE(tells(project.run("nonsense"), "Did you mean"));
  CHECK(Json::parse(project.run("2>/dev/null --json keys create").text).at("error") == "usage");
  CHECK(Json::parse(project.run("2>/dev/null keys create --nonsense --json").text).at("error") == "usage");
  CHECK(project.run("verify -e prod").code == 2);
  CHECK(project.run("verify -e Production").code == 2);
  CHECK(project.run("data list note --as nobody").code == 4);
  CHECK(tells(project.run("data list note --as nobody"), "struere users add"));
  CHECK(project.run("data list note --key sk_dev_guess").code == 3);
  CHECK(project.run("data list note --key sk_dev_guess --as ada").code == 2);
  CHECK(project.run("data list note --limit 0").code == 6);
  CHECK(project.run("data list note --limit 99999999999999999999").code == 2);
  CHECK(tells(project.run("data list note --order data.txet"), "no field `data.txet`; did you mean `data.text`?"));
  CHECK_FALSE(tells(project.run("data list note --order data.text"), "did you mean"));
  CHECK(project.run("data list nonsense").code == 4);
  CHECK(tells(project.run("data list nte"), "no entity type `nte` in development. Did you mean `note`?"));
  CHECK_FALSE(tells(project.run("data list nte --key sk_dev_guess"), "Did you mean"));
  CHECK(project.run("data get note ''").code == 2);
  CHECK(project.run("rollback -y -- -1").code == 2);
  CHECK(project.run("deploy --json").code == 2);
  CHECK(project.run("pull").code == 0);  // nothing differs, so nothing is asked
  for (const char* const command : {"init",
                                    "add",
                                    "dev",
                                    "sync",
                                    "status",
                                    "diff",
                                    "deploy",
                                    "releases",
                                    "rollback",
                                    "pull",
                                    "keys create",
                                    "keys list",
                                    "keys rotate",
                                    "keys revoke",
                                    "data list",
                                    "data get",
                                    "data create",
                                    "data update",
                                    "data delete",
                                    "data import",
                                    "data export",
                                    "events",
                                    "verify",
                                    "users add",
                                    "roles assign",
                                    "explain",
                                    "packs list",
                                    "packs install",
                                    "packs upgrade",
                                    "packs diff",
                                    "packs repair",
                                    "packs customize",
                                    "packs uninstall",
                                    "runs list",
                                    "runs retry",
                                    "runs cancel",
                                    "adopt",
                                    "backup",
                                    "doctor",
                                    "completion"}) {
    const Answer help = project.run(fmt::format("{} --help", command));
    CHECK(help.code == 0);
    CHECK(tells(help, fmt::format("struere {}", command)));
  }
  // A full disk behind a redirection.
  CHECK(project.run("releases 2>&1 >/dev/full").code == 1);
  CHECK(project.run("data export note >/dev/full").code <= 1);
}

TEST_CASE("a number on the command line is decimal, and nothing else is a number", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Json key = answer_of(project, "keys create app --role author --expires-in 010");
  const auto days = (key.at("expiresAt").get<Timestamp>() - key.at("createdAt").get<Timestamp>()) / 86'400'000;
  CHECK((days == 9 || days == 10));
  CHECK(tells(project.run("rollback 010 -y"), "there is no release 10;"));
  CHECK(tells(project.run("data import note --from 010"), "--from 10 is beyond the end"));
  const std::string id = answer_of(project, R"(data create note '{"text": "milk"}')").at("id");
  CHECK(project.run("data update note " + id + R"( '{"text": "tea"}' --version 01)").code == 0);
  CHECK(answer_of(project, "prune --keep events=010").at("events").at("days") == 10);
  for (const char* const command :
       {"rollback -y", "keys create other --expires-in", "keys rotate x --overlap", "data list note --limit",
        "data import note --batch", "data import note --from", "events --last", "runs list --limit",
        "threads list --limit", "executions list --limit", "relations list x y --limit",
        "data update note x {} --version", "copy a.db b.db --batch", "serve --listen 127.0.0.1:0 --rate-limit"})
    for (const char* const number : {"0x1", "1e3", "' 1'", "'1 '", "+1", "1.0", "1_0", "one"}) {
      const Answer answer = project.run(std::string(command) + " " + number);
      INFO(command << " " << number << ": " << answer.text);
      CHECK(answer.code == 2);
    }
  for (const char* const command :
       {"rollback -y -- -1", "data list note --limit=-1", "data update note x {} --version=-1",
        "prune --keep events=-1", "prune --keep events=0x1", "serve --listen 127.0.0.1:0x1",
        "serve --listen '127.0.0.1: 1'", "serve --listen 127.0.0.1:65536"}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == 2);
  }
}

TEST_CASE("what cannot be served or copied is refused before anything is begun", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const options : {"--rate-limit 0", "--host http://data.example.org", "--host data.example.org:8787",
                                    "--host data.example.org/", "--host 'a b'"}) {
    const Answer answer = project.run(std::string("serve --listen 127.0.0.1:0 ") + options);
    INFO(options << ": " << answer.text);
    CHECK(answer.code == 2);
  }
  const auto target = project.path() / "copied.db";
  const Answer copied = project.run("copy " + project.database() + " " + target.string() + " --organization nosuch");
  CHECK(copied.code == 4);
  CHECK(tells(copied, "the source has no organization `nosuch`"));
  CHECK_FALSE(std::filesystem::exists(target));
}

TEST_CASE("in JSON the answer is one text, whatever stands in the way", "[cli]") {
  const Project project;
  project.write("entity-types/task.yaml", "slug: task\n");
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "milk"}')").code == 0);
  REQUIRE(project.run("data create task '{}' -e production").code == 0);
  const auto refused = [&](const std::string& arguments) {
    const Answer answer = project.run("2>/dev/null --json " + arguments);
    INFO(arguments << ": " << answer.text);
    CHECK(answer.code == 5);
    return Json::parse(answer.text);  // which two would not be
  };
  std::filesystem::rename(project.path() / "entity-types/note.yaml", project.path() / "note.yaml");
  std::filesystem::remove(project.path() / "roles/author.yaml");
  const Json sync = refused("sync");
  CHECK(sync.at("error") == "conflict");
  CHECK(sync.at("plan").at("obstacles").at(0).at("count") == 1);
  CHECK(tells(project.run("sync"), "development is left as it is"));
  CHECK(answer_of(project, "data list note").at("rows").size() == 1);

  const std::string id = answer_of(project, "data list note").at("rows").at(0).at("id");
  REQUIRE(project.run("data delete note " + id).code == 0);
  CHECK(tells(project.run("sync"), "there are deleted entities of it"));
  std::filesystem::rename(project.path() / "note.yaml", project.path() / "entity-types/note.yaml");
  std::filesystem::remove(project.path() / "entity-types/task.yaml");
  CHECK(answer_of(project, "sync").at("changes").size() == 2);
  CHECK(refused("deploy --yes").at("plan").at("obstacles").size() == 1);

  const std::string pack = fmt::format("'{}/examples/packs/tutoring/1.0.0'", source_dir());
  CHECK(Json::parse(project.run("2>/dev/null --json packs install " + pack).text).at("error") == "usage");  // no --yes
  CHECK(answer_of(project, "packs install --yes " + pack).is_object());
  REQUIRE(project.run(R"(data create student '{"name": "Ada"}')").code == 0);
  CHECK(refused("packs uninstall --yes tutoring").at("plan").is_object());
}

TEST_CASE("a dead run is listed, and brought back", "[cli]") {
  const Project project;
  project.write("tools/send-mail.yaml", "name: send-mail\n");
  project.write("triggers/remind.yaml",
                "slug: remind\non: {entityType: note, action: created}\nretry: {maxAttempts: 1}\n"
                "actions: [{tool: send-mail}]\n");
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("runs list"), "no run in development"));
  for (int i = 0; i < 2; ++i) REQUIRE(project.run(R"(data create note '{"text": "milk"}')").code == 0);
  bool is_down = true;
  const auto work = [&] {
    TriggerWorker worker(Database::open(project.database()));
    worker.add_tool("send-mail", [&](const ToolCall&) {
      if (is_down) throw std::runtime_error("the server is down");
      return Json::object();
    });
    return worker.run_due();
  };
  const std::string pending = answer_of(project, "runs list --status pending").at("runs").at(0).at("id");
  CHECK(tells(project.run("runs cancel " + pending), "Cancelled"));
  CHECK(project.run("runs retry " + pending).code == 5);
  CHECK(work().dead == 1);

  const Answer table = project.run("runs list --status dead");
  CHECK(tells(table, "the server is down"));
  CHECK(tells(table, "struere runs retry"));
  CHECK(tells(project.run("doctor"), "struere runs list --status dead"));
  const Json dead = answer_of(project, "runs list --status dead --trigger remind").at("runs");
  REQUIRE(dead.size() == 1);
  CHECK(dead.at(0).at("error") == "the server is down");
  const std::string id = dead.at(0).at("id");
  CHECK(project.run("runs retry -e production " + id).code == 4);
  CHECK(answer_of(project, "runs retry " + id).at("status") == "pending");
  is_down = false;
  CHECK(work().completed == 1);
  CHECK(tells(project.run("runs list --status dead"), "no dead run"));
  CHECK(answer_of(project, "runs list --status completed").at("runs").size() == 1);
  CHECK(project.run("runs retry 0192").code == 4);
  CHECK(project.run("runs list --status nonsense").code == 2);
  CHECK(project.run("runs list --as nobody").code == 4);
}

TEST_CASE("what is stored cannot speak to a terminal", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run(R"_(users add "$(printf 'a\033]0;owned\007')" --name x)_").code == 0);
  REQUIRE(project.run(R"_(keys create "$(printf 'k\033[2J\233')" --role author)_").code == 6);  // no UTF-8
  REQUIRE(project.run(R"_(keys create "$(printf 'k\033[2J\302\233')" --role author)_").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "\u001b[2J\u009b2J"}')").code == 0);
  project.write("roles/odd.yaml", "name: \"r\\x1b[2Jle\"\n");
  for (const char* const command :
       {"users list", "keys list", "data list note", "sync", "status", "events", "diff", "deploy -y", "releases",
        "doctor", "complete roles assign x ''", "nonsense\x1b[2J"}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.text.find('\x1b') == std::string::npos);
    CHECK(answer.text.find("\xc2\x9b") == std::string::npos);
  }
}

TEST_CASE("an import is refused for the line that is wrong, and no line is too much for it", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  const auto import = [&](const std::string& text) {
    std::ofstream(file) << text;
    return project.run("data import note < '" + file + "'");
  };
  const Answer partly = import("{\"text\": \"a\"}\r\n\n{\"text\": \"b\"}\n{\"text\": 5}\n{\"text\": \"c\"}\n");
  CHECK(partly.code == 6);
  CHECK(tells(partly, "line 4 of the input"));
  CHECK(tells(partly, "nothing was imported"));
  CHECK(tells(import("{\"text\": \"without an end\"}"), "1 imported."));
  CHECK(tells(import(""), "0 imported."));
  const Answer huge = import("{\"text\": \"" + std::string(3 << 20, 'x') + "\"}\n");
  CHECK(huge.code == 6);
  CHECK(tells(huge, "longer than"));
  CHECK(import("{\"text\": \"" + std::string(900'000, 'x') + "\"}\n").code == 0);
  CHECK(answer_of(project, "data list note").at("rows").size() == 2);
  CHECK(tells(project.run("data export note | wc -l"), "2"));
}

TEST_CASE("what else there is in an environment is listed, as an actor sees it", "[cli]") {
  const Project project;
  project.write("agents/helper.yaml", "slug: helper\nmodel: some-model\nsystemPrompt: help\n");
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  CHECK(tells(project.run("types list"), "note"));
  CHECK(tells(project.run("roles list"), "author"));
  CHECK(tells(project.run("agents list"), "some-model"));
  CHECK(tells(project.run("members list"), "ada"));
  CHECK(answer_of(project, "types list").at(0).at("slug") == "note");
  CHECK(project.run("types list --as ada").code == 3);
  const std::string a = answer_of(project, R"(data create note '{"text": "a"}')")["id"];
  const std::string b = answer_of(project, R"(data create note '{"text": "b"}')")["id"];
  CHECK(tells(project.run("relations link " + a + " next " + b), "Linked."));
  CHECK(answer_of(project, "relations list " + a + " next").at(0).at("id") == b);
  CHECK(answer_of(project, "relations list --backwards " + b + " next").at(0).at("id") == a);
  CHECK(project.run("relations link " + a + " next nothing").code == 4);
  CHECK(project.run("relations list " + a + " next --as ada").code == 4);
  CHECK(tells(project.run("relations unlink " + a + " next " + b), "No longer linked."));
  CHECK(answer_of(project, "relations list " + a + " next").empty());
  CHECK(tells(project.run("threads list"), "no thread"));
  CHECK(tells(project.run("threads show 0192"), "no thread `0192`"));
  CHECK(tells(project.run("executions list"), "no execution"));
}

TEST_CASE("run carries out triggers until it is stopped, beside those that it cannot carry out", "[cli]") {
  const Project project;
  project.write("triggers/tell.yaml",
                "slug: tell\non: {entityType: note, action: created}\n"
                "actions: [{tool: event.emit, args: {type: note.seen}}]\n");
  project.write("tools/send-mail.yaml", "name: send-mail\n");
  project.write("triggers/mail.yaml",
                "slug: mail\non: {entityType: note, action: created}\nactions: [{tool: send-mail}]\n");
  REQUIRE(project.run("sync").code == 0);
  const std::string output = (project.path() / "run.out").string();
  const pid_t child = project.start({"run"}, output);
  REQUIRE(project.run(R"(data create note '{"text": "t"}')").code == 0);
  const auto comes = [&](const std::function<bool()>& holds) {
    for (int i = 0; i < 500; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  };
  CHECK(comes([&] { return tells(project.run("events --type note.seen"), "note.seen"); }));
  const auto waits = "the trigger `mail` of acme in development waits for a worker that has the tool `send-mail`";
  CHECK(comes([&] { return project.read("run.out").find(waits) != std::string::npos; }));
  CHECK(tells(project.run("runs list --status pending"), "mail"));
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(project.read("run.out").find("Stopped.") != std::string::npos);

  CHECK(project.run("run --organization nobody").code == 4);
}

TEST_CASE("a name that no definition may have is refused before a file is made", "[cli]") {
  const Project project;
  for (const char* const name : {"events", "users", "api_keys", "entity", "role", "api-key"}) {
    const Answer answer = project.run(std::string("add entity-type ") + name);
    INFO(answer.text);
    CHECK((answer.code == 2 || answer.code == 6));
    CHECK(tells(answer, name));
    CHECK_FALSE(std::filesystem::exists(project.path() / "entity-types" / (std::string(name) + ".yaml")));
  }
  CHECK(project.run("add trigger a.b").code == 6);
  CHECK(project.run("add entity-type a.b").code == 6);
  CHECK(project.run("init --organization $(printf 'x%.0s' $(seq 300))").code == 2);
}
