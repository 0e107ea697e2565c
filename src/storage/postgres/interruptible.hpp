// Queries that are given up when their caller says so.
#pragma once

#include "storage/postgres/connection.hpp"
#include "storage/postgres/server_error.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

inline void throw_if_due(const Interruption& interruption) {
  if (interruption.may_come() && interruption.is_due()) throw_interrupted();
}

// While it lives, the connection's statements are cancelled when they are to be given up.
class Interruptible {
 public:
  Interruptible(Connection& connection, const Interruption& interruption) : connection_(connection) {
    throw_if_due(interruption);
    if (interruption.may_come()) connection_.set_interruption([&interruption] { return interruption.is_due(); });
  }
  ~Interruptible() { connection_.set_interruption({}); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  Connection& connection_;
};

}  // namespace struere::postgres
