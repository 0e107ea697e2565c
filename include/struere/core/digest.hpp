// 32 bytes: a SHA-256, or as many random ones.
#pragma once

#include <array>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

using Digest = std::array<unsigned char, 32>;

}  // namespace struere
