// What the server refused, as an Error.
#pragma once

#include <string>
#include <string_view>

#include "struere/core/error.hpp"

namespace struere::postgres {

// The server denied a right (42501).
class RightDenied : public Error {
 public:
  RightDenied(const std::string& text, std::string_view message) : Error(ErrorCode::storage, text), said_(message) {}
  const std::string& said() const noexcept { return said_; }  // by the server

 private:
  std::string said_;
};

// Throws for an SQLSTATE. `message` is the server's primary message, shown only where it holds no stored value.
[[noreturn]] void throw_server_error(std::string_view state, std::string_view message);

// Throws Error{storage}, transient: the caller's timeout is over, or its stop was requested.
[[noreturn]] void throw_interrupted();

// Throws where the connection is lost: Error{storage} that is retryable, or Error{storage} without transience if a
// COMMIT was on its way.
[[noreturn]] void throw_connection_lost(bool is_committing);
// The same where the server says nothing. Not retryable: each attempt would wait as long.
[[noreturn]] void throw_server_silent(bool is_committing);

}  // namespace struere::postgres
