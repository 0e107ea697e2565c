// Translates regular expressions of JSON Schema (ECMAScript in Unicode mode) into those of RE2.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace struere::json_schema {

inline constexpr std::size_t pattern_max_bytes = 4096;
inline constexpr int pattern_max_groups = 100;    // nested inside one another
inline constexpr int pattern_max_repeats = 1000;  // the largest n of {n}

// The reason why a pattern cannot be used, and the number of the character at fault, counted from 1.
struct PatternFault {
  std::string message;
  std::size_t character;
};

enum class PatternUse {
  match,        // an expression that RE2 cannot match is a fault
  syntax_only,  // any ECMAScript expression is valid, for `format: regex`
};

// Writes the expression for RE2 to `out`, or returns the fault. Takes time linear in the pattern, without recursion.
std::optional<PatternFault> translate_pattern(std::string_view pattern, PatternUse use, std::string& out);

}  // namespace struere::json_schema
