// Warns if a query names a field that the schema of the type does not know: such a field is absent from every row, so
// the answer is empty (SPEC 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/query/query.hpp"

namespace struere::cli {

// A warning such as "no field `data.sttus`; did you mean `data.status`?". nullopt if the schema knows the field
// or allows it. With an open schema, there is a warning only if the schema has a field with a similar name.
std::optional<std::string> field_warning(const Json& schema, const std::string& path);

// A warning for each field of `where` or `order` that the schema does not know.
std::vector<std::string> field_warnings(const Json& schema, const Query& query);

}  // namespace struere::cli
