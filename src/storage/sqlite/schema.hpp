// Makes the tables of the file, recognises them, and compares them with those that struere makes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "storage/sqlite/connection.hpp"

namespace STRUERE_COMPANION_API struere {

// Marks a file as one of struere's (PRAGMA application_id), and the version of its tables (PRAGMA user_version).
inline constexpr std::int64_t application_id = 0x53545255;  // "STRU"
inline constexpr std::int64_t schema_version = 10;

// Marks an existing database whose rows are being moved into struere's tables (adoption_file.hpp). Only the adoption
// opens it.
inline constexpr std::int64_t adoption_id = 0x53545241;  // "STRA"

enum class FileKind { empty, older, current };

// Throws Error{storage}, without changing the file, if another program or a newer version made it.
FileKind recognise(Connection& connection);

// Makes all tables in an empty file, or adds the steps that an older file lacks, in one transaction. Does nothing if
// another process has just done so.
void create_or_migrate_schema(Connection& connection);

// Takes the steps from number `taken` on, inside the caller's transaction, and marks the file with `mark`. Requires
// that foreign keys are not enforced, because a step replaces a table to which others refer.
void take_schema_steps(Connection& connection, std::int64_t taken, std::int64_t mark);

// Whether struere makes a table or index with this name.
bool is_in_schema(std::string_view name);

// The third wall (SPEC 1) depends on the tables. Throws Error{storage} if a table, key or index is missing or differs
// from what struere makes, or if the file has a trigger or view that struere did not make.
void check_schema(Connection& connection);

}  // namespace struere
