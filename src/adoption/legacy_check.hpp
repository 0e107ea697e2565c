// Whether all rows of a legacy database can be adopted, before the first of them moves.
#pragma once

#include "adoption/legacy_file.hpp"

namespace struere {

// Throws Error{invalid_data}, with the first few of the rows that cannot.
void check_legacy_rows(LegacyFile& file);

}  // namespace struere
