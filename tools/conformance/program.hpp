// What the programs that play scenarios share: how they read their arguments and how they end.
#pragma once

#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace struere::conformance {

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_unusable = 2;  // wrong arguments, or a file that cannot be read, opened or written

// `parse` makes Options from the arguments; they have a member `help`. `run` returns the exit code. Both may throw.
template <class Parse, class Run>
int run_program(const char* name, const char* usage, int argc, char** argv, Parse parse, Run run) {
  const auto unusable = [name](const std::exception& fault, const char* advice) {
    std::cout.flush();
    std::cerr << name << ": " << fault.what() << advice << '\n';
    return exit_unusable;
  };
  decltype(parse({})) options;
  try {
    options = parse({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    return unusable(fault, " (--help tells more)");
  }
  if (options.help) {
    std::cout << usage;
    return exit_passed;
  }
  try {
    return run(options);
  } catch (const std::exception& fault) {
    return unusable(fault, "");
  }
}

}  // namespace struere::conformance
