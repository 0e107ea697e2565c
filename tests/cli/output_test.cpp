// What is written: nothing that a terminal would obey, and no secret into nowhere.
#include <catch2/catch.hpp>

#include <sstream>

#include "cli/project.hpp"
#include "struere/struere.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// One of each kind: direction, width nothing, separators, a tag, a mark of byte order, a control character of Latin-1.
const std::vector<std::string> unprintable{"\xe2\x80\xae",     "\xe2\x81\xa6", "\xd8\x9c",     "\xe2\x80\x8b",
                                           "\xe2\x80\x8d",     "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
                                           "\xf3\xa0\x81\x81", "\xc2\x85",     "\xc2\xad",     "\xe3\x85\xa4",
                                           "\xef\xbf\xb9",     "\x7f",         "\xee\x80\x80"};

}  // namespace

TEST_CASE("what does not print is shown as an escape, in every place where something stored is shown",
          "[cli][terminal]") {
  const Project project;
  std::string all;
  for (const std::string& text : unprintable) all += text;
  std::filesystem::remove(project.path() / "roles/author.yaml");
  std::filesystem::remove(project.path() / "entity-types/note.yaml");
  project.write("roles/odd.json", Json{{"name", "r" + all}}.dump());
  project.write("entity-types/note.json", Json{{"slug", "note"}, {"name", "n" + all}}.dump());
  project.write("triggers/t.json",
                Json{{"slug", "t"},
                     {"on", {{"entityType", "note"}, {"action", "created"}}},
                     {"actions", {{{"tool", "entity.get"}, {"args", {{"type", "note"}, {"id", all}}}}}}}
                    .dump());
  REQUIRE(project.run_in_terminal(500, {"sync"}).code == 0);
  REQUIRE(project.run_in_terminal(500, {"deploy", "-y", "--note", "d" + all}).code == 0);
  REQUIRE(project.run_in_terminal(500, {"users", "add", "u" + all}).code == 0);
  REQUIRE(project.run_in_terminal(500, {"roles", "assign", "u" + all, "r" + all}).code == 0);
  REQUIRE(project.run_in_terminal(500, {"keys", "create", "k" + all, "--role", "r" + all}).code == 0);
  const Json data{{"text", "t" + all}, {"k" + all, 1}};
  REQUIRE(project.run_in_terminal(500, {"data", "create", "note", data.dump(), "--status", "s" + all}).code == 0);
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"sync"},
                                             {"status"},
                                             {"diff"},
                                             {"releases"},
                                             {"users", "list"},
                                             {"keys", "list"},
                                             {"data", "list", "note"},
                                             {"data", "export", "note"},
                                             {"data", "export", "note", "--with-ids"},
                                             {"events"},
                                             {"events", "--json"},
                                             {"data", "list", "note", "--json"},
                                             {"keys", "list", "--json"},
                                             {"doctor"},
                                             {"runs", "list"},
                                             {"explain", "list", "note", "--as", "u" + all},
                                             {"explain", "list", "x" + all},
                                             {"roles", "assign", "x" + all, "y" + all},
                                             {"data", "list", "x" + all},
                                             {"data", "get", "note", "x" + all},
                                             {"keys", "revoke", "x" + all},
                                             {"x" + all},
                                             {"--project", "x" + all, "status"},
                                             {"backup", "/nonexistent/x" + all},
                                             {"add", "role", "x" + all},
                                             {"complete", "roles", "assign", "x", ""}}) {
    const Answer answer = project.run_in_terminal(500, command);
    INFO(command[0] << " " << (command.size() > 1 ? command[1] : "") << ": " << answer.text);
    for (const std::string& text : unprintable) CHECK(answer.text.find(text) == std::string::npos);
  }
  CHECK(tells(project.run_in_terminal(500, {"data", "list", "note"}), "\\u202e"));
  CHECK(tells(project.run_in_terminal(500, {"data", "list", "note"}), "\\U000e0041"));
  // JSON stays JSON, and means the same.
  const Json shown = Json::parse(project.run_in_terminal(500, {"data", "list", "note", "--json"}).text);
  CHECK(shown.at("rows").at(0).at("data") == data);
  CHECK(Json::parse(project.run("data export note 2>/dev/null").text) == data);
  CHECK(project.run("data export note 2>/dev/null").text.find(unprintable[0]) != std::string::npos);  // no terminal
  // Bytes that are no UTF-8 come from the command line alone.
  CHECK(tells(project.run_in_terminal(500, {"data", "list", "x\xff\xe2\x80"}), "x\\xff\\xe2\\x80"));
  CHECK(project.run_in_terminal(500, {"--json", "data", "list", "x\xff"}).code == 4);
}

TEST_CASE("a stored name makes no line of its own in what the doctor says", "[cli][terminal][doctor]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("keys create 'a`\n0 errors, 0 warnings, 0 notes'").code == 0);
  const Answer told = project.run("doctor");
  CHECK(tells(told, "a`\\x0a0 errors"));
  CHECK(tells(told, "0 errors, 1 warning, 0 notes"));
}

TEST_CASE("what prints is left as it is, and columns stay in line", "[cli][terminal]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  for (const char* const text : {"日本語のメモ", "a\xcc\x81", "plain"})
    REQUIRE(
        project.run_in_terminal(80, {"data", "create", "note", Json{{"text", text}, {"author", "zz"}}.dump()}).code ==
        0);
  const Answer table = project.run_in_terminal(100, {"--color", "never", "data", "list", "note"});
  CHECK(tells(table, "日本語のメモ  zz"));
  CHECK(tells(table, "a\xcc\x81             zz"));
  CHECK(tells(table, "plain         zz"));
}

TEST_CASE("a secret that cannot be shown leaves the keys as they were", "[cli][keys]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Json key = Json::parse(project.run("--json keys create app --role author").text);
  const std::string id = key.at("id"), secret = key.at("secret");
  const auto good = [&] {
    std::size_t out = 0;
    for (const Json& each : Json::parse(project.run("--json keys list").text))
      out += each.contains("revokedAt") ? 0 : 1;
    return out;
  };
  for (const char* const output : {"> /dev/full", ">&-", "--json > /dev/full"})
    for (const std::string& command :
         {"keys rotate " + id, "keys rotate --overlap 60 " + id, std::string("keys create other --role author")}) {
      const Answer answer = project.run(command + " 2>/dev/null " + output);
      INFO(command << " " << output << ": " << answer.text);
      CHECK(answer.code == 1);
      CHECK(good() == 1);
      CHECK(project.run("data list note", "STRUERE_KEY=" + secret).code == 0);
      for (const Json& each : Json::parse(project.run("--json keys list").text))
        CHECK_FALSE(each.contains("expiresAt"));
    }
  CHECK(project.run("verify").code == 0);

  const std::string file = (project.path() / "secret").string();
  const Answer rotated = project.run("keys rotate " + id + " > " + file + "; cat " + file);
  CHECK(tells(project.run("keys create readable --role author 2>&1 > " + file), "chmod 600"));
  CHECK(project.run("data list note", "STRUERE_KEY=" + secret).code == 3);
  CHECK(project.run("keys create x --role nobody").code == 4);
  CHECK(tells(project.run("keys create x --role autor"), "no role `autor` in development. Did you mean `author`?"));
  (void)rotated;
}

TEST_CASE("a closed stdout is not the database", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "t"}')").code == 0);
  for (const char* const command : {"status", "data export note", "events", "keys list", "--help"})
    CHECK(project.run(std::string(command) + " >&- 2>&-").code != 0);
  const Answer import = project.run("data import note <&-");  // is not an import of nothing
  CHECK(import.code == 7);
  CHECK(tells(import, "stdin cannot be read"));
  CHECK(project.run("verify").code == 0);
  CHECK(project.run("doctor").code == 0);
}

TEST_CASE("a file that may not grow is an error of the storage, and loses nothing", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string limited = R"(-u STRUERE_KEY sh -c 'ulimit -f 8; exec "$@"' limited)";
  const Answer refused = project.run(R"(data create note '{"text": "t"}')", limited);
  INFO(refused.text);
  CHECK(refused.code == 7);
  CHECK(tells(project.run("data list note"), "no such entity"));
  CHECK(project.run("verify").code == 0);
}

TEST_CASE("what is not found is named", "[cli]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  CHECK(tells(project.run("data list note --as nobody"), "no user `nobody`"));
  CHECK(tells(project.run("roles assign nobody author"), "no user `nobody`"));
  CHECK(tells(project.run("data get note 0192"), "no note `0192`"));
  CHECK(tells(project.run("data update note 0192 '{}'"), "no note `0192`"));
  CHECK(tells(project.run("data delete note 0192"), "no note `0192`"));
  CHECK(tells(project.run("keys revoke 0192"), "no key `0192`"));
  CHECK(tells(project.run("keys rotate 0192"), "no key `0192`"));
  CHECK(tells(project.run("runs retry 0192"), "no run `0192`"));
  CHECK(tells(project.run("packs repair -y nothing"), "no pack `nothing`"));
  CHECK(tells(project.run("rollback -y 7"), "no release 7"));
}

TEST_CASE("events come newest first, a page at a time, and of a time", "[cli][events]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(Json::parse(project.run(R"(data create note '{"text": "t"}')").text).at("id"));
  const auto page = [&](const std::string& options) {
    std::vector<Json> out;
    std::istringstream lines(project.run("--json events --type note.created " + options).text);
    for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
    return out;
  };
  const auto first = page("--last 2");
  REQUIRE(first.size() == 2);
  CHECK(first[0].at("entityId") == ids[4]);
  CHECK(first[1].at("entityId") == ids[3]);
  const auto second = page("--last 2 --after " + first[1].at("id").get<std::string>());
  REQUIRE(second.size() == 2);
  CHECK(second[0].at("entityId") == ids[2]);
  CHECK(page("").size() == 5);
  CHECK(page("--since 1h").size() == 5);
  CHECK(page("--since 2099-01-01T00:00:00Z").empty());
  CHECK(project.run("events --since yesterday").code == 2);
  CHECK(project.run("events --after 0192").code == 4);
  CHECK(tells(project.run_in_terminal(80, {"events"}), ids[4]));
}

TEST_CASE("the tool tells its version, and each command the options that it follows", "[cli]") {
  const Project project;
  CHECK(project.run("--version").text.starts_with("struere 0."));
  CHECK(tells(project.run("data list --help"), "--key-file"));
  CHECK(tells(project.run("data list --help"), "-e development|production"));
  CHECK(tells(project.run("sync --help"), "--project"));
  CHECK_FALSE(tells(project.run("sync --help"), "--key-file"));
  CHECK(project.run("--help > /dev/full").code == 1);
}

TEST_CASE("a table of entities has the fields of the schema, and fits", "[cli][terminal]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(
      project.run(R"(data create note '{"text": "milk", "author": "ada", "secret": "s", "a": 1, "b": {"c": true}}')")
          .code == 0);
  const Answer table = project.run_in_terminal(80, {"data", "list", "note"});
  CHECK(tells(table, "text"));
  CHECK(tells(table, "milk"));
  CHECK(tells(table, "ada"));
  CHECK(tells(table, "not shown: "));
  CHECK(tells(project.run("data list note"), R"({"c":true})"));
}
