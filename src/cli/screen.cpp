#include "cli/screen.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace struere::cli {
namespace {

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 1000;
}

// In characters, as far as one is a code point.
std::size_t width_of(const std::string& text) {
  std::size_t out = 0;
  for (const char c : text) out += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return out;
}

std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::string out;
  std::size_t kept = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++kept >= width) break;
    out += c;
  }
  return out + "…";
}

}  // namespace

Screen::Screen(const Options& options, std::FILE* stream)
    : is_coloured_(options.color == "always" ||
                   (options.color == "auto" && isatty(fileno(stream)) && !std::getenv("NO_COLOR"))) {}

std::string Screen::painted(const char* code, const std::string& text) const {
  return is_coloured_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

void Screen::show(const ChangePlan& plan, bool detailed) const {
  const std::size_t width = terminal_width();
  for (const DefinitionChange& change : plan.changes) {
    const std::string what = fmt::format("{} {}", to_string(change.kind), printable(change.name));
    switch (change.change) {
      case ChangeKind::create: fmt::print("  {}\n", green("+ " + what)); break;
      case ChangeKind::remove: fmt::print("  {}\n", red("- " + what)); break;
      case ChangeKind::update:
        fmt::print("  {}{}\n", yellow("~ " + what),
                   detailed ? "" : faint("  " + counted(change.fields.size(), "change")));
    }
    if (!detailed) continue;
    for (const FieldChange& field : change.fields) {
      fmt::print("      {}\n", printable(field.path));
      if (field.before) fmt::print("        {}\n", red(cut(printable("- " + field.before->dump()), width - 8)));
      if (field.after) fmt::print("        {}\n", green(cut(printable("+ " + field.after->dump()), width - 8)));
    }
  }
  for (const Obstacle& obstacle : plan.obstacles) fmt::print("  {}\n", red("! " + printable(obstacle.message)));
}

void Screen::show_table(const std::vector<std::string>& head, std::vector<std::vector<std::string>> rows) const {
  for (auto& row : rows)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head.size(); ++column) {
    widths.push_back(width_of(head[column]));
    for (const auto& row : rows) widths.back() = std::max(widths.back(), width_of(row[column]));
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    std::size_t left = terminal_width();
    for (std::size_t column = 0; column < cells.size() && left > 0; ++column) {
      const std::string cell = cut(cells[column], std::min(widths[column], left));
      const std::size_t gap =
          column + 1 < cells.size() ? widths[column] - std::min(widths[column], width_of(cell)) + 2 : 0;
      out += cell + std::string(gap, ' ');
      left -= std::min(left, width_of(cell) + gap);
    }
    return out;
  };
  fmt::print("{}\n", faint(line(head)));
  for (const auto& row : rows) fmt::print("{}\n", line(row));
}

bool Screen::confirm(const std::string& question) {
  if (!isatty(STDIN_FILENO)) throw UsageError("there is nobody to ask; add --yes to do it without asking");
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string printable(const std::string& text, bool keeps_lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    else if ((byte < ' ' && !(keeps_lines && byte == '\n')) || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += text[i];
  }
  return out;
}

std::string fit(const std::string& line) { return cut(printable(line), terminal_width()); }

std::string time_text(Timestamp time) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(time / 1000)));
}

}  // namespace struere::cli
