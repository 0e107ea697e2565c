// Reads code points of valid UTF-8; struere accepts no other text in JSON.
#pragma once

#include <cstddef>
#include <string_view>

namespace struere {

// Returns the code point at `at` and moves `at` behind it. If the text is not valid UTF-8, the result is arbitrary.
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<char32_t>(static_cast<unsigned char>(text[i])) : 0;
  };
  const char32_t lead = byte(at);
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t out = size == 1 ? lead : lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) out = out << 6 | (byte(at + i) & 0x3f);
  at += size;
  return out;
}

inline std::size_t count_code_points(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) out += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return out;
}

}  // namespace struere
