// Whether the file is sound.
#pragma once

#include "storage/sqlite/connection.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Of one snapshot. Damage is in the report; throws Error{storage} only where the file cannot be read at all.
StorageReport check_file(Connection& connection);

}  // namespace struere
