// What can go wrong, as one exception with a code (SPEC 9).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

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
  // The message is one line of valid UTF-8: a control character in it, as a stored name may have one, and a byte that
  // is not UTF-8 become \x0a or the like. It has at most 8 KiB; a longer one is cut and ends in "…".
  Error(ErrorCode code, const std::string& message);
  // A message of several lines, each as above, of at most 64 KiB in all.
  Error(ErrorCode code, const std::vector<std::string>& lines);

  ErrorCode code() const noexcept { return code_; }

  // Whether the same call may succeed if it is made again: a lock, a busy disk, a timeout, a group commit that failed.
  bool is_transient() const noexcept { return transient_; }
  // Whether nothing was kept, and the library runs the operation again by itself a few times: a connection that was
  // lost before the commit, a deadlock. Such an error is transient.
  bool is_retryable() const noexcept { return retryable_; }
  // The place that the error is about, such as `data.age`, as valid UTF-8; empty if it is about no single place.
  std::string path() const { return path_ ? *path_ : std::string(); }
  // In a call about many (create_all): the position of the one that was refused.
  std::optional<std::size_t> index() const noexcept { return index_; }

  // The same error with one of these set, for the code that throws it.
  Error transient() const;
  Error retryable() const;
  Error at(std::string path) const;
  Error at(std::size_t index) const;
  // The same with another message.
  Error with_message(const std::string& message) const;

 private:
  ErrorCode code_;
  bool transient_ = false, retryable_ = false;
  std::optional<std::size_t> index_;
  std::shared_ptr<const std::string> path_;  // shared, so that a copy of an exception cannot throw
};

}  // namespace struere
