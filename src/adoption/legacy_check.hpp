// Checks that all rows of a legacy database can be adopted, before the first row is moved.
#pragma once

#include "adoption/legacy_file.hpp"

namespace struere {

// Throws Error{invalid_data} that names the first few rows that cannot be adopted.
void check_legacy_rows(LegacyFile& file);

}  // namespace struere
