#include "storage/postgres/server_error.hpp"

#include <fmt/format.h>

#include "struere/core/error.hpp"
#include "struere/spi/storage.hpp"

namespace struere::postgres {
namespace {

// The server ends the connection, or begins to: nothing of the transaction is kept.
bool is_shutdown(std::string_view state) {
  // 57P05: the connection was idle for longer than the server allows.
  return state == "57P01" || state == "57P02" || state == "57P03" || state == "57P05";
}

std::string advice(std::string_view state, std::string_view message) {
  const std::string_view kind = state.substr(0, 2);
  if (state == "42501" && message.find("row-level security") != std::string_view::npos)
    return "the setting row_security is off for this role, database or connection; reset it (ALTER ROLE … RESET "
           "row_security)";
  if (state == "42501")
    return "the role of this connection may not do this; grant it what `struere pg init` prints, or use another role";
  if (state == "3F000" || state == "42P01" || state == "42703")
    return "a table or column of struere is missing; make the schema with `struere pg init`";
  if (state == "22021" || state == "22P05") return "a text cannot be stored in the encoding of the database";
  if (state == "54000") return "a value is larger than an index of PostgreSQL takes; make it shorter";
  if (state == "0A000" && message.find("recovery") == std::string_view::npos)
    return "the server cannot carry out a statement, as Citus cannot some that PostgreSQL can";
  if (state == "25006" || state == "0A000")  // the latter: a transaction that writes began on a standby
    return "the server only reads (a standby, say); connect to the primary to write";
  if (state == "53100") return "the server's disk is full; free some space and try again";
  if (state == "22003") return "a sum or a number exceeds 64 bits";
  if (kind == "53") return "the server has no connections or memory left; try again later";
  if (kind == "23") return "what was written contradicts the rows that are there";
  if (kind == "28") return "the server refused the role or its password";
  if (state == "26000" || state == "42P05")
    return "a prepared statement is unknown to the server or known twice; a pooler without prepared statements needs "
           "`?prepare=off` in the URL";
  return "the server refused a statement";
}

// Whether the primary message of an error of this class repeats no value of a row.
bool shows_no_value(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  return kind == "42" || kind == "53" || kind == "54" || kind == "3F" || kind == "25" || kind == "28" || kind == "3D" ||
         kind == "0A";
}

}  // namespace

void throw_server_error(std::string_view state, std::string_view message) {
  if (state == "40001" || state == "40P01")
    throw Error(ErrorCode::storage,
                "two transactions of the server were in each other's way, and this one was undone; try again")
        .retryable();
  if (is_shutdown(state))
    throw Error(ErrorCode::storage, "the server is shutting down or starting; try again later").retryable();
  if (state == "25P03")
    throw Error(ErrorCode::storage,
                "the transaction waited for its own program for longer than the server allows (a minute), while others "
                "may have waited for it, and nothing of it was kept; do long work before or after it")
        .transient();
  if (state == "55P03")
    throw Error(ErrorCode::storage,
                "another writer held the lock for longer than the busy timeout; try again, or raise "
                "PostgresOptions::busy_timeout")
        .transient();
  if (state == "57014")
    throw Error(
        ErrorCode::storage,
        "the server cancelled a statement, as it does after the `statement_timeout` of a role or database; raise "
        "that, or ask who cancels")
        .transient();
  const Error error(ErrorCode::storage,
                    fmt::format("{} ({}{}{})", advice(state, message), state, shows_no_value(state) ? ": " : "",
                                shows_no_value(state) ? message : ""));
  if (state == "42501") throw RightDenied(error.what(), message);
  throw state.substr(0, 2) == "53" && state != "53100" ? error.transient() : error;
}

void throw_interrupted() {
  throw Error(ErrorCode::storage, "the query was stopped, or took longer than its timeout; narrow it").transient();
}

void throw_connection_lost(bool is_committing) {
  if (is_committing)
    throw Error(ErrorCode::storage,
                "the connection to the server was lost while a write was being committed, and it may have been kept; "
                "read before you write it again");
  throw Error(ErrorCode::storage,
              "the connection to the server was lost, and nothing of the transaction was kept; try again")
      .retryable();
}

void throw_server_silent(bool is_committing) {
  if (is_committing)
    throw Error(ErrorCode::storage,
                "the PostgreSQL server did not answer while a write was being committed, and it may have been kept; "
                "read before you write it again");
  throw Error(ErrorCode::storage,
              "the PostgreSQL server does not answer, and nothing of the transaction was kept; see whether it hangs, "
              "and try again")
      .transient();
}

}  // namespace struere::postgres
