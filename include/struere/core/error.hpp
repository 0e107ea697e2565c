// What can go wrong, as one exception with a code (SPEC 9).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace struere {

enum class ErrorCode {
  unauthenticated,     // unknown, revoked, expired or contradictory key
  permission_denied,   // a policy, a rule or a mask says no
  not_found,           // no such thing for this actor; the same for what never existed
  invalid_data,        // an entity's data, status or patch
  invalid_reference,   // a reference that holds no entity the actor may read
  invalid_definition,  // an entity type, role, policy, rule or mask
  invalid_query,       // a filter, an order or a limit
  invalid_cursor,      // a cursor of another scope, type or query, or none at all
  conflict,            // a stale version, or a name that is taken
  storage,             // the file, the disk, a lock, another version of the format
};

// The word of SPEC 9, as it is logged and sent.
std::string_view to_string(ErrorCode code) noexcept;

// Thrown by every operation that cannot answer. The message says what to do, and never repeats a value or a name that
// the actor may not see. Expected answers have forms that do not throw: `can`, `find`.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace struere
