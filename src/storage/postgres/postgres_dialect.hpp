// The words of PostgreSQL for the records of storage/sql. It has no functions of ours: what those would decide, the
// library decides on the rows that it reads (row_decider.hpp).
#pragma once

#include "storage/sql/dialect.hpp"

namespace struere::postgres {

inline constexpr RecordWords record_words{.placeholder = '$', .tables = "struere.", .limit_in_text = true};

}  // namespace struere::postgres
