// What the fuzzers start from, and what they found: each input is a test, with every compiler and under every
// sanitizer.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "fuzz/fuzz_target.hpp"

#include "support/places.hpp"

using namespace struere::fuzz;

TEST_CASE("every input of the corpus holds what its target asserts", "[fuzz]") {
  for (const FuzzTarget& target : fuzz_targets()) {
    const std::filesystem::path folder =
        std::filesystem::path(struere::test::source_dir()) / "tests/fuzz/corpus" / target.name;
    REQUIRE(std::filesystem::is_directory(folder));
    int inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ostringstream bytes;
      bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      ++inputs;
      INFO(entry.path());
      CHECK_NOTHROW(target.run(bytes.str()));
    }
    CHECK(inputs > 3);
  }
}
