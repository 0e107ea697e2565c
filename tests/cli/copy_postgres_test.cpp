// `struere copy` between a file and PostgreSQL.
#include <fmt/format.h>
#include <sys/wait.h>
#include <catch2/catch.hpp>

#include <csignal>

#include "cli/project.hpp"
#include "support/copied_world.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct CopiedProject : Project {
  CopiedProject() : world(StorageKind::sqlite) { make_source(world, 31, 80); }

  Answer copy(const std::string& source, const std::string& target, const std::string& more = "") const {
    return run(fmt::format("copy '{}' '{}' {}", source, target, more));
  }

  World world;
  TemporaryFolder folder;
  PostgresDatabase server;
};

}  // namespace

TEST_CASE("the tool copies a file to PostgreSQL and an organization of it back", "[cli][postgres]") {
  const CopiedProject project;
  const std::string file = project.world.folder.file(), url = project.server.application();
  const Answer there = project.copy(file, url);
  INFO(there.text);
  REQUIRE(there.code == 0);
  CHECK(tells(there, "2 organizations"));
  CHECK(tells(there, "verified"));
  CHECK(tells(there, "ANALYZE"));
  const Answer again = project.copy(file, url);  // they are open there
  CHECK(again.code == 5);
  CHECK(again.text.find(url) == std::string::npos);

  const std::string back = project.folder.file("back.db");
  const Answer json = project.run(fmt::format("--json copy '{}' '{}' --organization globex", url, back));
  INFO(json.text);
  REQUIRE(json.code == 0);
  CHECK(Json::parse(json.text).at("organizations") == 1);
  CHECK(differences(dump(file, "globex"), dump(back, "globex")) == no_differences);
  CHECK(dump(back, "acme").empty());
}

TEST_CASE("the tool copies nothing that is not there, and says so", "[cli][postgres]") {
  const CopiedProject project;
  const std::string file = project.world.folder.file(), url = project.server.application();
  const std::string nowhere = project.folder.file("nowhere.db");
  CHECK(project.copy(file, url, "--organization nobody").code == 4);
  const Answer missing = project.copy(nowhere, url);
  CHECK(missing.code == 4);
  CHECK(tells(missing, "there is no file " + nowhere));
  CHECK_FALSE(std::filesystem::exists(nowhere));
  const PostgresDatabase empty(PostgresDatabase::Tables::none);
  const Answer no_tables = project.copy(file, empty.superuser());
  CHECK(no_tables.code != 0);
  CHECK(tells(no_tables, "struere pg init"));
  CHECK(project.copy(file, url).code == 0);  // none of these left anything
}

TEST_CASE("a copy by the tool that is interrupted goes on when the command runs again", "[cli][postgres]") {
  const CopiedProject project;
  const std::string file = project.world.folder.file(), url = project.server.application();
  const pid_t child = project.start({"copy", file, url, "--batch", "1"});
  RawPostgres raw(project.server.superuser());
  for (int i = 0; i < 30'000 && raw.value("SELECT count(*) FROM struere.organizations") == "0"; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  kill(child, SIGINT);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(raw.value("SELECT count(*) FROM struere.organizations WHERE unfinished_copy IS NULL") == "0");
  const Answer rest = project.copy(file, url);
  INFO(rest.text);
  CHECK(rest.code == 0);
  CHECK(tells(rest, "(resumed)"));
  const std::string back = project.folder.file("back.db");
  REQUIRE(project.copy(url, back).code == 0);
  CHECK(differences(dump(file), dump(back)) == no_differences);
}
