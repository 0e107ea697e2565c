// Checks the file for damage.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Checks one snapshot and reports damage. Throws Error{storage} only if the file cannot be read at all.
StorageReport check_file(Connection& connection);

}  // namespace struere
