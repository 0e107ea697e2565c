// Included before all else in each file of the library: the members of the JSON type are not made anew in every one,
// which halves the size of the archive.
#pragma once

#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
