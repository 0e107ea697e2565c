// The text of an API key (SPEC 2): `sk_dev_` or `sk_prod_`, then a random token.
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

// The display prefix is long enough to tell one's own keys apart. It shows 24 of the 256 random bits.
inline std::string display_prefix(std::string_view key, Environment environment) {
  return std::string(key.substr(0, key_prefix(environment).size() + 4));
}

}  // namespace struere
