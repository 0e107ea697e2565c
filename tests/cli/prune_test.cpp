// `struere prune`: what an environment keeps, and for how long.
#include <catch2/catch.hpp>

#include "cli/project.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("prune keeps for good what it is not told to forget", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("prune"), "keeps everything for good"));
  CHECK(tells(project.run("verify -e production"), "The log of production has no events."));
  const auto answer = [&](const std::string& arguments) {
    return Json::parse(project.run("--json " + arguments).text);
  };
  CHECK(answer("prune --keep events=30 --keep executions=7") ==
        R"({"events": {"days": 30, "removed": 0}, "executions": {"days": 7, "removed": 0}})"_json);
  CHECK(answer("prune --keep events=forever") == R"({"executions": {"days": 7, "removed": 0}})"_json);
  CHECK(tells(project.run("prune --keep nonsense=3"), "--keep takes KIND=DAYS"));
  CHECK(tells(project.run("prune --keep events=0"), "from 1 to 36500 days"));
  CHECK(answer("verify").at("ok") == true);
}
