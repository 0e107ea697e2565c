// The tools that triggers have without tools of the host. They use the same operations as all other callers.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_COMPANION_API struere {

inline constexpr std::array<std::string_view, 6> built_in_tools{"entity.create", "entity.get",    "entity.query",
                                                                "entity.update", "entity.delete", "event.emit"};

bool is_built_in_tool(std::string_view name) noexcept;

// Whether the tool only reads: it is not called while all writers wait.
bool is_reading_tool(std::string_view name) noexcept;

// Runs inside an operation that the caller commits. Throws the errors of the operations, Error{invalid_data} for
// arguments that the tool does not accept, and Error{storage} for a query that takes longer than `query_timeout`.
Json call_built_in_tool(GuardedOperation& operation, const std::string& name, const Json& arguments,
                        std::chrono::milliseconds query_timeout);

// Checks the arguments of a definition as far as possible before placeholders are filled in. Throws the errors of
// call_built_in_tool().
void check_built_in_arguments(const std::string& name, const Json& arguments);

// The entity type that the arguments name. nullopt if a placeholder names it, or the tool is not about entities.
std::optional<std::string> type_written_in(const std::string& name, const Json& arguments);

}  // namespace struere
