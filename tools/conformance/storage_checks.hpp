// The assertions of the storage suite. The suite is installed, so it must not need a framework for tests.
#pragma once

#include <exception>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

#include "struere/core/error.hpp"

namespace struere::conformance {

// Collects what was not as expected, and ends a part of the suite that cannot continue.
class Findings {
 public:
  void expect(bool holds, const char* what, std::source_location where = std::source_location::current()) {
    if (!holds)
      lines_.push_back(std::string(where.function_name()) + ", line " + std::to_string(where.line()) + ": expected " +
                       what);
  }
  void require(bool holds, const char* what, std::source_location where = std::source_location::current()) {
    expect(holds, what, where);
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

#define STRUERE_EXPECT(...) findings.expect(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)
#define STRUERE_REQUIRE(...) findings.require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)
#define STRUERE_EXPECT_ERROR(code, ...)                                                    \
  findings.expect(error_code_of([&] { (void)(__VA_ARGS__); }) == struere::ErrorCode::code, \
                  "Error{" #code "} by " #__VA_ARGS__)
#define STRUERE_EXPECT_LOGIC_ERROR(...) \
  findings.expect(is_logic_error([&] { (void)(__VA_ARGS__); }), "std::logic_error by " #__VA_ARGS__)
