// Included first in each file of the library, so that the members of the JSON type are not instantiated in every one.
// That halves the size of the archive.
#pragma once

#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
