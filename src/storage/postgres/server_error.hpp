// What the server refused, as an Error.
#pragma once

#include <string>
#include <string_view>

namespace struere::postgres {

// Throws for an SQLSTATE. `message` is the server's primary message, shown only where it holds no stored value.
[[noreturn]] void throw_server_error(std::string_view state, std::string_view message);

// Throws where the connection is lost: Error{storage} that is retryable, or Error{storage} without transience if a
// COMMIT was on its way.
[[noreturn]] void throw_connection_lost(bool is_committing);

}  // namespace struere::postgres
