// A field of canonical JSON text, found without parsing the rest.
#pragma once

#include <optional>
#include <string_view>

namespace struere {

// The canonical text of the value at `path` ("place.city"; the segments of a FieldPath, which need no escapes), or
// nullopt if it is absent. A path walks objects only. Throws Error{storage} if the text on its way is not JSON.
std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path);

}  // namespace struere
