// `dev` over the hours: what is pulled away from under it, and what it must not take for an order.
#include <fcntl.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "cli/project.hpp"
#include "struere/definitions/definitions.hpp"
#include "support/raw_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class Dev {
 public:
  explicit Dev(const Project& project) : project_(project) {
    child_ = project.start({"dev"}, output());
    REQUIRE(says("Watching"));
  }
  ~Dev() {
    kill(child_, SIGTERM);
    waitpid(child_, nullptr, 0);
  }
  std::string output() const { return (project_.path() / "dev.out").string(); }
  std::string text() const { return project_.read("dev.out"); }
  bool says(const std::string& part) const {
    return within([&] { return text().find(part) != std::string::npos; });
  }
  bool within(const std::function<bool()>& holds) const {
    for (int i = 0; i < 6000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  std::size_t count(const std::string& part) const {
    std::size_t out = 0;
    for (std::size_t at = 0; (at = text().find(part, at)) != std::string::npos; ++at) ++out;
    return out;
  }

 private:
  const Project& project_;
  pid_t child_ = -1;
};

bool has_role(const Project& project, const std::string& name) {
  const auto database = Database::open(project.database());
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  return Definitions(system).current().find(DefinitionKind::role, name) != nullptr;
}

void remove_database(const Project& project) {
  for (const char* const part : {"", "-wal", "-shm"}) std::filesystem::remove(project.database() + part);
}

}  // namespace

TEST_CASE("dev says that its database is gone, and takes the one that comes in its place", "[cli][dev]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Dev dev(project);
  remove_database(project);
  CHECK(dev.says("was deleted"));  // without a file being saved
  project.write("roles/late.yaml", "name: late\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  CHECK_FALSE(std::filesystem::exists(project.database()));
  CHECK(dev.count("Synced") == 0);
  CHECK(dev.count("was deleted") == 1);
  std::filesystem::remove(project.path() / "roles/late.yaml");
  const int synced = project.run("sync").code;
  REQUIRE((synced == 0 || synced == 5));  // or dev came first, with the same
  CHECK(dev.says("Opened"));
  project.write("roles/after.yaml", "name: after\n");
  CHECK(dev.within([&] { return has_role(project, "after"); }));

  // Replaced by another at once, as a restored copy is.
  const std::string copy = (project.path() / "copy.db").string();
  REQUIRE(project.run("backup " + copy).code == 0);
  for (const char* const part : {"-wal", "-shm"}) std::filesystem::remove(project.database() + part);
  std::filesystem::rename(copy, project.database());
  CHECK(dev.within([&] { return dev.count("Opened") == 2; }));
  project.write("roles/last.yaml", "name: last\n");
  CHECK(dev.within([&] { return has_role(project, "last"); }));
}

TEST_CASE("dev tries again when a lock is let go", "[cli][dev]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Dev dev(project);
  {
    RawDatabase other(project.database());
    other.run("BEGIN IMMEDIATE");
    project.write("roles/waiting.yaml", "name: waiting\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(7000));  // longer than a writer waits
    other.run("ROLLBACK");
  }
  CHECK(dev.within([&] { return has_role(project, "waiting"); }));  // without another save
}

TEST_CASE("dev follows the target of a linked file, and where the link leads", "[cli][dev]") {
  const Project project;
  const Folder elsewhere;
  elsewhere.write("one.yaml", "name: one\n");
  elsewhere.write("two.yaml", "name: two\n");
  std::filesystem::create_symlink(elsewhere.path() / "one.yaml", project.path() / "roles/linked.yaml");
  const Dev dev(project);
  CHECK(dev.within([&] { return has_role(project, "one"); }));
  elsewhere.write("one.yaml", "name: changed\n");
  CHECK(dev.within([&] { return has_role(project, "changed"); }));
  std::filesystem::remove(project.path() / "roles/linked.yaml");
  std::filesystem::create_symlink(elsewhere.path() / "two.yaml", project.path() / "roles/linked.yaml");
  CHECK(dev.within([&] { return has_role(project, "two") && !has_role(project, "changed"); }));
}

TEST_CASE("dev deletes nothing when a whole folder goes", "[cli][dev]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Dev dev(project);
  for (const std::string folder : {"roles", "entity-types"}) {
    std::filesystem::rename(project.path() / folder, project.path() / "elsewhere");
    CHECK(dev.says("the folder " + folder + " was deleted"));
    CHECK(has_role(project, "author"));
    std::filesystem::rename(project.path() / "elsewhere", project.path() / folder);
    CHECK(dev.within([&] { return dev.text().ends_with("= development is as the files say\n"); }));
  }
  // A file that goes is an order, and so is an empty folder.
  std::filesystem::remove(project.path() / "roles/author.yaml");
  CHECK(dev.within([&] { return !has_role(project, "author"); }));
}

// It waits for somebody to read what it says of a sync, and that long the sync is done and not yet over.
TEST_CASE("dev deletes nothing when a folder goes right after it was read", "[cli][dev]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string pipe = (project.path() / "dev.pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  const pid_t child = project.start({"dev"}, pipe);
  std::string said;
  const auto says = [&](const std::string& part) {
    for (int i = 0; i < 6000; ++i) {
      std::array<char, 4096> buffer{};
      for (ssize_t got = 0; (got = read(reader, buffer.data(), buffer.size())) > 0;)
        said.append(buffer.data(), static_cast<std::size_t>(got));
      if (said.find(part) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  const auto comes = [&](const std::string& role) {
    for (int i = 0; i < 6000 && !has_role(project, role); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return has_role(project, role);
  };
  CHECK(says("Watching"));
  const std::string much(4096, '.');
  while (write(reader, much.data(), much.size()) > 0) {
  }
  project.write("roles/late.yaml", "name: late\n");
  CHECK(comes("late"));
  std::filesystem::rename(project.path() / "roles", project.path() / "elsewhere");
  CHECK(says("the folder roles was deleted"));
  CHECK(has_role(project, "author"));
  CHECK(has_role(project, "late"));
  kill(child, SIGTERM);
  waitpid(child, nullptr, 0);
  close(reader);
}
