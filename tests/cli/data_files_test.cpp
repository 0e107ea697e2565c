// What is exported is imported as the same entities, all of them or none.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "cli/project.hpp"
#include "struere/struere.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr const char* folder_type =
    "slug: folder\nschema: {properties: {parent: {type: string, references: folder}, cover: {type: string, references: "
    "note}}}\n";

// Without what a copy has of its own.
Json rows_of(const Project& project, const std::string& type, const std::string& options = {}) {
  Json rows =
      Json::parse(project.run("--json data list " + type + " --order id --limit 1000 " + options).text).at("rows");
  for (Json& row : rows) row.erase("updatedAt");
  return rows;
}

std::string id_of(const Answer& answer) { return Json::parse(answer.text).at("id"); }

}  // namespace

TEST_CASE("a dump is imported with ids, status and times, whatever refers to what", "[cli][import]") {
  const Project project;
  project.write("entity-types/folder.yaml", folder_type);
  project.write("entity-types/note.yaml",
                "slug: note\nschema: {properties: {in: {type: string, references: folder}}}\n");
  std::filesystem::remove(project.path() / "roles/author.yaml");
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  const std::string a = id_of(project.run("data create folder '{}'"));
  const std::string b = id_of(project.run("data create folder '{\"parent\": \"" + a + "\"}'"));
  REQUIRE(project.run("data update folder " + a + " '{\"parent\": \"" + b + "\"}'").code == 0);  // each other
  const std::string c = id_of(project.run("data create folder '{}'"));
  REQUIRE(project.run("data update folder " + c + " '{\"parent\": \"" + c + "\"}'").code == 0);  // itself
  const std::string n = id_of(project.run("data create note '{\"in\": \"" + a + "\"}'"));
  REQUIRE(project.run("data update folder " + c + " '{\"cover\": \"" + n + "\"}'").code == 0);  // another type
  REQUIRE(project.run("data create note '{}' --status archived").code == 0);

  const std::string file = (project.path() / "dump.jsonl").string();
  REQUIRE(project.run("data export folder note --with-ids > " + file).code == 0);
  const Answer imported = project.run("data import -e production < " + file);
  INFO(imported.text);
  CHECK(imported.code == 0);
  CHECK(tells(imported, "5 imported."));
  for (const char* const type : {"folder", "note"}) {
    Json expected = rows_of(project, type);
    for (Json& row : expected) row["version"] = 1;  // they are new there
    CHECK(rows_of(project, type, "-e production") == expected);
  }
  // Again: they are there.
  const Answer again = project.run("data import -e production < " + file);
  CHECK(again.code == 5);
  CHECK(tells(again, "line 1 of the input"));
  CHECK(tells(again, "nothing was imported"));
  CHECK(rows_of(project, "folder", "-e production").size() == 3);
  CHECK(project.run("data export folder note > " + file).code == 2);  // nobody could tell them apart
  CHECK(project.run("verify -e production").code == 0);
}

TEST_CASE("an export without ids says what is not in it, and its import what it cannot find", "[cli][import]") {
  const Project project;
  project.write("entity-types/folder.yaml", folder_type);
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "withdrawn"}' --status archived)").code == 0);
  const Answer notes = project.run("data export note");
  CHECK(tells(notes, "warning: 1 entity is not active"));
  CHECK(tells(notes, "--with-ids"));
  const std::string a = id_of(project.run("data create folder '{}'"));
  REQUIRE(project.run("data create folder '{\"parent\": \"" + a + "\"}'").code == 0);
  const std::string file = (project.path() / "folders.jsonl").string();
  REQUIRE(project.run("data export folder > " + file).code == 0);
  const Answer refused = project.run("data import folder -e production < " + file);
  CHECK(refused.code == 6);
  CHECK(tells(refused, "line 2 of the input"));
  CHECK(tells(refused, "--with-ids"));
  CHECK(tells(refused, "nothing was imported"));
  CHECK(rows_of(project, "folder", "-e production").empty());  // nothing half done
}

TEST_CASE("an import in batches says how to go on, and goes on there", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  const auto write = [&](int wrong) {
    std::ofstream stream(file);
    for (int i = 1; i <= 10; ++i) stream << (i == wrong ? "{}" : "{\"text\": \"" + std::to_string(i) + "\"}") << "\n";
  };
  write(8);
  const Answer stopped = project.run("data import note --batch 3 < " + file);
  CHECK(stopped.code == 6);
  CHECK(tells(stopped, "3 imported, up to line 3"));
  CHECK(tells(stopped, "line 8 of the input"));
  CHECK(tells(stopped, "6 were imported, up to line 6; continue with --batch 3 --from 7"));
  CHECK(rows_of(project, "note").size() == 6);
  write(0);
  CHECK(tells(project.run("data import note --batch 3 --from 7 < " + file), "4 imported."));
  CHECK(rows_of(project, "note").size() == 10);
  CHECK(project.run("data import note --batch 0 < " + file).code == 2);
  CHECK(project.run("data import note --from 0 < " + file).code == 2);
  CHECK(tells(project.run("data import note --from 11 < " + file), "0 imported."));  // it was complete
  const auto beyond = project.run("data import note --from 12 < " + file);
  CHECK(beyond.code != 0);
  CHECK(tells(beyond, "--from 12 is beyond the end of the input, whose last line is line 10"));
}

TEST_CASE("a line of a dump is read strictly, and only who may do all may import it", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  REQUIRE(project.run("users add boss --admin").code == 0);
  REQUIRE(project.run("roles assign ada author").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  const auto import = [&](const std::string& line, const std::string& options = {}) {
    std::ofstream(file) << line << "\n";
    return project.run("data import " + options + " < " + file);
  };
  const std::string good =
      R"({"$entity":"note","id":"n1","status":"draft","createdAt":1000,"data":{"text":"t","author":"ada"}})";
  CHECK(import(good, "--as ada").code == 3);
  CHECK(import(R"({"text": "t", "author": "ada"})", "note --as ada").code == 0);
  CHECK(import(R"({"text": "t", "author": "eve"})", "note --as ada").code == 3);
  CHECK(import(good, "--as boss").code == 0);
  CHECK(Json::parse(project.run("--json data get note n1").text).at("createdAt") == 1000);
  for (const char* const line :
       {R"({"$entity":"note","data":{"text":"t"},"more":1})", R"({"$entity":"note"})",
        R"({"$entity":5,"data":{"text":"t"}})", R"({"$entity":"note","id":5,"data":{"text":"t"}})",
        R"({"$entity":"note","id":"","data":{"text":"t"}})",
        R"({"$entity":"note","status":"deleted","data":{"text":"t"}})",
        R"({"$entity":"note","createdAt":99999999999999,"data":{"text":"t"}})",
        R"({"$entity":"note","updatedAt":"x","data":{"text":"t"}})",
        R"({"$entity":"note","version":1.5,"data":{"text":"t"}})",
        R"({"$entity":"note","id":"a","id":"b","data":{"text":"t"}})", R"({"$entity":"note","data":{"text":"t"}} x)",
        R"({"text": "t"})", "[]", "{"})
    CHECK(import(line).code == 6);
  CHECK(tells(import(R"({"$entity":"note","data":{"text":"t"},"more":1})"), "a line with `$entity` has no key `more`"));
  CHECK(tells(import(R"({"$entity":"note","id":"a","data":{},"id":"b"})"), "it has `id` twice"));
  CHECK(tells(import(R"({"$entity":"note","data":{"text": nul}})"),
              "`data` is not acceptable JSON: not JSON at byte 38 of "
              "the line"));
  CHECK(tells(import(R"({"$entity":"note","data":{"text":"t"}} x)"), "there is text after the object"));
  // Keys in any order.
  CHECK(import(R"({"$entity":"note","data":{"text":",\"data\":"},"id":"n2","createdAt":2000,"status":"draft"})").code ==
        0);
  CHECK(import(R"( { "data" : {"text":"t"} , "id" : "n3" , "\u0024entity" : "note" } )").code == 0);
  const Json second = Json::parse(project.run("--json data get note n2").text);
  CHECK(second.at("createdAt") == 2000);
  CHECK(second.at("status") == "draft");
  CHECK(second.at("data").at("text") == R"(,"data":)");
  CHECK(project.run("data get note n3").code == 0);
  CHECK(import(R"({"$entity":"folder","data":{}})", "note").code == 6);
  CHECK(import(R"({"$entity":"folder","data":{}})").code == 4);
  CHECK(import(R"({"text": "t"})", "note --with-ids").code == 6);
  // As large and as deep as an entity can be.
  const std::string deep = std::string(62, '[') + std::string(62, ']');
  CHECK(import(R"({"text":")" + std::string(1'040'000, 'x') + R"(","deep":)" + deep + "}", "note").code == 0);
  CHECK(import(R"({"$entity":"note","data":{"text":")" + std::string(json_max_bytes - 12, 'x') + R"("},"id":"large"})")
            .code == 0);
  REQUIRE(project.run("data export note --with-ids > " + file).code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  CHECK(project.run("data import -e production < " + file).code == 0);
}

TEST_CASE("blank lines and byte order marks are no rows", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  std::ofstream(file, std::ios::binary) << "\xef\xbb\xbf{\"text\": \"a\"}\r\n\r\n \t\r\n\n"
                                        << "\xef\xbb\xbf\xef\xbb\xbf"
                                        << R"({"$entity":"note","id":"n1","data":{"text":"b"}})"
                                        << "\r\n  ";
  const Answer imported = project.run("data import note < " + file);
  INFO(imported.text);
  CHECK(tells(imported, "2 imported."));
  CHECK(project.run("data get note n1").code == 0);
}

TEST_CASE("an export refuses data that an import would take for a whole row", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run(R"(data create note '{"text": "\"$entity\"", "author": "$entity"}')").code == 0);
  CHECK(project.run("data export note").code == 0);
  const std::string id = id_of(project.run(R"(data create note '{"text": "t", "$entity": "note", "data": {}}')"));
  const Answer refused = project.run("data export note");
  CHECK(refused.code == 6);
  CHECK(tells(refused, "the data of note " + id + " has a member `$entity`"));
  CHECK(tells(refused, "--with-ids"));
  const std::string file = (project.path() / "dump.jsonl").string();
  REQUIRE(project.run("data export note --with-ids > " + file).code == 0);
  CHECK(tells(project.run("data import -e production < " + file), "2 imported."));
  CHECK(rows_of(project, "note", "-e production") == rows_of(project, "note"));
}

TEST_CASE("while an import goes on in batches, others write", "[cli][import][process]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  {
    std::ofstream stream(file);
    for (int i = 0; i < 3000; ++i)
      stream << R"({"text": "imported"})"
             << "\n";
  }
  std::jthread import([&] { CHECK(project.run("data import note --batch 200 < " + file).code == 0); });
  for (int i = 0; i < 10; ++i) CHECK(project.run(R"(data create note '{"text": "created"}')").code == 0);
}

TEST_CASE("an input that cannot be read is not taken for its end", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Answer refused = project.run("data import note < " + project.path().string());
  CHECK(refused.code == 7);
  CHECK(tells(refused, "line 1 of the input: stdin cannot be read"));
  CHECK(tells(refused, "nothing was imported"));
  CHECK(tells(project.run("data import note --from 0"), "--from: Value 0 not in range 1 to 1000000000"));
}

TEST_CASE("an import is bounded, and names the bound", "[cli][import]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string file = (project.path() / "in.jsonl").string();
  {
    std::ofstream stream(file);
    for (std::size_t i = 0; i <= most_rows_written; ++i)
      stream << R"({"text": "t"})"
             << "\n";
  }
  const Answer refused = project.run("data import note < " + file);
  CHECK(refused.code == 6);
  CHECK(tells(refused, "at most 10000 entities"));
  CHECK(tells(refused, "--batch 1000"));
  CHECK(rows_of(project, "note").empty());
}
