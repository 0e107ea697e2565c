// The page on which an operator signs in where the dashboard was not built.
#pragma once

#include <span>

#include "server/assets.hpp"

namespace struere::server {

// /sign-in and its script, which the policy of content wants apart.
std::span<const Asset> sign_in_assets() noexcept;

}  // namespace struere::server
