// Where the tests find what is not in their program.
#pragma once

#include <string>

namespace struere::test {

std::string source_dir();   // the checkout
std::string process_dir();  // the programs that are started as second processes

}  // namespace struere::test
