#include "cli/stop_signals.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace struere::cli {
namespace {

sigset_t stop_signals() {
  sigset_t out;
  sigemptyset(&out);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&out, signal);
  struct sigaction of_hangup = {};  // which `nohup` ignores, and this must not undo
  if (sigaction(SIGHUP, nullptr, &of_hangup) == 0 && of_hangup.sa_handler != SIG_IGN) sigaddset(&out, SIGHUP);
  return out;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> first) : first_(std::move(first)) {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { take_signals(); });
}

StopSignals::~StopSignals() {
  is_over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void StopSignals::take_signals() {
  const sigset_t signals = stop_signals();
  for (int signal = 0;;) {
    if (sigwait(&signals, &signal) != 0) continue;
    if (is_over_) return;
    if (came()) _exit(interrupted);
    first_came_.set_value();
    if (first_) first_();
  }
}

}  // namespace struere::cli
