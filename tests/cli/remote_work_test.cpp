// What works on a server beyond single requests: dev, packs, imports, exports, and definitions of many megabytes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "cli/served_project.hpp"
#include "support/places.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string pack(const std::string& version) {
  return "'" + source_dir() + "/examples/packs/tutoring/" + version + "'";
}

}  // namespace

TEST_CASE("packs say the same of a server as of a file", "[cli][remote]") {
  const FileAndServer both;
  both.same("packs list");
  both.same("packs install " + pack("1.0.0"));  // nobody to ask
  both.same("--json packs install --yes " + pack("1.0.0"));
  both.same("packs install --yes " + pack("1.0.0"));  // it is installed
  both.same("packs list");
  both.same("packs diff tutoring");
  both.same("packs diff nothing");
  both.same("-e production packs list");
  both.same("-e production packs install --yes " + pack("1.0.0"));
  both.same("packs upgrade --yes " + pack("1.1.0"));
  both.same("--json packs repair --yes tutoring");
  both.same("packs customize --yes tutoring");
  both.same("packs uninstall --yes tutoring");
  both.same("--json packs list");
}

TEST_CASE("events that few are of a type are found behind 20,000 others, in a file and at a server", "[cli][remote]") {
  const FileAndServer both;
  for (const Project* const project : {&both.local, &both.server.project()}) {
    const Database database = Database::open(project->database());
    const TrustedHost host = database.trusted_host();
    const Session system = host.system_session(host.organizations().front().id, Environment::development);
    for (int i = 0; i < 3; ++i) system.audit().append("rare.seen", {{"n", i}});
    system.transaction([](Session& unit) {
      for (int i = 0; i < 20'100; ++i) unit.audit().append("often.seen", Json::object());
    });
  }
  const auto lines = [&](const std::string& command) {
    return std::ranges::count(both.same("--json events " + command).first.text, '\n');
  };
  CHECK(lines("--type rare.seen") == 3);
  CHECK(lines("--type rare.seen --last 2") == 2);
  CHECK(lines("--prefix rare. --since 1h") == 3);
  CHECK(lines("--actor nobody") == 0);
}

TEST_CASE("members and their roles say the same of a server as of a file", "[cli][remote]") {
  const FileAndServer both;
  both.same("users list");
  both.same("users add ben --name 'Ben of the night shift'");
  both.same("--json users add carl --admin");
  both.same("roles assign ben author");
  both.same("roles assign ben nobody");
  both.same("roles assign bem author");
  both.same("--json users list");
  const auto assign = [&](Timestamp expiry) {
    for (const Project* const project : {&both.local, &both.server.project()}) {
      const TrustedHost host = Database::open(project->database()).trusted_host();
      host.system_session(host.organizations().front().id, Environment::development)
          .roles()
          .assign(UserId("ben"), "author", expiry);
    }
    return both.same("users list").first.text + both.same("--json users list").first.text;
  };
  CHECK(assign(4'000'000'000'000).find("author (until 2096-10-02 07:06)") != std::string::npos);
  const std::string expired = assign(1'000'000'000'000);
  CHECK(expired.find("author (expired 2001-09-09 01:46)") != std::string::npos);
  CHECK(expired.find(R"("expired":true)") != std::string::npos);
  both.same("roles assign ben author");
  both.same("roles unassign ben author");
  both.same("roles unassign ben author");
  both.same("roles assign ben author");
  both.same("users remove bem");
  both.same("users remove ben");
  both.same("users remove ben");
  both.same("--json users remove carl");
  both.same("--json users list");
  both.same("-e production roles list");
  both.same("roles list");
  both.same("types list");
  both.same("--json types list");
}

TEST_CASE("entities are exported from a server and imported into it as from a file", "[cli][remote]") {
  const FileAndServer both;
  std::string lines;
  for (int i = 0; i < 30; ++i) lines += "{\"author\":\"ada\",\"text\":\"note " + std::to_string(i) + "\"}\n";
  both.write("lines", lines);
  const auto from = [](const Project& project, const std::string& name) {
    return " < '" + (project.path() / name).string() + "'";
  };
  const auto import = [&](const std::string& options, const std::string& name) {
    const Answer file = both.local.run("data import " + options + from(both.local, name));
    const Answer served = both.remote.run("data import " + options + from(both.remote.project(), name));
    INFO(options << "\non a file:\n" << file.text << "\non a server:\n" << served.text);
    CHECK(served.code == file.code);
    CHECK(comparable(served.text) == comparable(file.text));
    return file.code;
  };
  CHECK(import("note", "lines") == 0);
  CHECK(import("note --batch 7", "lines") == 0);
  CHECK(import("nothing", "lines") != 0);
  both.same("data export note --order data.text");  // entities of one import have the same time
  both.same("data export note --search \"note 7\" --order -data.text");
  both.same("data export note nothing");

  // All or none: the last line is refused, and with it all others; in batches, those before stay.
  both.write("broken", lines + "{\"text\":5}\n");
  CHECK(import("note", "broken") != 0);
  CHECK(import("note --batch 10", "broken") != 0);
  both.write("unreadable", lines + "{\n");
  CHECK(import("note", "unreadable") != 0);
  both.same("--json data list note --limit 200 --order data.text");

  // With ids, from one server to another database.
  const Answer dump = both.remote.run("data export note --with-ids");
  REQUIRE(dump.code == 0);
  const Project other;
  REQUIRE(other.run("sync").code == 0);
  other.write("dump", dump.text);
  CHECK(other.run("data import --with-ids" + from(other, "dump")).code == 0);
  const std::string by_text = "data export note --order data.text";
  CHECK(other.run(by_text).text == both.remote.run(by_text).text);
  CHECK(Json::parse(other.run("--json data list note --limit 1 --order id").text).at("rows").at(0).at("id") ==
        Json::parse(both.remote.run("--json data list note --limit 1 --order id").text).at("rows").at(0).at("id"));
  both.remote.project().write("dump", dump.text);
  CHECK(both.remote.run("data import" + from(both.remote.project(), "dump")).code == 5);  // these ids are taken
}

TEST_CASE("dev follows the files of a project on a server, and goes on when the server is back", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link()).code == 0);
  const std::string output = (remote.project().path() / "dev.out").string();
  const Answer begun = remote.run("dev > '" + output + "' 2>&1 & echo $!");
  const pid_t process = static_cast<pid_t>(std::stol(begun.text));
  const auto within = [](const auto& holds) {
    for (int i = 0; i < 600; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  };
  const auto says = [&](const std::string& part) {
    return within([&] { return remote.project().read("dev.out").find(part) != std::string::npos; });
  };
  CHECK(says("Watching"));
  remote.project().write("entity-types/visit.yaml", "slug: visit\nname: Visit\n");
  CHECK(says("Synced 1 change to development."));
  CHECK(remote.run("data list visit").code == 0);
  remote.project().write("entity-types/visit.yaml", "slug: visit\nname: 5\n");
  CHECK(says("visit.yaml"));  // a mistake keeps the last good state
  CHECK(remote.run("data list visit").code == 0);
  kill(process, SIGTERM);
}

TEST_CASE("definitions of more than a body of data are synced to a server", "[cli][remote]") {
  const FileAndServer both;
  const std::string words(1000, 'x');
  for (int i = 0; i < 8; ++i) {
    std::string text = "slug: big" + std::to_string(i) + "\nname: Big\nschema:\n  properties:\n";
    for (int k = 0; k < 300; ++k)
      text += "    field" + std::to_string(k) + ": {type: string, description: " + words + "}\n";
    both.write("entity-types/big" + std::to_string(i) + ".yaml", text);
  }
  both.same("--json sync");
  both.same("status");
  both.same("deploy --yes");
}

TEST_CASE("entities and members with ids that a path cannot have as they are", "[cli][remote]") {
  const FileAndServer both;
  for (const std::string id : {".", "..", "export", "~.", "a/b ?#%"}) {
    both.write("line", Json{{"$entity", "note"}, {"id", id}, {"data", {{"text", "t"}}}}.dump() + "\n");
    both.same("data import < '" + both.local.path().string() + "/line'");
    both.same("--json data get note '" + id + "'");
    both.same("--json data update note '" + id + R"(' '{"text": "changed"}')");
    both.same("relations link '" + id + "' next '" + id + "'");
    both.same("--json relations list '" + id + "' next");
    both.same("relations unlink '" + id + "' next '" + id + "'");
    both.same("data delete note '" + id + "'");
    both.same("--json data restore note '" + id + "'");
    both.same("data purge --yes note '" + id + "'");
    both.same("users add '" + id + "'");
    both.same("users add '" + id + "'");
    both.same("roles assign '" + id + "' author");
    both.same("roles unassign '" + id + "' author");
  }
  both.same("--json users list");
}

#ifdef __GLIBC__
TEST_CASE("a server gives the memory of large requests back to the system", "[cli][remote]") {
  const Server server;
  const RemoteProject remote(server);
  REQUIRE(remote.log_in(server.link()).code == 0);
  const auto megabytes = [&] {
    std::ifstream status("/proc/" + std::to_string(server.process()) + "/statm");
    long all = 0, resident = 0;
    status >> all >> resident;
    return resident * sysconf(_SC_PAGESIZE) / 1'000'000;
  };
  std::string numbers = "0";
  for (int i = 1; i < 9'000; ++i) numbers += fmt::format(",{}", i);
  std::string lines;
  for (int i = 0; i < 400; ++i) lines += fmt::format("{{\"text\":\"a\",\"numbers\":[{}]}}\n", numbers);
  remote.project().write("lines.jsonl", lines);
  long most = 0;
  for (int i = 0; i < 3; ++i) {
    CHECK(remote.run("data import note --batch 400 < '" + (remote.project().path() / "lines.jsonl").string() + "'")
              .code == 0);
    most = std::max(most, megabytes());
  }
  INFO(most << " MB");
  REQUIRE(most > 120);
  long now = most;
  for (int i = 0; i < 400 && now > most / 2; ++i, now = megabytes())
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(now <= most / 2);
}
#endif
