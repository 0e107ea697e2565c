#include "core/words.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace struere {
namespace {

bool is_of_a_word(utf8proc_int32_t code_point) {
  const utf8proc_category_t category = utf8proc_category(code_point);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}
// utf8proc numbers the categories in this order: letters, marks, numbers, then all others.
static_assert(UTF8PROC_CATEGORY_LU == 1 && UTF8PROC_CATEGORY_LO == 5 && UTF8PROC_CATEGORY_MN == 6 &&
              UTF8PROC_CATEGORY_ME == 8 && UTF8PROC_CATEGORY_ND == 9 && UTF8PROC_CATEGORY_NO == 11 &&
              UTF8PROC_CATEGORY_PC == 12);

bool is_accent(utf8proc_int32_t code_point) { return code_point >= 0x300 && code_point <= 0x36f; }

void append_folded(std::string& word, utf8proc_int32_t code_point) {
  if (code_point < 0x80)
    return word.push_back(
        static_cast<char>(code_point >= 'A' && code_point <= 'Z' ? code_point - 'A' + 'a' : code_point));
  // No code point folds to more than eighteen code points.
  std::array<utf8proc_int32_t, 32> folded{};
  int boundary = 0;
  const auto count =
      utf8proc_decompose_char(code_point, folded.data(), folded.size(),
                              static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD), &boundary);
  for (utf8proc_ssize_t i = 0; i < std::clamp<utf8proc_ssize_t>(count, 0, folded.size()); ++i) {
    if (is_accent(folded[static_cast<std::size_t>(i)])) continue;
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto length = utf8proc_encode_char(folded[static_cast<std::size_t>(i)], bytes.data());
    word.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
  }
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code_point = 0;
    const auto length = std::max<utf8proc_ssize_t>(utf8proc_iterate(at, left, &code_point), 1);
    const bool kept = code_point >= 0 && is_of_a_word(code_point);
    if (kept && !inside) words.emplace_back();
    if (kept) append_folded(words.back(), code_point);
    inside = kept;
    at += length;
    left -= length;
  }
  std::erase_if(words, [](const std::string& word) { return word.empty(); });  // such words consisted of accents only
  return words;
}

}  // namespace struere
