#include "storage/sql/key_faults.hpp"

#include <fmt/format.h>

namespace struere {

void report_field_keys(StorageReport& report, std::int64_t wrong, std::string_view type) {
  if (wrong > 0)
    report.faults.push_back(
        fmt::format("{} field keys of `{}` do not agree with their rows; define the type without the fields that its "
                    "schema and rules index, and then with them, to build the keys anew",
                    wrong, type));
}

void report_unique_keys(StorageReport& report, std::int64_t wrong, std::string_view type) {
  if (wrong > 0)
    report.faults.push_back(
        fmt::format("{} values of the unique keys of `{}` do not agree with their rows, so that rows may be made "
                    "that are not unique; define the type without `unique`, and then with it, to build the keys anew",
                    wrong, type));
}

}  // namespace struere
