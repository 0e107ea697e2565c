// The memory storage interprets, the SQLite storage compiles: random worlds, asked at random, must get the same answers
// from both, to the letter of each message. STRUERE_SEED and STRUERE_WORLDS make longer runs.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <iostream>

#include "property/random_world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("memory and SQLite give the same answers", "[property][storage]") {
  const std::uint64_t first = setting("STRUERE_SEED", 20'000), worlds = setting("STRUERE_WORLDS", 12);
  std::size_t steps = 0;
  for (std::uint64_t seed = first; seed < first + worlds; ++seed) {
    RandomWorld memory(StorageKind::memory, seed), sqlite(StorageKind::sqlite, seed);
    for (int step = 0; step < 120; ++step, ++steps) {
      const std::string expected = memory.step(), got = sqlite.step();
      if (expected != got)
        FAIL("seed " << seed << " step " << step << "\n"
                     << memory.question() << "\nmemory: " << expected << "\nsqlite: " << got);
    }
  }
  if (worlds > 12) std::cout << steps << " steps compared, from seed " << first << "\n";
}

TEST_CASE("worlds in which the storages once differed", "[property][storage]") {
  for (const std::uint64_t seed : {20'007U /* nin of a text */, 100'266U /* a time against a number past 64 bits */}) {
    RandomWorld memory(StorageKind::memory, seed), sqlite(StorageKind::sqlite, seed);
    for (int step = 0; step < 120; ++step) CHECK(memory.step() == sqlite.step());
  }
}
