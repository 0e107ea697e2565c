// Two hosts on one file, killed at any moment.
#include <catch2/catch.hpp>

#include "support/killed_workers.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("killed workers lose no run, and no completed step is done again", "[concurrency][process][triggers][kill]") {
  const TemporaryFolder folder;
  KilledWorkers workers(folder.file(), std::chrono::milliseconds(60));
  INFO("seed " << workers.seed());
  for (int round = 0; round < 30; ++round) workers.play_round();
  REQUIRE(workers.written() >= 20);
  workers.finish();
}
