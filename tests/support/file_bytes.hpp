// All bytes of a file; none if it cannot be read.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace struere::test {

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace struere::test
