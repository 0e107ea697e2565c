// The calls to the file system that differ between systems do the same on each of them.
#include "core/portable_file.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "support/folder.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Not a name that each encoding has: Latin, Cyrillic, Chinese, and one beyond 16 bits.
const std::string international = "ñandú Иван 数据 \xf0\x9f\x90\xa6";

std::string content_of(const std::string& name) {
  std::ifstream stream(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_to(const std::string& name, const std::string& text) {
  std::ofstream(path_of(name), std::ios::binary) << text;
}

}  // namespace

TEST_CASE("a name of UTF-8 is the same name as a path and as a text", "[portable_file]") {
  CHECK(name_of(path_of(international)) == international);
  CHECK(path_of(international).u8string() == std::u8string(international.begin(), international.end()));
}

TEST_CASE("a file is renamed to a name that is free, and to no other", "[portable_file]") {
  const Folder folder;
  const std::string place = name_of(folder.path()) + "/", from = place + international,
                    to = place + "to " + international;
  write_to(from, "one");
  CHECK_FALSE(rename_without_replacing(from, to));
  CHECK(content_of(to) == "one");
  write_to(from, "two");
  CHECK(rename_without_replacing(from, to) == std::errc::file_exists);
  CHECK(content_of(to) == "one");
  CHECK(content_of(from) == "two");
  CHECK_FALSE(make_durable(from, {}));
  CHECK_FALSE(rename_and_replace(from, to));
  CHECK_FALSE(make_names_durable(name_of(folder.path())));
  CHECK(content_of(to) == "two");
  CHECK_FALSE(std::filesystem::exists(path_of(from)));
  CHECK(rename_without_replacing(from, place + "other") == std::errc::no_such_file_or_directory);
  CHECK(rename_and_replace(from, to) == std::errc::no_such_file_or_directory);
  CHECK(make_durable(from, {}) == std::errc::no_such_file_or_directory);
}

TEST_CASE("a file that is created was not there, and is for its owner only", "[portable_file]") {
  const Folder folder;
  const std::string name = name_of(folder.path()) + "/" + international;
  std::error_code failure;
  CHECK(SystemFile::create(name, failure).is_open());
  CHECK_FALSE(failure);
  CHECK_FALSE(exposure_of_file(name));
  CHECK_FALSE(SystemFile::create(name, failure).is_open());
  CHECK(failure == std::errc::file_exists);
  CHECK_FALSE(SystemFile::create(name_of(folder.path()) + "/none/file", failure).is_open());
  CHECK(failure == std::errc::no_such_file_or_directory);
}

TEST_CASE("one file at a time has the lock, within a process as well, and others read and write it",
          "[portable_file]") {
  const Folder folder;
  const std::string name = name_of(folder.path()) + "/file";
  std::error_code failure;
  SystemFile first = SystemFile::create(name, failure);
  REQUIRE(first.lock(Wait::yes));
  write_to(name, "text");
  CHECK(content_of(name) == "text");
  SystemFile second = SystemFile::open(name);
  REQUIRE(second.is_open());
  CHECK_FALSE(second.lock(Wait::no));
  first = SystemFile();
  CHECK(second.lock(Wait::no));
  CHECK_FALSE(SystemFile::open(name + "-none").is_open());
}

TEST_CASE("an open file is renamed and removed, and knows its name", "[portable_file]") {
  const Folder folder;
  const std::string name = name_of(folder.path()) + "/file", to = name + "-to";
  std::error_code failure;
  const SystemFile file = SystemFile::create(name, failure);
  CHECK(file.is_named(name));
  CHECK_FALSE(rename_without_replacing(name, to));
  CHECK_FALSE(file.is_named(name));
  write_to(name, "another");
  CHECK_FALSE(file.is_named(name));
  CHECK(std::filesystem::remove(path_of(to)));
#ifndef _WIN32  // there the name of an open file is renamed and removed as well, but wine does so in part
  CHECK(SystemFile::create(to, failure).is_named(to));
  CHECK_FALSE(file.is_named(to));
#endif
}

TEST_CASE("a file is the same by each of its names, and another one is not", "[portable_file]") {
  const Folder folder;
  const std::string name = name_of(folder.path()) + "/" + international, other = name_of(folder.path()) + "/other";
  CHECK(identity_of_file(name) == FileIdentity());
  write_to(name, "");
  write_to(other, "");
  const FileIdentity identity = identity_of_file(name);
  CHECK_FALSE(identity == FileIdentity());
  CHECK_FALSE(identity == identity_of_file(other));
  CHECK(identity_of_file(name_of(folder.path()) + "/./" + international) == identity);
  CHECK_FALSE(rename_without_replacing(name, name + "-to"));
  CHECK(identity_of_file(name + "-to") == identity);
}

#ifdef _WIN32
TEST_CASE("a name that is a device or a stream of another file is no name for a database", "[portable_file]") {
  CHECK(unusable_database_name("C:\\data\\app.db").empty());
  CHECK(unusable_database_name("\\\\?\\C:\\data\\app.db").empty());
  CHECK(unusable_database_name("\\\\server\\share\\app.db").empty());
  CHECK(unusable_database_name("\\\\.\\nul").find("device") != std::string::npos);
  CHECK(unusable_database_name("C:\\data\\app.db:hidden").find("stream") != std::string::npos);
  CHECK(unusable_database_name("\\\\?\\C:\\data\\app.db:hidden").find("stream") != std::string::npos);
  CHECK(is_same_name("Copy.DB-wal", "copy.db-WAL"));
  CHECK(has_suffix("copy.db-WAL", "-wal"));
  CHECK_FALSE(is_same_name("copy.db", "copy.db-wal"));
}
#endif
