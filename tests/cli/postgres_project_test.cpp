// A project whose database is on PostgreSQL: each command does there what it does on a file.
#include <catch2/catch.hpp>

#include "cli/compared_commands.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

void begin(const Project& project) {
  project.write("triggers/tell.yaml",
                "slug: tell\non: {entityType: note, action: created}\n"
                "actions: [{tool: event.emit, args: {type: note.seen}}]\n");
  const Answer synced = project.run("sync");
  INFO(synced.text);
  REQUIRE(synced.code == 0);
  REQUIRE(project.run("users add boss --admin").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
}

void use(const Project& project, const std::string& url) {
  project.write("struere.yaml", "database: " + url + "\norganization: acme\n");
}

}  // namespace

TEST_CASE("each command does on PostgreSQL what it does on a file", "[cli][postgres]") {
  const Project file, other;
  const PostgresDatabase database;
  use(other, database.application());
  begin(file);
  begin(other);
  const auto here = fill(file.database()), there = fill(database.application());
  for (const auto& [command, rule] : compared_commands) {
    const auto* const compared = std::get_if<Compared>(&rule);
    if (!compared) continue;
    for (const std::string& arguments : *compared) {
      const std::string line = command + " " + arguments;
      const Answer in_file = file.run(with_names(line, here)), in_postgres = other.run(with_names(line, there));
      INFO(line << "\non a file:\n" << in_file.text << "\non PostgreSQL:\n" << in_postgres.text);
      CHECK(in_postgres.code == in_file.code);
      CHECK(comparable_in(other, in_postgres.text) == comparable_in(file, in_file.text));
    }
  }
  CHECK_FALSE(std::filesystem::exists(other.path() / "struere.db"));
  CHECK(comparable(other.run("verify").text) == comparable(file.run("verify").text));
  const Answer backup = other.run("backup x.db");
  CHECK(backup.code == 2);
  CHECK(tells(backup, "pg_dump"));
  CHECK(other.run("prune").text == file.run("prune").text);
}

TEST_CASE("triggers are carried out and definitions followed on PostgreSQL", "[cli][postgres]") {
  const Project project;
  const PostgresDatabase database;
  use(project, database.application());
  begin(project);
  REQUIRE(project.run("data create note '{\"text\": \"one\"}'").code == 0);
  const pid_t worker = project.start({"run"}), dev = project.start({"dev"});
  const auto comes = [&](const std::string& command, const std::string& words) {
    for (int tries = 0; tries < 200; ++tries) {
      if (tells(project.run(command), words)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  };
  CHECK(comes("events --prefix note.seen", "note.seen"));
  project.write("entity-types/visit.yaml", "slug: visit\nname: Visit\n");
  CHECK(comes("types list", "visit"));
  for (const pid_t process : {worker, dev}) {
    kill(process, SIGTERM);
    int status = -1;
    waitpid(process, &status, 0);
    CHECK(status == 0);
  }
}

TEST_CASE("a project's URL is an answer without its password, and says what is wrong", "[cli][postgres]") {
  const Project project;
  const PostgresDatabase database, empty(PostgresDatabase::Tables::none);
  std::string url = database.application();
  url.insert(url.find('@'), ":a-secret");
  use(project, url);
  begin(project);
  for (const std::string command : {"sync", "status", "doctor", "doctor --json", "backup x.db", "data list none"})
    CHECK_FALSE(tells(project.run(command), "a-secret"));
  use(project, empty.application());
  const Answer no_tables = project.run("status");
  CHECK(no_tables.code == 7);
  CHECK(tells(no_tables, "struere pg init"));
  use(project, "postgresql://a:a-secret@/none?host=/nowhere");
  const Answer nobody = project.run("status");
  CHECK(nobody.code == 7);
  CHECK_FALSE(tells(nobody, "a-secret"));
  use(project, "mysql://somewhere/x");
  CHECK(project.run("status").code == 7);
  // What a password is made of, nobody may have encoded.
  url.replace(url.find("a-secret"), 8, "a?sec@ret");
  use(project, url);
  for (const std::string command : {"status", "init --example", "backup x.db"}) {
    const Answer answer = project.run(command);
    INFO(answer.text);
    CHECK_FALSE(tells(answer, "sec"));
    CHECK_FALSE(tells(answer, ":a"));
  }
  for (const char* const meant : {"'host=/tmp dbname=a password=a-secret'", "POSTGRESQL://a:a-secret@/b",
                                  "postgresql:a@/b", "' postgresql://a@/b'"}) {
    use(project, meant);
    const Answer answer = project.run("sync");
    CHECK(answer.code == 2);
    CHECK(tells(answer, "postgresql://user@host:port/database"));
    CHECK_FALSE(tells(answer, "a-secret"));
  }
  for (const char* const meant : {"sqlite:acme.db", "FILE:acme.db", "sqlite3:acme.db"}) {
    use(project, meant);
    const Answer answer = project.run("sync");
    CHECK(answer.code == 2);
    CHECK(tells(answer, "leave out `"));
  }
  project.write("struere.yaml", "server: postgresql://a:a-secret@/b\norganization: acme\n");
  const Answer server = project.run("status");
  CHECK(server.code == 2);
  CHECK_FALSE(tells(server, "a-secret"));
}

TEST_CASE("a project on an empty database begins with serve, as it does without a file", "[cli][postgres]") {
  const Project project;
  const PostgresDatabase database;
  use(project, database.application());
  // An address of another machine: what comes after the beginning is refused at once.
  CHECK(project.run("serve --listen 198.51.100.1:1").code == 4);
  const Answer begun = project.run("serve --new --listen 198.51.100.1:1");
  INFO(begun.text);
  CHECK(begun.code == 7);
  CHECK(tells(begun, "A new project: began postgresql://struere_application@"));
  CHECK(tells(project.run("users list"), "owner"));
  CHECK_FALSE(tells(project.run("serve --listen 198.51.100.1:1"), "A new project"));
}

TEST_CASE("a URL that cannot be one is a mistake of the command line", "[cli][postgres]") {
  const Project project;
  const PostgresDatabase database(PostgresDatabase::Tables::none);
  const std::string url = database.superuser();
  const std::string misspelt = url + (url.find('?') == std::string::npos ? "?" : "&") + "sslmode=verfy-full";
  for (const std::string& wrong : {std::string("http://x"), std::string("nothing"), misspelt}) {
    const Answer answer = project.run("pg init '" + wrong + "'");
    INFO(wrong << ": " << answer.text);
    CHECK(answer.code == 2);
    CHECK(tells(answer, "the URL of the PostgreSQL database"));
  }
  CHECK(project.run("pg init '" + url + "' --dry-run").code == 0);
}

TEST_CASE("an example is for a new project, and nothing is written into another one", "[cli][postgres]") {
  const Project project;
  const PostgresDatabase database;
  const bool is_file = GENERATE(true, false);
  if (!is_file) use(project, database.application());
  begin(project);
  for (const char* const name : {"entity-types", "roles", ".gitignore"})
    std::filesystem::remove_all(project.path() / name);
  if (is_file) std::filesystem::remove(project.path() / "struere.yaml");
  const Answer answer = project.run("init --example --organization acme");
  CHECK(answer.code == 5);
  CHECK(tells(answer, "exists already"));
  for (const char* const name : {"entity-types", "roles", ".gitignore"})
    CHECK_FALSE(std::filesystem::exists(project.path() / name));
  CHECK(std::filesystem::exists(project.path() / "struere.yaml") == !is_file);
}
