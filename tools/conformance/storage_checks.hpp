// The assertions of the storage suite. The suite is installed, so it must not need a framework for tests.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "struere/core/error.hpp"

namespace struere::conformance {

// Collects what was not as expected, and ends a part of the suite that cannot continue.
class Findings {
 public:
  void expect(bool holds, const char* what, const char* function, int line) {
    if (!holds) lines_.push_back(std::string(function) + ", line " + std::to_string(line) + ": expected " + what);
  }
  void require(bool holds, const char* what, const char* function, int line) {
    expect(holds, what, function, line);
    if (!holds) throw Stop();
  }
  // Runs one part of the suite.
  template <class Part>
  void run(const char* name, Part&& part) {
    try {
      part();
    } catch (const Stop&) {
    } catch (const std::exception& error) {
      lines_.push_back(std::string(name) + ": threw " + error.what());
    }
  }

  std::vector<std::string> take() { return std::move(lines_); }

 private:
  struct Stop {};

  std::vector<std::string> lines_;
};

template <class Body>
std::optional<ErrorCode> error_code_of(Body&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

template <class Body>
bool is_logic_error(Body&& body) {
  try {
    body();
    return false;
  } catch (const std::logic_error&) {
    return true;
  }
}

}  // namespace struere::conformance

// Not std::source_location, which clang 14 does not have.
#define STRUERE_EXPECT_THAT(holds, what) findings.expect(holds, what, __func__, __LINE__)
#define STRUERE_EXPECT(...) STRUERE_EXPECT_THAT(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)
#define STRUERE_REQUIRE(...) findings.require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __func__, __LINE__)
#define STRUERE_EXPECT_ERROR(code, ...)                                                        \
  STRUERE_EXPECT_THAT(error_code_of([&] { (void)(__VA_ARGS__); }) == struere::ErrorCode::code, \
                      "Error{" #code "} by " #__VA_ARGS__)
#define STRUERE_EXPECT_LOGIC_ERROR(...) \
  STRUERE_EXPECT_THAT(is_logic_error([&] { (void)(__VA_ARGS__); }), "std::logic_error by " #__VA_ARGS__)
