// The words of SQLite for the compilers of storage/sql.
#pragma once

#include "storage/sql/dialect.hpp"

namespace struere {

inline constexpr Dialect sqlite_dialect{.placeholder = "?"};

}  // namespace struere
