#include "struere/core/environment.hpp"

namespace struere {

std::string_view to_string(Environment environment) noexcept {
  return environment == Environment::production ? "production" : "development";
}

std::optional<Environment> parse_environment(std::string_view text) noexcept {
  if (text == "development") return Environment::development;
  if (text == "production") return Environment::production;
  return std::nullopt;
}

}  // namespace struere
