// Copies the file while others write to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace struere {

// Copies page by page from one snapshot, so that writes do not restart the copy. `from` may be a file that cannot be
// written; without a log beside it, nobody may write to it meanwhile. `to` is an empty file. `progress`
// receives numbers of bytes; an exception from it ends the copy. Throws Error{storage}; the content of `to` is then
// useless.
void copy_sqlite_file(const std::string& from, const std::string& to,
                      const std::function<void(std::int64_t done, std::int64_t total)>& progress);

// Organizations in a database file that no process has open, of any format; 0 if it cannot be read as one.
std::int64_t organizations_of_file(const std::string& path);

}  // namespace struere
