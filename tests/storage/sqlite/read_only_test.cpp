// A file that may not be written is read as ever, and no write is taken for done.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "struere/operations/doctor.hpp"
#include "support/child_process.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const OrganizationId acme_of_notes("acme_of_notes");

Session system_of_notes(const Database& database) {
  return database.trusted_host().system_session(acme_of_notes, Environment::development);
}

// A closed database with three notes.
void make_notes_file(const std::string& path) {
  const auto database = Database::open(path, {.sqlite = {.durability = Durability::normal}});
  database.trusted_host().create_organization("Acme", acme_of_notes);
  const Session system = system_of_notes(database);
  system.entity_types().define({{"slug", "note"}, {"searchFields", {"text"}}});
  for (int i = 0; i < 3; ++i) system.entities("note").create({{"n", i}, {"text", "word"}});
}

// What a reader finds, and how its writes end.
std::string read_notes(const std::string& path) {
  const auto database = Database::open(path, {.sqlite = {.read_only = true}});
  const Session system = system_of_notes(database);
  std::string out = std::to_string(system.entities("note").list({.search = "wor"}).size());
  out += system.events().verify().ok ? " verified" : " broken";
  for (const Finding& finding : examine(database))
    if (finding.severity == Severity::error) out += " " + finding.message;
  for (const auto& write : {std::function<void()>([&] {
                              system.entities("note").create({{"n", 4}});
                            }),
                            std::function<void()>([&] {
                              system.transaction([](Session& unit) {
                                if (unit.entities("note").count() == 3) unit.entities("note").create({{"n", 4}});
                              });
                            }),
                            std::function<void()>([&] { database.trusted_host().create_organization("Zen"); })}) {
    const std::string error = error_of(write);
    out += error.starts_with("storage: ") && error.find("open for reading only") != std::string::npos ? " refused"
                                                                                                      : " " + error;
  }
  return out;
}

// As a user that may read everything here and write nothing.
std::string as_another_user(const std::function<std::string()>& body) {
  return in_child([&]() -> std::string {
    if (getuid() == 0 && setuid(65534) != 0) return "cannot become another user";
    return body();
  });
}

const std::string all_is_read = "3 verified refused refused refused";

}  // namespace

TEST_CASE("a database that is opened for reading answers and refuses each write", "[read-only]") {
  const TemporaryFolder folder;
  make_notes_file(folder.file());
  CHECK(read_notes(folder.file()) == all_is_read);
  CHECK(error_of([&] {
          (void)Database::open(folder.file("none"), {.sqlite = {.read_only = true}});
        }).find("nothing to read") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.file("none")));
}

TEST_CASE("a file with mode 0444 in a folder that may not be written is read", "[read-only]") {
  const TemporaryFolder folder;
  const std::string path = folder.file("read only?.db");  // a name that means something in a URI
  make_notes_file(path);
  std::filesystem::remove(path + "-lock");
  chmod(path.c_str(), 0444);
  chmod(std::filesystem::path(path).parent_path().c_str(), 0555);
  CHECK(as_another_user([&] { return read_notes(path); }) == all_is_read);
  chmod(std::filesystem::path(path).parent_path().c_str(), 0755);
  CHECK(as_another_user([&] { return read_notes(path); }) == all_is_read);
}

TEST_CASE("a transaction that only reads works where nothing may be written", "[read-only]") {
  const TemporaryFolder folder;
  make_notes_file(folder.file());
  const auto database = Database::open(folder.file(), {.sqlite = {.read_only = true}});
  const Session system = system_of_notes(database);
  std::size_t found = 0;
  system.transaction([&](Session& unit) {
    found = unit.entities("note").list({.search = "wor"}).size();
    found += static_cast<std::size_t>(unit.entities("note").count());
  });
  CHECK(found == 6);
}

TEST_CASE("a reader sees what a writer beside it commits", "[read-only]") {
  const TemporaryFolder folder;
  make_notes_file(folder.file());
  const auto writer = Database::open(folder.file());
  const auto reader = Database::open(folder.file(), {.sqlite = {.read_only = true}});
  CHECK(system_of_notes(reader).entities("note").count() == 3);
  system_of_notes(writer).entities("note").create({{"n", 4}});
  CHECK(system_of_notes(reader).entities("note").count() == 4);
}

TEST_CASE("a key works for reading, and its denials are not recorded", "[read-only]") {
  const TemporaryFolder folder;
  make_notes_file(folder.file());
  std::string secret;
  {
    const auto database = Database::open(folder.file());
    const Session system = system_of_notes(database);
    system.roles().define(
        {{"name", "reader"}, {"policies", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "allow"}}}}});
    secret = system.api_keys().create({.name = "k", .roles = {"reader"}}).secret;
  }
  const auto database = Database::open(folder.file(), {.sqlite = {.read_only = true}});
  const Session reader = database.authenticate(secret);
  CHECK(reader.entities("note").list().size() == 3);
  CHECK_ERROR(permission_denied, reader.entities("note").count(), reader.entities("note").get(EntityId("x")));
}
