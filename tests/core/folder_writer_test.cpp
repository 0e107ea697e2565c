// What is planted in the place of a file is named and left as it is (docs/threat-model.md, "The command line").
#include "core/folder_writer.hpp"

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "struere/core/error.hpp"
#include "support/folder.hpp"

using namespace struere;
using namespace struere::test;

namespace {

namespace files = std::filesystem;

std::string refusal_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::conflict);
    return error.what();
  }
  return "it was not refused";
}

}  // namespace

TEST_CASE("what is not the only name of a file is not written to, and the error says what it is", "[folder_writer]") {
  const Folder outside, folder;
  const files::path victim = outside.path() / "victim", file = folder.path() / "roles/a.yaml";
  std::ofstream(victim) << "before";
  files::create_directories(file.parent_path());
  const FolderWriter writer(folder.path());
  const auto refuses = [&](const files::path& name, const std::string& what) {
    INFO(name << ": " << what);
    CHECK(refusal_of([&] { writer.replace(name, "after"); }).find(what) != std::string::npos);
    CHECK(refusal_of([&] { writer.remove(name); }).find(what) != std::string::npos);
    CHECK(refusal_of([&] { writer.require_replaceable(name); }).find(what) != std::string::npos);
    std::ifstream stream(victim);
    CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == "before");
    CHECK(std::distance(files::directory_iterator(outside.path()), {}) == 1);
  };
  files::create_symlink(victim, file);
  refuses("roles/a.yaml", "a.yaml is a link");
  files::remove(file);
  files::create_symlink(outside.path() / "new", file);
  refuses("roles/a.yaml", "a.yaml is a link");
  files::remove(file);
  files::create_hard_link(victim, file);
  refuses("roles/a.yaml", "has another name as well");
  files::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);
  refuses("roles/a.yaml", "is not a regular file");
  files::remove(file);
  files::remove(file.parent_path());
  files::create_directory_symlink(outside.path(), file.parent_path());
  refuses("roles/a.yaml", "roles is a link, or no folder");
  refuses("../victim", "leads out of the folder");
}
