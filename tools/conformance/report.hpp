// Prints the results: failures and a count, or the results themselves.
#pragma once

#include <cstddef>
#include <ostream>
#include <vector>

#include "runner.hpp"
#include "scenario.hpp"

namespace struere::conformance {

// Prints one line of JSON for each step (`--record`).
void print_record(std::ostream& out, const Scenario& scenario, const std::vector<StepResult>& results);

// Compares the results, prints the differences, and counts them.
class Tally {
 public:
  explicit Tally(std::ostream& out) : out_(out) {}

  void add(const Scenario& scenario, const std::vector<StepResult>& results);
  void print_closing_line() const;
  bool all_passed() const noexcept { return failed_ == 0; }
  std::size_t failed() const noexcept { return failed_; }

 private:
  void judge(const Scenario& scenario, const StepResult& result, const Json& step);

  std::ostream& out_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace struere::conformance
