// A thread with a stack of 256 kB, as hosts give to many threads.
#pragma once

#include <pthread.h>

#include <exception>
#include <functional>
#include <stdexcept>

namespace struere::test {

// Runs `body` in such a thread and waits for it; throws on what it throws.
inline void in_small_stack(std::function<void()> body) {
  struct Run {
    std::function<void()> body;
    std::exception_ptr failure;
  } run{std::move(body), nullptr};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_t thread;
  const int failed = pthread_create(
      &thread, &attributes,
      [](void* given) -> void* {
        Run& that = *static_cast<Run*>(given);
        try {
          that.body();
        } catch (...) {
          that.failure = std::current_exception();
        }
        return nullptr;
      },
      &run);
  pthread_attr_destroy(&attributes);
  if (failed != 0) throw std::runtime_error("a thread could not be started");
  pthread_join(thread, nullptr);
  if (run.failure) std::rethrow_exception(run.failure);
}

}  // namespace struere::test
