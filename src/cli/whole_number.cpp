#include "cli/whole_number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace struere::cli {

std::optional<std::int64_t> parse_whole_number(std::string_view text) noexcept {
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc() ? std::optional(out) : std::nullopt;
}

CLI::Validator whole_number(const Bounds& bounds) {
  const bool has_most = bounds.most != Bounds{}.most;
  const auto read = [bounds, has_most](std::string& text) -> std::string {
    const auto number = parse_whole_number(text);
    if (number && *number >= bounds.least && *number <= bounds.most) {
      text = std::to_string(*number);
      return {};
    }
    return has_most ? fmt::format("Value {} not in range {} to {}", text, bounds.least, bounds.most)
                    : fmt::format("Value {} is not a whole number of {} or more", text, bounds.least);
  };
  return {read, has_most ? fmt::format("INT in [{} - {}]", bounds.least, bounds.most) : ""};
}

}  // namespace struere::cli
