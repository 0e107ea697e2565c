// Checks that all rows of an existing database can be adopted, before the first row is moved.
#pragma once

#include "adoption/adoption_file.hpp"

namespace struere {

// Throws Error{invalid_data} that names the first few rows that cannot be adopted.
void check_adoption_rows(AdoptionFile& file, Timestamp now);

}  // namespace struere
