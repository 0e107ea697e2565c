#include "cli/screen.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <sstream>

namespace struere::cli {
namespace {

constexpr std::size_t narrowest_column = 6;

std::size_t terminal_width(int terminal = STDOUT_FILENO) {
  winsize size{};
  return ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 1000;
}

// In characters, as far as one is a code point.
std::size_t width_of(const std::string& text) {
  std::size_t out = 0;
  for (const char c : text) out += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return out;
}

// What says to a command that it is to go on nevertheless.
const char* option_against(Obstacle::Kind kind) {
  switch (kind) {
    case Obstacle::Kind::data_violates_schema: return " (--accept-invalid-data)";
    case Obstacle::Kind::assignments_of_removed_role: return " (--drop-assignments)";
    case Obstacle::Kind::masked_values_shown: return " (--reveal)";
    case Obstacle::Kind::data_breaks_unique_key:
    case Obstacle::Kind::entities_of_removed_type: break;
  }
  return "";
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
                   (options.color == "auto" && isatty(fileno(stream)) && !std::getenv("NO_COLOR"))),
      is_json_(options.json) {}

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
  for (const Obstacle& obstacle : plan.obstacles)
    fmt::print("  {}{}\n", red("! " + printable(obstacle.message)), faint(option_against(obstacle.kind)));
  if (!plan.options.reveal) return;
  for (const Reveal& reveal : plan.reveals)
    fmt::print("  {}\n",
               yellow(printable(fmt::format("reveals {} of {} to {}: {}, {}", reveal.path, reveal.entity_type,
                                            reveal.role, counted(static_cast<std::size_t>(reveal.rows), "row"),
                                            counted(static_cast<std::size_t>(reveal.events), "event")))));
}

void Screen::show_table(const std::vector<std::string>& head, std::vector<std::vector<std::string>> rows) const {
  for (auto& row : rows)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head.size(); ++column) {
    widths.push_back(width_of(head[column]));
    for (const auto& row : rows) widths.back() = std::max(widths.back(), width_of(row[column]));
  }
  // What does not fit is taken from the widest columns; never from the first, by which a row is named.
  const auto too_wide = [&] {
    return std::reduce(widths.begin(), widths.end()) + 2 * (widths.size() - 1) > terminal_width();
  };
  while (widths.size() > 1 && too_wide()) {
    std::size_t& widest = *std::max_element(widths.begin() + 1, widths.end());
    if (widest <= narrowest_column) break;
    --widest;
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::string cell = cut(cells[column], widths[column]);
      out += cell;
      if (column + 1 < cells.size()) out += std::string(widths[column] - width_of(cell) + 2, ' ');
    }
    return cut(out, terminal_width());
  };
  fmt::print("{}\n", faint(line(head)));
  for (const auto& row : rows) fmt::print("{}\n", line(row));
}

Progress::Progress() : is_shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (is_drawn_) fmt::print(stderr, "\r\x1b[K");
  is_drawn_ = false;
}

void Progress::show(const std::string& what, std::int64_t done, std::int64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_shown_ || (is_drawn_ && done < total && now - drawn_ < std::chrono::milliseconds(100))) return;
  constexpr std::int64_t width = 30;
  const auto filled = static_cast<std::size_t>(total > 0 ? width * std::min(done, total) / total : 0);
  const std::string bar =
      total > 0 ? fmt::format("[{:<30}] {} of {}", std::string(filled, '#'), done, total) : fmt::format("{}", done);
  fmt::print(stderr, "\r\x1b[K{}", cut(fmt::format("{} {}", printable(what), bar), terminal_width(STDERR_FILENO)));
  std::fflush(stderr);
  is_drawn_ = true;
  drawn_ = now;
}

bool Screen::confirm(const std::string& question) const {
  if (is_json_ || !isatty(STDIN_FILENO)) throw UsageError("there is nobody to ask; add --yes to do it without asking");
  fmt::print("{} [y/N] ", question);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int tell(const Options& options, const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  const bool is_usage = dynamic_cast<const UsageError*>(&error) != nullptr;
  if (options.json) {
    Json answer{{"error", ours ? to_string(ours->code()) : is_usage ? "usage" : "failure"}, {"message", error.what()}};
    if (const auto* const refused = dynamic_cast<const RefusedPlan*>(&error)) answer["plan"] = refused->plan();
    fmt::print("{}\n", answer.dump());
  }
  std::fflush(stdout);  // what was said before comes before
  // Of a folder there may be many lines, with words from its files.
  fmt::print(stderr, "{}\n", Screen(options, stderr).red(printable(error.what(), true)));
  std::fflush(stderr);
  return ours ? exit_code(ours->code()) : is_usage ? wrong_usage : failed;
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

std::string wrapped(const std::string& text) {
  const std::size_t width = terminal_width();
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); out += '\n') {
    // Under the second column, where there is one.
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t gap = line.find("  ", first);
    std::size_t indent = gap == std::string::npos ? first + 2 : line.find_first_not_of(' ', gap);
    if (indent == std::string::npos || indent + 20 > width) indent = 2;
    while (width_of(line) > width) {
      const std::size_t end = line.rfind(' ', width);
      if (end == std::string::npos || end <= indent) break;  // one long word
      out += line.substr(0, end) + '\n';
      line = std::string(indent, ' ') + line.substr(end + 1);
    }
    out += line;
  }
  return out;
}

std::string time_text(Timestamp time) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(time / 1000)));
}

}  // namespace struere::cli
