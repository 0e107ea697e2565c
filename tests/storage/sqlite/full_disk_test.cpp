// A disk that fills up: the write fails in words, nothing of it stays, what was there can still be read, and as soon as
// there is room again everything goes on.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "support/child_process.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Files of this process cannot grow past that many bytes: what a full disk is to SQLite, without one.
void limit_files(rlim_t bytes) {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no limit");
}

std::string fill_the_disk(const std::string& path, Durability durability) {
  std::signal(SIGXFSZ, SIG_IGN);
  const auto database = Database::open(path, {.sqlite = {.durability = durability}});
  database.trusted_host().create_organization("Acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define({{"slug", "session"}});
  const auto sessions = system.entities("session");
  const Json big{{"text", std::string(20'000, 'x')}};
  std::vector<EntityId> kept;
  for (int i = 0; i < 5; ++i) kept.push_back(sessions.create(big).id);

  const auto log_size = std::filesystem::file_size(path + "-wal");
  limit_files(log_size + 100'000);
  std::string failure;
  for (int i = 0; i < 200 && failure.empty(); ++i) {
    try {
      kept.push_back(sessions.create(big).id);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::storage) return std::string("another error: ") + error.what();
      failure = error.what();
    }
  }
  if (failure.empty()) return "the disk never filled up";
  if (failure.find("disk") == std::string::npos) return "no help in: " + failure;

  // Again and again, an update as well, and none of it leaves a trace.
  for (int i = 0; i < 5; ++i) {
    if (error_code_of([&] { (void)sessions.create(big); }) != ErrorCode::storage) return "a create was let in";
    if (error_code_of([&] {
          (void)sessions.update(kept.front(), {{"other", std::string(50'000, 'y')}});
        }) != ErrorCode::storage)
      return "an update was let in";
  }
  if (sessions.count() != static_cast<std::int64_t>(kept.size()))
    return fmt::format("{} rows of {}", sessions.count(), kept.size());
  for (const EntityId& id : kept)
    if (sessions.get(id).version() != 1 || sessions.get(id).data() != big) return "a row has changed";
  const Verification verification = system.events().verify();
  if (!verification.ok) return "the chain broke: " + verification.problem;
  // One event for each row and one for the type: none of a write that failed.
  if (verification.verified != static_cast<std::int64_t>(kept.size()) + 1)
    return fmt::format("{} events", verification.verified.value_or(-1));

  limit_files(RLIM_INFINITY);
  for (int i = 0; i < 5; ++i) kept.push_back(sessions.create(big).id);
  sessions.update(kept.front(), {{"other", 1}});
  if (!system.events().verify().ok) return "the chain broke after the disk had room again";
  return "as it should be";
}

}  // namespace

TEST_CASE("a full disk loses nothing and breaks nothing", "[sqlite][full_disk]") {
  const TemporaryFolder folder;
  const Durability durability = GENERATE(Durability::full, Durability::normal);
  CHECK(in_child([&] { return fill_the_disk(folder.file(), durability); }) == "as it should be");
  // And the file is as sound for the next one who opens it.
  const auto database = Database::open(folder.file(), {.sqlite = {.must_exist = true}});
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  CHECK(system.events().verify().ok);
  CHECK(system.entities("session").count() >= 10);
}

TEST_CASE("a new database on a full disk is refused, and the next try is not in its way", "[sqlite][full_disk]") {
  const TemporaryFolder folder;
  const std::string answer = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    limit_files(8192);
    const std::string failure = error_of([&] { (void)Database::open(folder.file()); });
    limit_files(RLIM_INFINITY);
    return failure;
  });
  INFO(answer);
  CHECK(answer.starts_with("storage: "));
  CHECK(error_of([&] { (void)Database::open(folder.file()); }) == "no error");
}
