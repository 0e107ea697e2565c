// Code points of text that is valid UTF-8, as all text in JSON that struere accepts is.
#pragma once

#include <cstddef>
#include <string_view>

namespace struere {

// The code point that begins at `at`, which is moved behind it. In text that is not valid UTF-8 it may be any.
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
