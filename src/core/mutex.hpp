// A mutex that clang's -Wthread-safety checks: a member that is STRUERE_GUARDED_BY(mutex) may be used only while a
// MutexLock holds the mutex. Other compilers see a std::mutex.
#pragma once

#include <mutex>

#if defined(__clang__)
#define STRUERE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define STRUERE_THREAD_ANNOTATION(x)
#endif
#define STRUERE_GUARDED_BY(mutex) STRUERE_THREAD_ANNOTATION(guarded_by(mutex))
#define STRUERE_REQUIRES(mutex) \
  STRUERE_THREAD_ANNOTATION(requires_capability(mutex))  // for a function whose caller locks
#define STRUERE_EXCLUDES(mutex) STRUERE_THREAD_ANNOTATION(locks_excluded(mutex))

namespace struere {

class STRUERE_THREAD_ANNOTATION(capability("mutex")) Mutex {
 private:
  friend class MutexLock;
  std::mutex mutex_;
};

class STRUERE_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) STRUERE_THREAD_ANNOTATION(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
  ~MutexLock() STRUERE_THREAD_ANNOTATION(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() STRUERE_THREAD_ANNOTATION(acquire_capability()) { lock_.lock(); }
  void unlock() STRUERE_THREAD_ANNOTATION(release_capability()) { lock_.unlock(); }
  // The lock in the form that a condition variable waits with.
  std::unique_lock<std::mutex>& native() noexcept { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace struere
