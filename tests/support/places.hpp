// Where the tests find what is not in their program.
#pragma once

#include <string>

namespace struere::test {

std::string source_dir();       // the checkout
std::string process_program();  // what is started as a second process: its first argument names a program of processes/

}  // namespace struere::test
