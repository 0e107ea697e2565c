// The tables of a database: made, brought up to date, and recognised. They stand in the schema `struere`, and every
// statement names it, so that no search_path leads elsewhere.
#pragma once

#include <cstdint>

#include "storage/postgres/connection.hpp"

namespace struere::postgres {

inline constexpr std::int64_t schema_version = 4;

enum class SchemaState { missing, older, current };

// The oldest version whose libraries may go on with tables of this one: during a rollout both are at work. A step that
// they cannot live with raises it: a library before version 4 copies an organization without its log_disorder, and one
// before version 3 leaves kept answers as they are when it purges an entity.
inline constexpr std::int64_t oldest_compatible_version = 4;

// Throws Error{storage} if a newer library made the tables, and this one may not use them.
SchemaState recognise(Connection& connection);

// Takes the steps that were not taken, in the transaction that is open; the lock of the version keeps others out.
void take_schema_steps(Connection& connection);

}  // namespace struere::postgres
