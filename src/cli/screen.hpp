// How things look: colours on a terminal that wants them, plans as a diff reads, tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "cli/session.hpp"

namespace struere::cli {

class Screen {
 public:
  explicit Screen(const Options& options, std::FILE* stream = stdout);

  Painted green(const Painted& text) const { return painted("32", text); }
  Painted yellow(const Painted& text) const { return painted("33", text); }
  Painted red(const Painted& text) const { return painted("31", text); }
  Painted faint(const Painted& text) const { return painted("2", text); }
  // The text is escaped.
  Painted green(std::string_view text) const { return green(text_of("{}", text)); }
  Painted yellow(std::string_view text) const { return yellow(text_of("{}", text)); }
  Painted red(std::string_view text) const { return red(text_of("{}", text)); }
  Painted faint(std::string_view text) const { return faint(text_of("{}", text)); }

  // `+ ~ -` and what it would break; with the fields where `detailed`.
  void show(const ChangePlan& plan, bool detailed) const;
  void show_table(const std::vector<std::string>& head, std::vector<std::vector<std::string>> rows) const;

  // Asks, where there is somebody to ask. Throws UsageError where there is nobody.
  bool confirm(const std::string& question) const;

 private:
  Painted painted(const char* code, const Painted& text) const;

  bool is_coloured_;
  bool is_json_;
};

// A bar on stderr while something long is done, where that is a terminal; it is gone when this is.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool is_shown() const noexcept { return is_shown_; }
  void show(const std::string& what, std::int64_t done, std::int64_t total);  // total 0: nobody knows

 private:
  void clear();

  bool is_shown_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point drawn_{};
};

std::size_t terminal_width();          // of stdout; 1000 where that is no terminal
Painted fit(std::string_view line);    // escaped, and cut to that width
Painted wrapped(const Painted& text);  // the same, at spaces, over several lines

// What went wrong: on stderr, and in JSON on stdout as well. Answers with the exit code.
int tell(const Options& options, const std::exception& error);

std::string counted(std::size_t count, const char* what);  // "2 changes"
std::string time_text(Timestamp time);                     // UTC

}  // namespace struere::cli
