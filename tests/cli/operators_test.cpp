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

TEST_CASE("an invitation whose link cannot be shown ends, and no session with it", "[cli][operators]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  for (const char* const output : {"> /dev/full", ">&-", "--json > /dev/full"}) {
    const Answer answer = project.run(std::string("operators invite ada 2>/dev/null ") + output);
    INFO(output << ": " << answer.text);
    CHECK(answer.code == 1);
    CHECK(Json::parse(project.run("--json operators list").text).empty());
  }
  const OperatorSessions sessions = Database::open(project.database()).trusted_host().operator_sessions();
  const std::string token = Json::parse(project.run("2>/dev/null --json operators invite ada").text).at("token");
  const std::string secret = sessions.redeem(token).secret;
  CHECK(project.run("operators invite ada 2>/dev/null >&-").code == 1);
  CHECK(sessions.find(secret));
}

TEST_CASE("an example has people who see different rows, and is made only once", "[cli][init]") {
  const Project project;
  CHECK(tells(project.run("init --example"), "Next: struere serve"));
  CHECK(Json::parse(project.run("--json data list note --as mara").text).at("rows").size() == 6);
  for (const std::string author : {"ana", "ben"}) {
    const Json seen = Json::parse(project.run("--json data list note --as " + author).text).at("rows");
    CHECK(seen.size() == 3);
    for (const Json& note : seen) CHECK(note.at("data").value("author", "") == author);
    for (const Json& note : seen) CHECK_FALSE(note.at("data").contains("secret"));
  }
  CHECK(project.run("init --example").code == 5);
}

TEST_CASE("serve begins a project that has no database yet", "[cli][init]") {
  const Project project;
  // Nobody sits there: the database may be on a disk that is not mounted.
  const Answer refused = project.run("serve --listen 198.51.100.1:1");
  CHECK(refused.code == 4);
  CHECK(tells(refused, "see whether its disk is mounted, or begin it with `struere serve --new`"));
  CHECK(project.run("users list").code == 4);
  // An address of another machine: what comes after the beginning is refused at once.
  const Answer begun = project.run("serve --new --listen 198.51.100.1:1");
  CHECK(begun.code == 7);
  CHECK(tells(begun, "added the admin `owner`"));
  CHECK(tells(project.run("users list"), "owner"));
  CHECK(tells(project.run("sync"), "development is as the files say"));
  CHECK_FALSE(tells(project.run("serve --listen 198.51.100.1:1"), "A new project"));
}

TEST_CASE("serve and an example are for a database, not for a project on a server", "[cli][init]") {
  const Project project;
  project.write("struere.yaml", "server: https://data.example.org\norganization: acme\n");
  CHECK(project.run("serve").code == 2);
  CHECK(project.run("init --example").code == 2);
}
