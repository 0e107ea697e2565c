// The two, for tests that name them in every line.
#pragma once

#include "struere/core/environment.hpp"

namespace struere::test {

inline constexpr auto development = Environment::development;
inline constexpr auto production = Environment::production;

}  // namespace struere::test
