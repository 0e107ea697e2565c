// The tools that triggers have without the host's doing: they act through the same operations as everybody else.
#pragma once

#include <string>
#include <string_view>

#include "repository/guarded_operation.hpp"
#include "struere/core/json.hpp"

namespace struere {

bool is_built_in_tool(std::string_view name) noexcept;

// Inside an operation that the caller commits. Throws as the operations do; Error{invalid_data} for arguments that are
// none of the tool's.
Json call_built_in_tool(GuardedOperation& operation, const std::string& name, const Json& arguments);

}  // namespace struere
