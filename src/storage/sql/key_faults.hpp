// What a storage that keeps keys beside its rows reports of them (Storage::check). Nothing if none of them is wrong.
#pragma once

#include <cstdint>
#include <string_view>

#include "struere/model/storage_report.hpp"

namespace struere {

// Rows without a key, and keys without a row: queries would not return such rows.
void report_field_keys(StorageReport& report, std::int64_t wrong, std::string_view type);
// A row whose value is missing does not keep another row from having the same.
void report_unique_keys(StorageReport& report, std::int64_t wrong, std::string_view type);

}  // namespace struere
