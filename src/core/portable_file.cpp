#include "core/portable_file.hpp"

#include <cerrno>
#include <cstdio>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#endif

namespace struere {

bool lock_file([[maybe_unused]] int descriptor, [[maybe_unused]] Wait wait) noexcept {
#ifdef LOCK_EX
  return flock(descriptor, wait == Wait::yes ? LOCK_EX : LOCK_EX | LOCK_NB) == 0;
#else
  return false;
#endif
}

bool rename_without_replacing(const std::string& from, const std::string& to) noexcept {
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
#endif
#if defined(__unix__) || defined(__APPLE__)
  // link() fails if `to` exists. If it succeeds, the old name is removed.
  if (link(from.c_str(), to.c_str()) == 0) return unlink(from.c_str()) == 0;
  if (errno == EEXIST) return false;
  // The file system has no hard links.
  if (access(to.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
#endif
  return std::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace struere
