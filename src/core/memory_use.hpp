// How many bytes values hold outside themselves, about: the allocator's own share included, rounded up. Caches that are
// bounded in bytes add them up.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere {

inline constexpr std::size_t bytes_of_allocation = 16, bytes_of_map_node = 64;

inline std::size_t bytes_outside(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + bytes_of_allocation : 0;
}

// Of the elements only; what an element holds outside itself is not counted.
template <class T>
std::size_t bytes_of_elements(const std::vector<T>& list) {
  return list.capacity() == 0 ? 0 : list.capacity() * sizeof(T) + bytes_of_allocation;
}

inline std::size_t bytes_outside(const std::vector<std::string>& texts) {
  std::size_t out = bytes_of_elements(texts);
  for (const std::string& text : texts) out += bytes_outside(text);
  return out;
}

std::size_t bytes_outside(const Json& value);

}  // namespace struere
