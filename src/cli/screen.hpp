// Output for people: colours, plans as diffs, tables, progress.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "cli/workspace.hpp"

namespace struere::cli {

class Screen {
 public:
  explicit Screen(const Options& options, std::FILE* stream = stdout);

  Painted green(const Painted& text) const { return painted("32", text); }
  Painted yellow(const Painted& text) const { return painted("33", text); }
  Painted red(const Painted& text) const { return painted("31", text); }
  Painted faint(const Painted& text) const { return painted("2", text); }
  // Escapes the text.
  Painted green(std::string_view text) const { return green(text_of("{}", text)); }
  Painted yellow(std::string_view text) const { return yellow(text_of("{}", text)); }
  Painted red(std::string_view text) const { return red(text_of("{}", text)); }
  Painted faint(std::string_view text) const { return faint(text_of("{}", text)); }

  // Shows `+ ~ -` and the obstacles; with the fields if `detailed`.
  void show(const ChangePlan& plan, bool detailed) const;
  void show_kept(const ChangePlan& plan) const;
  void show_table(const std::vector<std::string>& head, std::vector<std::vector<std::string>> rows) const;

  // Asks the user. Throws UsageError if there is no terminal.
  bool confirm(const std::string& question) const;

 private:
  Painted painted(const char* code, const Painted& text) const;

  bool is_coloured_;
  bool is_json_;
};

// A progress bar on stderr, if that is a terminal; removed by the destructor.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool is_shown() const noexcept { return is_shown_; }
  void show(const std::string& what, std::int64_t done, std::int64_t total);  // total 0: unknown

 private:
  void clear();

  bool is_shown_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point drawn_{};
};

std::size_t terminal_width();          // of stdout; 1000 if that is not a terminal
Painted fit(std::string_view line);    // escaped and cut to that width
Painted wrapped(const Painted& text);  // wrapped at spaces to that width

// Reports an error on stderr, and with --json on stdout as well. Returns the exit code.
int tell(const Options& options, const std::exception& error);

std::string counted(std::size_t count, const char* what);  // "2 changes"
std::string time_text(Timestamp time);                     // UTC
// How far a search of the log has come that goes back from its end.
void show_search(Progress& progress, Timestamp reached, std::size_t found);

}  // namespace struere::cli
