// The formats that `format` enforces. They apply to strings only.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace struere::json_schema {

struct Format {
  std::string_view name;
  bool (*matches)(std::string_view text);
  std::string_view words;  // "a date such as 2024-02-29"
};

// All known formats. A definition with another one is refused.
const std::array<Format, 13>& formats();

const Format* find_format(std::string_view name);

}  // namespace struere::json_schema
