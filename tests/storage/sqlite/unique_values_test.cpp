// The wall of unique keys in the file: not even raw SQL stores two entities that agree on one.
#include <catch2/catch.hpp>

#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("raw SQL cannot give the values of a unique key to a second entity", "[sqlite][unique]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "student"}, {"unique", Json::array({{"email"}})}});
  const std::string first = world.create("student", {{"email", "a"}}).str();
  const std::string second = world.create("student", {{"email", "b"}}).str();
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT group_concat(value, ' ') FROM unique_values") == R"(["a"] ["b"])");
  CHECK(raw.refusal("UPDATE unique_values SET value = '[\"a\"]' WHERE entity_id = '" + second + "'")
            .starts_with("UNIQUE constraint failed"));
  CHECK(raw.refusal("INSERT INTO unique_values SELECT scope_id, type_key, key_no, value, '" + second +
                    "' FROM unique_values WHERE entity_id = '" + first + "'")
            .starts_with("UNIQUE constraint failed"));
}

TEST_CASE("a row that is removed leaves nothing in the way", "[sqlite][unique]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "student"}, {"unique", Json::array({{"email"}, {"n"}})}});
  const EntityId id = world.create("student", {{"email", "a"}, {"n", 1}});
  const auto students = world.system().entities("student");
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT count(*) FROM unique_values") == "2");
  (void)students.update(id, {{"n", nullptr}});
  CHECK(raw.value("SELECT count(*) FROM unique_values") == "1");
  students.remove(id);
  CHECK(raw.value("SELECT count(*) FROM unique_values") == "0");
}
