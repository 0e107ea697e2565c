// `struere operators`: the link, the list and the end.
#include <catch2/catch.hpp>

#include "cli/project.hpp"
#include "struere/struere.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a member is invited by a link, listed, and signed out", "[cli][operators]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  CHECK(tells(project.run("operators list"), "struere operators invite USER"));
  CHECK(project.run("operators invite eve").code == 4);
  CHECK(tells(project.run("operators invite ad"), "Did you mean `ada`?"));
  CHECK(project.run("operators invite ada -e production").code == 2);
  CHECK(project.run("operators invite ada", "STRUERE_KEY=sk_dev_x").code == 2);
  const Answer words = project.run("operators invite ada --address https://data.example.org/");
  CHECK(words.code == 0);
  CHECK(tells(words, "https://data.example.org/sign-in?token=invite_acme."));

  const Json invited = Json::parse(project.run("--json operators invite ada").text);
  CHECK(invited.at("link").get<std::string>().starts_with("http://127.0.0.1:8787/sign-in?token="));
  const auto database = Database::open((project.path() / "struere.db").string());
  const OperatorSessions sessions = database.trusted_host().operator_sessions();
  const std::string secret = sessions.redeem(invited.at("token").get<std::string>()).secret;
  const Json listed = Json::parse(project.run("--json operators list").text);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].at("user") == "ada");
  CHECK(listed[0].at("kind") == "session");
  CHECK_FALSE(tells(project.run("operators list"), secret.substr(secret.rfind('.') + 1)));
  CHECK(Json::parse(project.run("--json operators end ada").text) == Json{{"user", "ada"}, {"ended", 1}});
  CHECK_FALSE(sessions.find(secret));
}
