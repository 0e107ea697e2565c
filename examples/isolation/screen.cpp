#include "screen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace {

constexpr std::size_t widest_cell = 44;

// In characters, not bytes: names have accents.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string fitted(const std::string& text) {
  if (width_of(text) <= widest_cell) return text;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && characters++ == widest_cell - 1) break;
  return text.substr(0, end) + "…";
}

}  // namespace

Screen::Screen() : colours_(isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr) {}

std::string Screen::paint(std::string_view text, std::string_view colour) const {
  return colours_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
}

void Screen::title(std::string_view text) { fmt::print("\n{}\n", paint(fmt::format("{}. {}", ++titles_, text), "1;36")); }

void Screen::say(std::string_view text) const { fmt::print("{}\n", text); }

void Screen::code(std::string_view lines) const {
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) fmt::print("    {}\n", paint(line, "2"));
}

void Screen::table(const std::vector<std::vector<std::string>>& rows) const {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(fitted(row[i])));
  for (const auto& row : rows) {
    std::string line = "   ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = fitted(row[i]);
      line += " " + (&row == &rows.front() ? paint(cell, "1") : cell) + std::string(widths[i] - width_of(cell) + 1, ' ');
    }
    fmt::print("{}\n", line);
  }
}

void Screen::claim(bool holds, std::string_view text) {
  ++claims_;
  if (!holds) ++broken_;
  fmt::print("  {} {}\n", holds ? paint("✓", "1;32") : paint("✗ DOES NOT HOLD:", "1;31"), text);
}
