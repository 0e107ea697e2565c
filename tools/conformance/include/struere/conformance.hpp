// Whether a storage of yours is one: the suite, the scenarios and the random worlds that struere's own pass
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

// Answers with an empty storage at each call. Those of earlier calls may still be in use.
using StorageFactory = std::function<std::unique_ptr<Storage>()>;

// The rules of the interface, one by one. Returns what the storage does wrong, a line each; empty if it does nothing
// wrong. An exception that is not expected is such a line as well.
std::vector<std::string> check_storage(const StorageFactory& make);

// Plays scenario files (tests/conformance/README.md says what they are), each scenario in a storage of its own, prints
// what is not as expected, and returns in how many steps that is. Throws std::runtime_error if a file cannot be read.
std::size_t play_scenarios(const std::vector<std::string>& files, const StorageFactory& make, std::ostream& out);

// Plays random worlds on the storage and on the memory storage for this long, prints the first difference of each, and
// returns how many worlds differed. The first world has the seed `seed`, each other the next.
std::size_t compare_with_memory(const StorageFactory& make, std::chrono::seconds time, std::uint64_t seed,
                                std::ostream& out);

// All of these as a program: `PROGRAM [--seconds N] [FILE.jsonl…]`. Returns 0 if the storage passes, 1 if it does not,
// 2 if the arguments are wrong or a file cannot be read.
int main_of(int argc, char** argv, const StorageFactory& make);

}  // namespace struere::conformance
