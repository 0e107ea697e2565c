// A pack as JSON: the manifest of pack.yaml, and its definitions in the member `definitions`.
#pragma once

#include "struere/definitions/pack.hpp"

namespace struere::server {

// Throws Refusal{400} for another shape, as definitions_in() does. Mistakes in the definitions are found by the plan.
Pack read_pack(std::string_view text);

}  // namespace struere::server
