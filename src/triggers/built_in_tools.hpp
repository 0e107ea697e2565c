// The tools that triggers have without the host's doing: they act through the same operations as everybody else.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_COMPANION_API struere {

inline constexpr std::array<std::string_view, 6> built_in_tools{"entity.create", "entity.get",    "entity.query",
                                                                "entity.update", "entity.delete", "event.emit"};

bool is_built_in_tool(std::string_view name) noexcept;

// Inside an operation that the caller commits. Throws as the operations do; Error{invalid_data} for arguments that are
// none of the tool's.
Json call_built_in_tool(GuardedOperation& operation, const std::string& name, const Json& arguments);

// What is wrong with arguments as a definition writes them, as far as can be told before placeholders are filled in:
// throws as call_built_in_tool does.
void check_built_in_arguments(const std::string& name, const Json& arguments);

}  // namespace struere
