// Tests for your own storage: the suite, the scenarios and the random worlds that struere's own storages pass
// (docs/storages.md). In CMake: find_package(struere COMPONENTS conformance), and link struere::conformance.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "struere/spi/storage.hpp"

namespace struere::conformance {

// Returns an empty storage at each call. The storages of earlier calls may still be in use.
using StorageFactory = std::function<std::unique_ptr<Storage>()>;

// Checks the rules of the interface one by one. Returns one line for each fault of the storage; empty if there is
// none. An unexpected exception is a fault too.
std::vector<std::string> check_storage(const StorageFactory& make);

// Plays scenario files (tests/conformance/README.md describes them), each scenario in a storage of its own. Prints
// each failed step and returns their number. Throws std::runtime_error if a file cannot be read.
std::size_t play_scenarios(const std::vector<std::string>& files, const StorageFactory& make, std::ostream& out);

// For `time`, plays random worlds on the storage and on the memory storage. Prints the first difference of each world
// and returns how many worlds differed. The first world has the seed `seed`, each later one the next number.
std::size_t compare_with_memory(const StorageFactory& make, std::chrono::seconds time, std::uint64_t seed,
                                std::ostream& out);

// Does all of this as a program: `PROGRAM [--seconds N] [FILE.jsonl…]`. Returns 0 if the storage passes, 1 if it does
// not, and 2 if the arguments are wrong or a file cannot be read.
int main_of(int argc, char** argv, const StorageFactory& make);

}  // namespace struere::conformance
