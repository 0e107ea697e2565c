// Who a command acts as: never silently the system, and never silently in another environment.
#include <catch2/catch.hpp>

#include <fstream>

#include "cli/project.hpp"
#include "struere/struere.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string new_key(const Project& project, const std::string& options) {
  return Json::parse(project.run("--json keys create app --role author " + options).text).at("secret");
}

}  // namespace

TEST_CASE("an actor that is named but empty is wrong usage, and not the system", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "t", "secret": "value"}')").code == 0);
  std::ofstream(project.path() / "empty").close();
  std::ofstream(project.path() / "blank") << "\n";
  const std::string folder = project.path().string();
  for (const std::string option : {"--key ''", "--key=", "--as ''", "--as=", "--key-file ''", "--key - < /dev/null"})
    for (const std::string command : {"data export note ", "data list note ", "keys list ", "events ", "verify "}) {
      const Answer answer = project.run(command + option);
      INFO(command << option << ": " << answer.text);
      CHECK(answer.code == 2);
      CHECK_FALSE(tells(answer, "value"));
    }
  CHECK(project.run("data export note --key-file " + folder + "/empty").code == 2);
  CHECK(project.run("data export note --key-file " + folder + "/blank").code == 2);
  const Answer variable = project.run("data export note", "STRUERE_KEY=");
  CHECK(variable.code == 2);
  CHECK(tells(variable, "STRUERE_KEY is set but empty"));
  CHECK(project.run("data export note", "STRUERE_KEY=' '").code == 3);
  CHECK_THROWS_AS(Database::open(project.database()).authenticate(""), Error);
}

TEST_CASE("an option that is given and empty is refused by every command", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const command : {"-e '' status",
                                    "keys create app --role ''",
                                    "keys create ''",
                                    "users add ''",
                                    "users add ada --name ''",
                                    "roles assign '' author",
                                    "roles assign ada ''",
                                    "events --type ''",
                                    "events --entity ''",
                                    "events --actor ''",
                                    "data list note --where ''",
                                    "data list note --order ''",
                                    "data list note --after ''",
                                    "data list ''",
                                    "data create note '{}' --status ''",
                                    "runs list --trigger ''",
                                    "init --organization ''",
                                    "deploy -y --note ''",
                                    "packs install ''",
                                    "backup ''",
                                    "--project '' status"}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == 2);
  }
  CHECK(project.run("data list note --search ''").code == 0);  // a text without words matches nothing
}

TEST_CASE("an option without a value does not take the next option as its value", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const command : {"users add boss --name= --admin",
                                    "users add boss --name --admin",
                                    "members add boss --name --admin",
                                    "users add boss --admin --name=",
                                    "users add boss --name -e production",
                                    "users add --name -- boss",
                                    "users add boss --name --key=x",
                                    "events --actor= --json",
                                    "events --type= --json",
                                    "--environment= status",
                                    "--project= status",
                                    "data list note --where --json",
                                    "data list note --search --json",
                                    "data create note --status= '{}'",
                                    "keys create app --role= --role author",
                                    "operators invite boss --address=",
                                    "serve --listen 127.0.0.1:0 --metrics-token= --log",
                                    "serve --metrics-token --log",
                                    "users list --json=",
                                    "deploy --note= -y",
                                    "deploy --note -y",
                                    "users list --nonsense="}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == 2);
  }
  CHECK(tells(project.run("users add boss --name= --admin"), "--name is empty"));
  CHECK(tells(project.run("users add boss --name --admin"), "write --name=--admin"));
  CHECK(Json::parse(project.run("users list --json").text) == Json::array());

  // A value that is meant, an empty text of a search, and what follows --.
  CHECK(project.run("users add boss --name=--admin").code == 0);
  REQUIRE(project.run("users add -- --name=").code == 0);
  CHECK(tells(project.run("users list"), "--name="));
  REQUIRE(project.run(R"(data create note '{"text": "t"}')").code == 0);
  const Answer nothing = project.run("data list note --search= --json");
  INFO(nothing.text);
  CHECK(nothing.code == 0);
  CHECK(Json::parse(nothing.text).at("rows") == Json::array());
  CHECK(Json::parse(project.run("users add boss --name= --json 2>/dev/null").text).contains("error"));
}

TEST_CASE("a command that cannot act as a key or a user says so, and does nothing", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  const std::string key = new_key(project, "");
  const std::vector<std::string> commands{"init",
                                          "add role clerk",
                                          "sync",
                                          "dev",
                                          "status",
                                          "diff",
                                          "deploy -y",
                                          "releases",
                                          "rollback 1 -y",
                                          "pull -y",
                                          "users list",
                                          "users add eve",
                                          "users remove ada",
                                          "packs list",
                                          "packs diff",
                                          "packs install -y nowhere",
                                          "packs upgrade -y nowhere",
                                          "packs repair -y x",
                                          "packs customize -y x",
                                          "packs uninstall -y x",
                                          "adopt -e production nothing.db",
                                          "doctor",
                                          "backup " + (project.path() / "copy.db").string(),
                                          "completion bash"};
  for (const std::string& command : commands)
    for (const std::string& option : {"--key " + key, std::string("--as ada"), std::string("--key-file /dev/null")}) {
      const Answer answer = project.run(option + " " + command);
      INFO(option << " " << command << ": " << answer.text);
      CHECK(answer.code == 2);
      CHECK(tells(answer, "acts only as the system"));
      CHECK_FALSE(tells(answer, key.substr(8)));
    }
  for (const std::string& command : commands) {
    if (command == "init" || command == "add role clerk" || command == "completion bash") continue;
    const Answer answer = project.run(command, "STRUERE_KEY=" + key);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == 2);
    CHECK(tells(answer, "unset STRUERE_KEY"));
  }
  CHECK_FALSE(std::filesystem::exists(project.path() / "copy.db"));
  CHECK_FALSE(std::filesystem::exists(project.path() / "roles/clerk.yaml"));
}

TEST_CASE("a command refuses an environment that it is not about", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const command :
       {"sync -e production", "dev -e production", "deploy -y -e development", "rollback 1 -y -e development",
        "releases -e development", "status -e production", "diff -e development", "doctor -e production",
        "backup x.db -e production", "init -e production", "add role r -e production", "users add eve -e production"}) {
    const Answer answer = project.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.code == 2);
  }
  CHECK(project.run("sync -e development").code == 0);
  CHECK(project.run("deploy -y -e production").code == 0);
}

TEST_CASE("-e beside a key of the other environment is refused", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  const std::string development = new_key(project, ""), production = new_key(project, "-e production");
  const auto list = [&](const std::string& options, const std::string& key) {
    return project.run("data list note " + options, "STRUERE_KEY=" + key);
  };
  const Answer refused = list("-e production", development);
  CHECK(refused.code == 2);
  CHECK(tells(refused, "the key is for development, not for production"));
  CHECK(list("-e development", production).code == 2);
  CHECK(list("-e production", production).code == 0);
  CHECK(list("", production).code == 0);
  CHECK(list("-e production", "sk_dev_guess").code == 3);
}

TEST_CASE("a key comes from a file, from stdin or the environment; on the command line it is warned of",
          "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string key = new_key(project, "");
  const std::string file = (project.path() / "key").string();
  std::ofstream(file) << key << "\r\n";
  CHECK(project.run("data list note --key-file " + file).code == 0);
  CHECK(project.run("data list note --key - < " + file).code == 0);
  CHECK(project.run("data list note", "STRUERE_KEY=" + key).code == 0);
  CHECK_FALSE(tells(project.run("data list note --key-file " + file), "warning"));
  const Answer shown = project.run("data list note --key " + key);
  CHECK(shown.code == 0);
  CHECK(tells(shown, "warning: other users of this machine can read --key"));
  CHECK(project.run("data list note --key " + key + " 2>/dev/null | grep -c warning").text == "0\n");
  CHECK(project.run("data list note --key-file " + file + ".missing").code == 2);
  CHECK(project.run("data list note --key-file " + file + " --as ada").code == 2);
  CHECK(project.run("data list note --as ada", "STRUERE_KEY=" + key).code == 2);
  std::ofstream(project.path() / "long") << std::string(100'000, 'x');
  CHECK(project.run("data list note --key-file " + (project.path() / "long").string()).code == 2);
  // Both the key and the lines come by stdin.
  std::ofstream(project.path() / "both") << key << "\n"
                                         << R"({"text": "t"})"
                                         << "\n";
  CHECK(project.run("data import note --key - < " + (project.path() / "both").string()).code == 3);  // not its author
}

TEST_CASE("struere.yaml is read strictly", "[cli][actors]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const text :
       {"database: struere.db\norganization: \"\"\n", "database: \"\"\norganization: acme\n",
        "database: struere.db\norganization:\n", "database: struere.db\norganization: 12\n", "database: struere.db\n",
        "database: struere.db\norganization: acme\norganization: other\n",
        "database: struere.db\norganization: acme\nmore: x\n", "[]\n", "",
        "database: struere.db\norganization: \"ac\\0me\"\n", "database: [\n"}) {
    project.write("struere.yaml", text);
    const Answer answer = project.run("status");
    INFO(text << answer.text);
    CHECK(answer.code == 2);
  }
  // A path at which there can be no file is one of the database, and not a fault of the tool.
  std::filesystem::create_symlink("loop.db", project.path() / "loop.db");
  for (const std::string& name : {std::string("loop.db"), std::string(300, 'x')}) {
    project.write("struere.yaml", "database: " + name + "\norganization: acme\n");
    for (const char* const command : {"status", "sync", "data list note", "doctor --all"}) {
      const Answer answer = project.run(command);
      INFO(command << ": " << answer.text);
      CHECK(answer.code == (std::string(command) == "doctor --all" ? 1 : 7));
      CHECK_FALSE(tells(answer, "filesystem error"));
    }
  }
  project.write("struere.yaml", "# ours\ndatabase: struere.db\norganization: acme\n");
  CHECK(project.run("status").code == 0);
}
