#include "support/places.hpp"

namespace struere::test {

std::string source_dir() { return STRUERE_SOURCE_DIR; }
std::string process_program() { return STRUERE_TEST_PROCESS; }

}  // namespace struere::test
