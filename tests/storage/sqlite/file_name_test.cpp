// A database and its copy with names that each system writes in its own way.
#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include "core/portable_file.hpp"
#include "struere/operations/backup.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a database has a name of any language, and so has its backup", "[sqlite][file_name]") {
  const TemporaryFolder folder;
  const std::filesystem::path place = folder.path() / path_of("Иван ñ 数据 \xf0\x9f\x90\xa6");
  std::filesystem::create_directory(place);
  const std::string file = name_of(place / path_of("база 数.db")), copy = name_of(place / path_of("копия 据.db"));
  {
    const auto database = Database::open(file);
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
    CHECK(std::filesystem::exists(path_of(file)));
    CHECK(std::filesystem::exists(path_of(file + "-wal")));
    CHECK(std::filesystem::exists(path_of(file + "-lock")));
    CHECK(back_up_database(file, copy).organizations == 1);
    CHECK(error_code_of([&] { back_up_database(file, copy); }) == ErrorCode::conflict);
    CHECK(back_up_database(file, copy, {.replace = true}).organizations == 1);
    CHECK(error_of([&] { back_up_database(file, file); }).find(file) != std::string::npos);
  }
  CHECK(Database::open(file, {.sqlite = {.must_exist = true}}).trusted_host().organizations().size() == 1);
  CHECK(Database::open(copy, {.sqlite = {.must_exist = true}}).trusted_host().organizations().size() == 1);
  CHECK(error_of([&] {
          Database::open(name_of(place / path_of("нет.db")), {.sqlite = {.must_exist = true}});
        }).find("нет.db") != std::string::npos);
}

#ifdef _WIN32
TEST_CASE("what Windows takes for something else than a file is no database", "[sqlite][file_name]") {
  const TemporaryFolder folder;
  const std::string file = folder.file();
  CHECK(error_of([] { Database::open("nul"); }).find("device") != std::string::npos);
  CHECK(error_of([&] { Database::open(file + ":hidden"); }).find("stream") != std::string::npos);
  const auto database = Database::open(file);
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  CHECK(error_of([&] { back_up_database(file, file + ":copy"); }).find("stream") != std::string::npos);
  const std::string log = file.substr(0, file.size() - 3) + ".DB-WAL";
  CHECK(error_code_of([&] { back_up_database(file, log, {.replace = true}); }) == ErrorCode::conflict);
}
#endif
