// The tables of the file: made, recognised, and compared with what is there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "storage/sqlite/connection.hpp"

namespace STRUERE_COMPANION_API struere {

// Marks a file as one of struere's (PRAGMA application_id), and the version of its tables (PRAGMA user_version).
inline constexpr std::int64_t application_id = 0x53545255;  // "STRU"
inline constexpr std::int64_t schema_version = 5;

// Marks a legacy database whose rows are on their way into our tables (legacy_file.hpp): nobody else's to open.
inline constexpr std::int64_t adoption_id = 0x53545241;  // "STRA"

enum class FileKind { empty, older, current };

// Throws Error{storage} for a file that is none of these, without changing it: another program's, or a newer version's.
FileKind recognise(Connection& connection);

// Makes all tables in an empty file, or what an older one lacks, in one transaction; nothing, if another process has
// just done so.
void create_or_migrate_schema(Connection& connection);

// The steps from the `taken`th on, inside the caller's transaction; the file is marked as `mark`.
void take_schema_steps(Connection& connection, std::int64_t taken, std::int64_t mark);

// Whether a table or index of ours has this name.
bool is_in_schema(std::string_view name);

// The third wall stands only as it was built: throws Error{storage} where a table, key or index is missing or is not as
// we make it, or where there is a trigger or view that we did not make.
void check_schema(Connection& connection);

}  // namespace struere
