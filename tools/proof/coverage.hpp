// Counts what was compared, so that a reader can judge whether the worlds tested enough.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>

#include "struere/access/explanation.hpp"
#include "struere/core/json.hpp"

namespace struere::proof {

class Coverage {
 public:
  void count_world() { ++worlds_; }
  void count_step(const std::string& op, const Json& answer);
  void count(const Explanation& explanation);
  void count(const std::string& group, const std::string& what) { ++groups_[group][what]; }

  std::uint64_t worlds() const noexcept { return worlds_; }
  std::uint64_t steps() const noexcept { return steps_; }
  std::uint64_t of(const std::string& group, const std::string& what) const;
  void print(std::ostream& out) const;

 private:
  std::uint64_t worlds_ = 0, steps_ = 0;
  std::map<std::string, std::map<std::string, std::uint64_t>> groups_;
};

}  // namespace struere::proof
