// What was exported is brought back: with its ids, and with references in any order.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

void define_folders(World& world, Environment environment = Environment::development) {
  world.define_type({{"slug", "note"}}, environment);
  for (const char* const slug : {"folder", "note"})
    world.define_type({{"slug", slug},
                       {"schema",
                        {{"properties",
                          {{"parent", {{"type", "string"}, {"references", "folder"}}},
                           {"first", {{"type", "string"}, {"references", "note"}}}}}}}},
                      environment);
}

ImportedRow row_of(const char* id, Json data, std::optional<std::string> type = {}) {
  return {std::move(data), {.id = EntityId(id)}, std::move(type)};
}

}  // namespace

TEST_CASE("an import keeps ids, status and times, and references come in any order", "[import]") {
  World world(any_storage());
  define_folders(world);
  const auto folders = world.system().entities("folder");
  const Timestamp now = folders.get(folders.create(Json::object()).id).created_at().value();
  std::vector<ImportedRow> rows{row_of("child", {{"parent", "root"}}), row_of("root", {{"parent", "root"}}),
                                row_of("a", {{"parent", "b"}}), row_of("b", {{"parent", "a"}, {"first", "n"}}),
                                row_of("n", {{"parent", "a"}}, "note")};
  rows[0].options.created_at = now - 1000;
  CHECK(folders.import_all(rows).size() == 5);
  CHECK(folders.get(EntityId("child")).created_at() == now - 1000);
  CHECK(folders.get(EntityId("child")).updated_at().value() >= now);
  CHECK(folders.get(EntityId("child")).version() == 1);
  CHECK(world.system().entities("note").get(EntityId("n")).data().at("parent") == "a");
  CHECK(world.system().events().list({.type = "folder.created"}).events.size() == 5);
  CHECK(world.system().events().verify().ok);

  std::vector<ImportedRow> archived{row_of("old", Json::object())};
  archived[0].options.status = "archived";
  folders.import_all(archived);
  CHECK(folders.get(EntityId("old")).status() == "archived");
}

TEST_CASE("one row of an import that is refused takes all with it", "[import]") {
  World world(any_storage());
  define_folders(world);
  const auto folders = world.system().entities("folder");
  const auto refused = [&](const std::vector<ImportedRow>& rows) {
    return error_of([&] { (void)folders.import_all(rows); });
  };
  const ImportedRow good = row_of("good", Json::object());
  CHECK(refused({good, row_of("x", {{"parent", "nowhere"}})}).starts_with("invalid_reference: row 2 of 2: "));
  CHECK(refused({good, good}).starts_with("conflict: row 2 of 2: "));
  CHECK(refused({good, row_of("", Json::object())}).starts_with("invalid_data: row 2 of 2: "));
  CHECK(refused({good, row_of("x", Json::object(), "nonsense")}).starts_with("not_found: row 2 of 2: "));
  ImportedRow future = row_of("x", Json::object());
  future.options.created_at = 1LL << 50;
  CHECK(refused({good, future}).starts_with("invalid_data: row 2 of 2: "));
  CHECK(refused(std::vector(most_rows_written + 1, good)).starts_with("invalid_data: an import is at most 10000 rows"));
  CHECK(folders.count() == 0);
  CHECK(world.system().events().list({.type = "folder.created"}).events.empty());

  folders.import_all(std::vector{good});
  folders.remove(EntityId("good"));
  CHECK(refused({good}).starts_with("conflict: row 1 of 1: "));  // a deleted one keeps its id
}

TEST_CASE("only who sees the whole scope chooses ids, and another scope's are as free as any", "[import]") {
  World world(any_storage());
  define_folders(world);
  define_folders(world, Environment::production);
  world.define_role({{"name", "writer"},
                     {"policies", {{{"resource", "folder"}, {"actions", {"create", "read"}}, {"effect", "allow"}}}}});
  const auto own = world.user("ana", {"writer"}).entities("folder");
  CHECK_ERROR(permission_denied, own.import_all(std::vector{row_of("x", Json::object())}));
  CHECK_ERROR(permission_denied, own.create(Json::object(), {.created_at = 1}));
  CHECK(own.import_all(std::vector<ImportedRow>{{Json::object()}}).size() == 1);  // without an id: as create

  const auto development = world.system().entities("folder");
  const auto production = world.system(Environment::production).entities("folder");
  production.create(Json::object(), {.id = EntityId("x")});
  const auto taken = error_of([&] { (void)own.import_all(std::vector{row_of("x", Json::object())}); });
  const auto free = error_of([&] { (void)own.import_all(std::vector{row_of("y", Json::object())}); });
  CHECK(taken == free);
  CHECK(development.create(Json::object(), {.id = EntityId("x")}).id == EntityId("x"));
}
