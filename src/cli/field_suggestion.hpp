// Says when a question names a field that the type's schema does not know: such a field is absent from every row, and
// the answer is empty without a word (SPEC 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/query/query.hpp"

namespace struere::cli {

// A warning such as "no field `data.sttus`; did you mean `data.status`?". nullopt if the schema knows the field, or if
// nothing says that it must not be there: a schema that is open is warned about only if it has a field that is written
// almost alike.
std::optional<std::string> field_warning(const Json& schema, const std::string& path);

// One for each field that `where` or `order` of a query names and the schema does not know.
std::vector<std::string> field_warnings(const Json& schema, const Query& query);

}  // namespace struere::cli
