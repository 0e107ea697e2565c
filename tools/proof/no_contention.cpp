// In the place of contention.cpp on systems without fork() and memory that processes share.
#include "contention.hpp"

#include <stdexcept>

namespace struere::proof {

bool survive_contention(const ContentionOptions&, std::ostream&) {
  throw std::runtime_error("--contention starts processes by fork(), which this system does not have");
}

}  // namespace struere::proof
