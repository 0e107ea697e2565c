// Whole numbers of the command line, in decimal only. CLI11 reads 010 as eight and 0x1 as one, so every option or
// argument with a number is declared by add_number().
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace struere::cli {

// `nullopt` if the text has anything but digits, or if the number does not fit.
std::optional<std::int64_t> parse_whole_number(std::string_view text) noexcept;

struct Bounds {
  std::int64_t least = 0, most = std::numeric_limits<std::int64_t>::max();
};

// Refuses every other text. Replaces the text by the same number without leading zeros, which CLI11 reads in decimal.
CLI::Validator whole_number(const Bounds& bounds);

template <class Number>
CLI::Option* add_number(CLI::App* command, const std::string& names, Number& value, const std::string& about,
                        const Bounds& bounds = {}) {
  return command->add_option(names, value, about)->transform(whole_number(bounds));
}

}  // namespace struere::cli
