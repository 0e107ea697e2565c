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

#include "server/public_words.hpp"

namespace struere::cli {
namespace {

constexpr std::size_t narrowest_column = 6;

std::size_t width_of_terminal(int terminal) {
  winsize size{};
  return ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 1000;
}

// The option that tells a command to continue in spite of an obstacle.
const char* option_against(Obstacle::Kind kind) {
  switch (kind) {
    case Obstacle::Kind::data_violates_schema: return " (--accept-invalid-data)";
    case Obstacle::Kind::assignments_of_removed_role: return " (--drop-assignments)";
    case Obstacle::Kind::masked_values_shown: return " (--reveal)";
    case Obstacle::Kind::holds_writers: return " (--hold-writers)";
    case Obstacle::Kind::definition_reads_changed_field:
    case Obstacle::Kind::data_breaks_unique_key:
    case Obstacle::Kind::entities_of_removed_type: break;
  }
  return "";
}

// The variable counts if it is set and not empty (https://no-color.org).
bool wants_no_colour() {
  const char* const value = std::getenv("NO_COLOR");
  return value && *value != '\0';
}

}  // namespace

Screen::Screen(const Options& options, std::FILE* stream)
    : is_coloured_(options.color == "always" ||
                   (options.color == "auto" && isatty(fileno(stream)) && !wants_no_colour())),
      is_json_(options.json) {}

Painted Screen::painted(const char* code, const Painted& text) const {
  return is_coloured_ ? Painted(fmt::format("\x1b[{}m{}\x1b[0m", code, text.str())) : text;
}

void Screen::show(const ChangePlan& plan, bool detailed) const {
  const std::size_t width = terminal_width();
  const auto value = [&](char mark, const Json& json) {
    return cut(printable(fmt::format("{} {}", mark, json.dump())), width - 8);
  };
  for (const DefinitionChange& change : plan.changes) {
    const std::string what = fmt::format("{} {}", to_string(change.kind), change.name);
    switch (change.change) {
      case ChangeKind::create: say("  {}", green("+ " + what)); break;
      case ChangeKind::remove: {
        const auto runs = static_cast<std::size_t>(change.pending_runs);
        say("  {}{}", red("- " + what),
            red(runs == 0 ? "" : "  cancels " + counted(runs, "pending run") + " for good"));
        break;
      }
      case ChangeKind::update:
        if (detailed)
          say("  {}", yellow("~ " + what));
        else
          say("  {}{}", yellow("~ " + what), faint("  " + counted(change.fields.size(), "change")));
    }
    if (!detailed) continue;
    for (const FieldChange& field : change.fields) {
      say("      {}", field.path);
      if (field.before) say("        {}", red(value('-', *field.before)));
      if (field.after) say("        {}", green(value('+', *field.after)));
    }
  }
  for (const Obstacle& obstacle : plan.obstacles)
    say("  {}{}", red("! " + obstacle.message), faint(option_against(obstacle.kind)));
  if (!plan.options.reveal) return;
  for (const Reveal& reveal : plan.reveals)
    say("  {}", yellow(fmt::format("reveals {} of {} to {}: {}, {}", reveal.path, reveal.entity_type, reveal.role,
                                   counted(static_cast<std::size_t>(reveal.rows), "row"),
                                   counted(static_cast<std::size_t>(reveal.events), "event"))));
}

void Screen::show_kept(const ChangePlan& plan) const {
  for (const KeptDefinition& each : plan.kept)
    say("  {}", faint(fmt::format("= {} {} stays as it is: it belongs to pack {} in {}", to_string(each.kind),
                                  each.name, each.pack, to_string(plan.environment))));
}

void Screen::show_table(const std::vector<std::string>& head, std::vector<std::vector<std::string>> rows) const {
  for (auto& row : rows)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head.size(); ++column) {
    widths.push_back(width_of(head[column]));
    for (const auto& row : rows) widths.back() = std::max(widths.back(), width_of(row[column]));
  }
  // If the table is too wide, the widest columns are cut, but never the first, which names the row.
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
  say("{}", faint(line(head)));
  for (const auto& row : rows) say("{}", line(row));
}

Progress::Progress() : is_shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (is_drawn_) std::fputs("\r\x1b[K", stderr);
  is_drawn_ = false;
}

void Progress::show(const std::string& what, std::int64_t done, std::int64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_shown_ || (is_drawn_ && done < total && now - drawn_ < std::chrono::milliseconds(100))) return;
  constexpr std::int64_t width = 30;
  const auto filled = static_cast<std::size_t>(total > 0 ? width * std::min(done, total) / total : 0);
  const std::string bar =
      total > 0 ? fmt::format("[{:<30}] {} of {}", std::string(filled, '#'), done, total) : fmt::format("{}", done);
  const std::string line = cut(printable(fmt::format("{} {}", what, bar)), width_of_terminal(STDERR_FILENO));
  detail::write(stderr, "\r\x1b[K" + line);
  std::fflush(stderr);
  is_drawn_ = true;
  drawn_ = now;
}

void show_search(Progress& progress, Timestamp reached, std::size_t found) {
  progress.show("searched back to " + time_text(reached) + ", found", static_cast<std::int64_t>(found), 0);
}

bool Screen::confirm(const std::string& question) const {
  if (is_json_ || !isatty(STDIN_FILENO)) throw UsageError("there is nobody to ask; add --yes to do it without asking");
  say_part(text_of("{} [y/N] ", question));
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int tell(const Options& options, const std::exception& error) {
  const auto* const ours = dynamic_cast<const Error*>(&error);
  const bool is_usage = dynamic_cast<const UsageError*>(&error) != nullptr;
  const std::string message = in_public_words(error.what());
  if (options.json) {
    Json answer{{"error", ours ? to_string(ours->code()) : is_usage ? "usage" : "failure"}, {"message", message}};
    if (const auto* const refused = dynamic_cast<const RefusedPlan*>(&error)) answer["plan"] = refused->plan();
    try {
      say_json(answer);
    } catch (const std::exception&) {  // reported below
    }
  }
  // The faults of a folder may be many lines, with words from its files.
  tell_aside("{}", Screen(options, stderr).red(lines(message)));
  std::fflush(stderr);
  return ours ? exit_code(ours->code()) : is_usage ? wrong_usage : failed;
}

std::string counted(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::size_t terminal_width() { return width_of_terminal(STDOUT_FILENO); }

Painted fit(std::string_view line) { return Painted(cut(printable(line), terminal_width())); }

Painted wrapped(const Painted& text) {
  const std::size_t width = terminal_width();
  std::string out;
  std::istringstream all(text.str());
  for (std::string line; std::getline(all, line); out += '\n') {
    // Continuation lines begin under the second column, if there is one.
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
  if (!out.empty()) out.pop_back();  // the line end of the last line
  return Painted(out);
}

std::string time_text(Timestamp time) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(time / 1000)));
}

}  // namespace struere::cli
