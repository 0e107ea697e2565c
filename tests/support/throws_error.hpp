// The code of the Error that something throws; nothing where it does not throw.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <ostream>

#include "struere/core/error.hpp"

namespace struere {

inline std::ostream& operator<<(std::ostream& out, ErrorCode code) { return out << to_string(code); }

}  // namespace struere

namespace struere::test {

template <class Body>
std::optional<ErrorCode> error_code_of(Body&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const Error& error) {
    return error.code();
  }
}

// The message, too: for what must be the same to the letter.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
    return "no error";
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
}

}  // namespace struere::test

// CHECK_ERROR(not_found, sessions.get(id));
#define CHECK_ERROR(code, ...) \
  CHECK(struere::test::error_code_of([&] { (void)(__VA_ARGS__); }) == struere::ErrorCode::code)
