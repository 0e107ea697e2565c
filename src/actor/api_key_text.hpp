// How an API key is written (SPEC 2): `sk_dev_` or `sk_prod_`, then a random token.
#pragma once

#include <string>
#include <string_view>

#include "core/digest.hpp"
#include "struere/core/environment.hpp"

namespace struere {

inline std::string_view key_prefix(Environment environment) noexcept {
  return environment == Environment::production ? "sk_prod_" : "sk_dev_";
}

inline std::string new_key_text(Environment environment) {
  return std::string(key_prefix(environment)) + random_token();
}

// Enough to tell one's own keys apart; of 256 random bits it shows 24.
inline std::string display_prefix(std::string_view key, Environment environment) {
  return std::string(key.substr(0, key_prefix(environment).size() + 4));
}

}  // namespace struere
