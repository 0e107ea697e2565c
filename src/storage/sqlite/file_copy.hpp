// The file, copied while others write to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace struere {

// Page by page, as of one moment: a snapshot is held, so that no write makes it begin again. `to` is an empty file.
// `progress` is told bytes; what it throws ends the copy. Throws Error{storage}; what `to` holds then is of no use.
void copy_sqlite_file(const std::string& from, const std::string& to,
                      const std::function<void(std::int64_t done, std::int64_t total)>& progress);

}  // namespace struere
