// When to kill a program: anywhere in its run, and again and again around the moment from which its work is done.
#pragma once

#include <chrono>
#include <cmath>
#include <random>

namespace struere::test {

// The turning point is found anew on each machine: a kill that came too early moves it on, one that came too late moves
// it back, in steps that become smaller each time the outcome turns. Both outcomes are met, however fast the machine
// is.
class KillMoments {
 public:
  using Duration = std::chrono::duration<double, std::micro>;

  explicit KillMoments(Duration first, std::mt19937& random) : turn_(first), random_(random) {}

  // Every third is anywhere, the others are near the turning point.
  Duration next() {
    is_anywhere_ = ++rounds_ % 3 == 0;
    return turn_ * (is_anywhere_ ? std::uniform_real_distribution(0.0, 1.2)(random_)
                                 : std::uniform_real_distribution(0.97, 1.03)(random_));
  }

  void note(bool is_done) {
    ++(is_done ? done_ : undone_);
    if (is_anywhere_) return;
    if (is_done != was_done_ && done_ > 0 && undone_ > 0) step_ = std::max(smallest_step, std::sqrt(step_));
    was_done_ = is_done;
    turn_ *= is_done ? 1 / step_ : step_;
  }

  int done() const noexcept { return done_; }      // how many kills came after the work
  int undone() const noexcept { return undone_; }  // and before

 private:
  static constexpr double smallest_step = 1.03;

  Duration turn_;
  std::mt19937& random_;
  double step_ = 2;
  bool is_anywhere_ = false, was_done_ = false;
  int rounds_ = 0, done_ = 0, undone_ = 0;
};

}  // namespace struere::test
