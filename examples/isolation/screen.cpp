#include "screen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>

namespace {

constexpr std::size_t widest_line = 100;
constexpr std::size_t margin = 4;  // of everything except titles and text

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

// The width in characters, not bytes, because names have accents.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string shortened(const std::string& text, std::size_t widest) {
  if (width_of(text) <= widest) return text;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end)
    if (starts_character(text[end]) && ++characters == widest) break;
  return text.substr(0, end) + "…";
}

// Breaks a line between words, so that each part fits after `indent` columns. All parts except the first are indented
// by `hanging` more columns.
std::vector<std::string> broken_lines(std::string_view line, std::size_t indent, std::size_t hanging) {
  std::vector<std::string> out;
  std::string head(indent, ' ');
  while (true) {
    std::size_t column = head.size(), end = 0, last_space = 0;
    while (end < line.size() && column <= widest_line) {
      if (line[end] == ' ' && line.find_first_not_of(' ') < end) last_space = end;
      ++end;
      while (end < line.size() && !starts_character(line[end])) ++end;
      ++column;
    }
    if (column <= widest_line || last_space == 0) {
      out.push_back(head + std::string(line));
      return out;
    }
    out.push_back(head + std::string(line.substr(0, last_space)));
    if (out.size() == 1) head += std::string(line.find_first_not_of(' ') + hanging, ' ');
    line.remove_prefix(line.find_first_not_of(' ', last_space));
  }
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

}  // namespace

Screen::Screen() {
  const char* const no_color = std::getenv("NO_COLOR");
  colours_ = isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

void Screen::begin(Block block) {
  const bool always_apart = block == Block::title || block == Block::text;
  if (last_ != Block::none && (last_ != block || always_apart)) fmt::print("\n");
  last_ = block;
}

std::string Screen::paint(std::string_view text, std::string_view colour) const {
  return colours_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
}

void Screen::title(std::string_view text) {
  begin(Block::title);
  fmt::print("{}\n", paint(fmt::format("{}. {}", ++titles_, text), "1;36"));
}

void Screen::say(std::string_view text) {
  begin(Block::text);
  print_lines(broken_lines(text, 0, 0));
}

void Screen::code(std::string_view lines) {
  begin(Block::code);
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) fmt::print("{}{}\n", std::string(margin, ' '), paint(line, "33"));
}

void Screen::answer(std::string_view lines) {
  begin(Block::answer);
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) print_lines(broken_lines(line, margin, 2));
}

void Screen::table(const std::vector<std::vector<std::string>>& rows) {
  begin(Block::table);
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  const std::size_t room = widest_line - margin - 2 * (widths.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), std::size_t{0}) > room) --*std::ranges::max_element(widths);
  for (const auto& row : rows) {
    std::string line(margin, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = shortened(row[i], widths[i]);
      line += &row == &rows.front() ? paint(cell, "1") : cell;
      if (i + 1 < row.size()) line += std::string(widths[i] - width_of(cell) + 2, ' ');
    }
    fmt::print("{}\n", line);
  }
}

void Screen::claim(bool holds, std::string_view text) {
  begin(Block::claim);
  ++claims_;
  if (!holds) ++broken_;
  const std::string mark = holds ? paint("✓", "1;32") : paint("✗", "1;31");
  auto lines = broken_lines(holds ? std::string(text) : "DOES NOT HOLD: " + std::string(text), margin, 0);
  lines.front() = "  " + mark + lines.front().substr(margin - 1);
  print_lines(lines);
}
