// Versions as semver.org defines them, and their order.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

class SemanticVersion {
 public:
  static std::optional<SemanticVersion> parse(std::string_view text);

  // The text after a `+` is ignored.
  friend std::weak_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b);
  friend bool operator==(const SemanticVersion& a, const SemanticVersion& b) { return std::is_eq(a <=> b); }

 private:
  std::array<std::uint64_t, 3> numbers_{};
  std::vector<std::string> prerelease_;
};

}  // namespace struere
