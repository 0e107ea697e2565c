// The tables of a database: made, brought up to date, and recognised. They stand in the schema `struere`, and every
// statement names it, so that no search_path leads elsewhere.
#pragma once

#include <cstdint>

#include "storage/postgres/connection.hpp"

namespace struere::postgres {

inline constexpr std::int64_t schema_version = 1;

enum class SchemaState { missing, older, current };

// Throws Error{storage} if a newer library made the tables.
SchemaState recognise(Connection& connection);

// Makes all tables, or what older ones lack, in one transaction; does nothing if another process has just done so.
void create_or_migrate_schema(Connection& connection);

}  // namespace struere::postgres
