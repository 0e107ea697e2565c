// Private headers whose functions struere::yaml, struere::adoption and the tool `struere` call. They are built with
// this library and from the same sources: what they share is exported, and promised to nobody else.
#pragma once

#include "struere/core/export.hpp"

#define STRUERE_COMPANION_API STRUERE_API
