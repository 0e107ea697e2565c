// Whole operations, run again where the storage lost them before anything was kept (Error::is_retryable).
#pragma once

#include "core/companion.hpp"
#include "struere/core/error.hpp"

namespace STRUERE_COMPANION_API struere {

// After the n-th failure: whether to try again, which it then is time for. False after a bounded number; the waits
// double, and differ by chance, so that those who were in each other's way are not so again.
bool wait_to_retry(int failures);

// `operation` must leave nothing behind where it throws.
template <class Operation>
auto retried(Operation&& operation) {
  for (int failures = 1;; ++failures) try {
      return operation();
    } catch (const Error& error) {
      if (!error.is_retryable() || !wait_to_retry(failures)) throw;
    }
}

}  // namespace struere
