// The same commands on a server (docs/cli.md, "On a server"): a real `struere serve`, and a project that names it.
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <set>
#include <sstream>
#include <thread>

#include "cli/served_project.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("login keeps a session in a file of one's own, and logout ends it at the server", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  CHECK(tells(remote.run("status"), "struere login " + server.url()));
  CHECK(remote.run("login " + server.url()).code == 2);  // nothing on stdin
  CHECK(remote.run("login ftp://x").code == 2);
  CHECK(tells(remote.run("login http://data.example.org"), "needs https://"));
  const Answer in = remote.log_in(server.link());
  INFO(in.text);
  REQUIRE(in.code == 0);
  CHECK(tells(in, "as boss, for acme"));
  struct stat found {};
  REQUIRE(stat(remote.logins().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(remote.log_in(server.link()).code == 3);  // a link works once
  CHECK(remote.run("status").code == 0);

  chmod(remote.logins().c_str(), 0640);
  CHECK(tells(remote.run("status"), "chmod 600"));
  chmod(remote.logins().c_str(), 0600);

  // The secret is dead at the server, wherever a copy of the file is.
  const std::filesystem::path copy = remote.project().path() / "copy.json";
  std::filesystem::copy_file(remote.logins(), copy);
  CHECK(remote.run("logout " + server.url()).code == 0);
  CHECK(remote.run("status").code == 2);
  std::filesystem::copy_file(copy, remote.logins(), std::filesystem::copy_options::overwrite_existing);
  CHECK(remote.run("status").code == 3);
}

TEST_CASE("each command says the same of a server as of a file", "[cli][remote]") {
  FileAndServer both;
  const Project& local = both.local;
  const RemoteProject& remote = both.remote;
  std::string &here = both.here, &there = both.there;
  const auto same = [&](const std::string& command) { return both.same(command); };
  same("status");
  same("--json status");
  for (const Project* const project : {&local, &remote.project()})
    project->write("entity-types/visit.yaml", "slug: visit\nname: Visit\n");
  same("diff");
  same("sync");
  same("status");
  same("sync");
  same("deploy");  // nobody to ask
  same("deploy --yes -m first");
  for (const Project* const project : {&local, &remote.project()})
    std::filesystem::remove(project->path() / "entity-types/visit.yaml");
  same("--json sync");
  same("deploy --yes --note second");
  same("deploy --yes");  // nothing to deploy
  same("releases");
  same("rollback 9 --yes");
  same("rollback 1 --yes");
  same("--json releases");
  same("-e production pull --yes");
  CHECK(std::filesystem::exists(remote.project().path() / "entity-types/visit.yaml"));

  const auto made = same(R"(--json data create note '{"text": "milk", "author": "ada"}')");
  here = Json::parse(made.first.text).at("id");
  there = Json::parse(made.second.text).at("id");
  same("data get note @");
  same("data list note");
  same("--json data list note --search mil --order -data.text");
  same(R"(data list note --where '{"field": "data.nothing", "operator": "eq", "value": 1}')");
  same(R"(data list note --where '{"field": 1}')");
  same(R"(data update note @ '{"text": "tea"}' --version 1)");
  same(R"(data update note @ '{"text": "tea"}' --version 1)");  // stale now
  same("data create note '{'");
  same("data create none '{}'");
  same("data get note 0192f0c0-0000-7000-8000-000000000000");
  same("data delete note @");
  same("data restore note @");

  same("events --prefix note.");
  same("--json events --last 3");
  same("events --prefix note. --after 0192f0c0-0000-7000-8000-000000000000");
  CHECK(tells(remote.run("verify"), "events of development verify"));
  CHECK(remote.run("--json verify -e production").code == 0);
  same("explain --as ada read note @");
  same("--json explain --as ada update note");
  same("explain --as ada read note @ --field data.secret");
  same("data list note --as ada");
  same("data list nothing");

  same("keys list");
  same("keys create app --role author");
  same("keys create app --role nobody");
  same("keys list");
  same("-e production keys list");
  same("--json runs list");
  same("runs list --status dead");
  same("runs retry 0192f0c0-0000-7000-8000-000000000000");
}

TEST_CASE("a key reaches the server as it reaches a file, and acts in its environment", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  const std::string key = Json::parse(server.project().run("--json keys create app --role author").text).at("secret");
  const std::string environment = "STRUERE_KEY=" + key;
  CHECK(remote.run("data list note", environment).code == 0);
  CHECK(remote.run("keys list", environment).code == 3);
  const Answer unexplained = remote.run("explain list note", environment);
  CHECK(unexplained.code == 2);
  CHECK(tells(unexplained, "a key is explained to an operator"));
  CHECK_FALSE(tells(unexplained, "or give an API key"));
  for (const Answer& answer : {remote.run("data list note -e production", environment),
                               server.project().run("data list note -e production", environment)}) {
    CHECK(answer.code == 2);
    CHECK(tells(answer, "leave -e out, or give another key"));
  }
  CHECK(remote.run("data list note", "STRUERE_KEY=sk_dev_wrong").code == 3);
}

TEST_CASE("a rotated key is replaced at the server, and the old one ends", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link()).code == 0);
  const Json made = Json::parse(remote.run("--json keys create app --role author").text);
  const Json next = Json::parse(remote.run("--json keys rotate " + made.at("id").get<std::string>()).text);
  CHECK(remote.run("data list note", "STRUERE_KEY=" + made.at("secret").get<std::string>()).code == 3);
  CHECK(remote.run("data list note", "STRUERE_KEY=" + next.at("secret").get<std::string>()).code == 0);
}

TEST_CASE("the log of a server is followed", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link()).code == 0);
  const std::string output = (remote.project().path() / "followed").string();
  const std::string following = "--json events --prefix note. --follow > '" + output + "' 2>&1 & echo $!";
  const Answer begun = remote.run(following);
  const pid_t process = static_cast<pid_t>(std::stol(begun.text));
  const auto text = [&] {
    std::ifstream stream(output);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  // However slow the machine is: a note is made until one of them is told.
  for (int i = 0; i < 600 && text().find("note.created") == std::string::npos; ++i) {
    remote.run(R"(data create note '{"text": "milk", "author": "ada"}')");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(text().find("note.created") != std::string::npos);
  kill(process, SIGKILL);
}

TEST_CASE("a log is followed across a restart of its server, and no event is missed or told twice", "[cli][remote]") {
  Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link()).code == 0);
  const Answer begun = remote.run("--json events --prefix note. --follow > '" +
                                  (remote.project().path() / "followed").string() + "' 2>&1 & echo $!");
  const pid_t process = static_cast<pid_t>(std::stol(begun.text));
  const auto says = [&](const std::string& part) {
    for (int i = 0; i < 600 && remote.project().read("followed").find(part) == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return remote.project().read("followed").find(part) != std::string::npos;
  };
  const auto create = [&](const Project& project, const std::string& text) {
    CHECK(project.run(R"(data create note '{"author": "ada", "text": ")" + text + R"("}')").code == 0);
  };
  for (int i = 0; i < 600 && remote.project().read("followed").find("note.created") == std::string::npos; ++i) {
    remote.run(R"(data create note '{"text": "milk", "author": "ada"}')");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(server.end() == 0);
  CHECK(says("has ended; connecting again"));
  create(server.project(), "while it is away");
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  const pid_t again = server.project().start({"serve", "--listen", address});
  CHECK(says("while it is away"));
  CHECK(says("answers again"));
  create(server.project(), "afterwards");
  CHECK(says("afterwards"));
  const std::string followed = remote.project().read("followed");
  std::set<std::string> ids;
  std::size_t events = 0;
  std::istringstream lines(followed);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("{")) {
      ids.insert(Json::parse(line).at("id").get<std::string>());
      ++events;
    }
  INFO(followed);
  CHECK(events > 2);
  CHECK(ids.size() == events);
  for (const pid_t each : {process, again}) kill(each, SIGTERM);
  waitpid(again, nullptr, 0);
}

TEST_CASE("a member is no admin on a server either", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link_of("ada")).code == 0);
  for (const char* const command : {"status", "sync", "deploy --yes", "keys list", "runs list"}) {
    INFO(command);
    CHECK(remote.run(command).code == 3);
  }
}

TEST_CASE("a server that is away is a storage error, which says where it should be", "[cli][remote]") {
  const Project project;
  project.write("struere.yaml", "server: http://127.0.0.1:1\norganization: acme\n");
  const Answer answer = project.run("data list note", "STRUERE_KEY=sk_dev_x");
  CHECK(answer.code == 7);
  CHECK(tells(answer, "http://127.0.0.1:1 cannot be reached"));
}
