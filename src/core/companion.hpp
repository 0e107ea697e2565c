// For private headers whose functions struere::yaml, struere::adoption, struere::server and the tool `struere` call.
// They are built with this library from the same sources, so the functions are exported, but their interface may change
// at any time.
#pragma once

#include "struere/core/export.hpp"

#define STRUERE_COMPANION_API STRUERE_API
