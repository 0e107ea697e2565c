// Reads canonical JSON text from the front without parsing it completely.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/companion.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace STRUERE_COMPANION_API struere {

// A text that is compared with what comes next. Most are as short as two words, which are compared at once.
class ExpectedText {
 public:
  explicit ExpectedText(std::string text) : text_(std::move(text)) {
    std::array<char, sizeof first_> masks{};
    std::fill_n(masks.begin(), std::min(text_.size(), masks.size()), '\xff');
    std::memcpy(mask_.data(), masks.data(), sizeof mask_);
    std::memcpy(first_.data(), text_.data(), std::min(text_.size(), sizeof first_));
  }

  const std::string& text() const noexcept { return text_; }
  std::ptrdiff_t size() const noexcept { return static_cast<std::ptrdiff_t>(text_.size()); }
  bool is_at(const char* at, const char* end) const noexcept {
    constexpr std::ptrdiff_t words = sizeof first_;
    if (end - at < words) return end - at >= size() && std::memcmp(at, text_.data(), text_.size()) == 0;
    std::array<std::uint64_t, 2> next;
    std::memcpy(next.data(), at, sizeof next);
    if ((((next[0] ^ first_[0]) & mask_[0]) | ((next[1] ^ first_[1]) & mask_[1])) != 0) return false;
    return size() <= words || (end - at >= size() && std::memcmp(at, text_.data(), text_.size()) == 0);
  }

 private:
  std::string text_;
  std::array<std::uint64_t, 2> first_{}, mask_{};  // the bytes of the first two words, and which of them `text_` has
};

// Stored text is canonical unless another program wrote to the database. Then the scan throws Error{storage}, and no
// part of the text may be shown. The scan is strict about where a value ends, because otherwise the text after a
// value could be taken for a part of it.
//
// The functions that each member of each row needs are in this header, because calls would cost more than the scan.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  const char* place() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == end_; }
  char next() const {
    if (at_ == end_) damaged();
    return *at_;
  }
  char after_next() const {
    if (end_ - at_ < 2) damaged();
    return at_[1];
  }
  // Of places that were reached.
  std::string_view since(const char* place) const noexcept { return between(place, at_); }
  static std::string_view between(const char* begin, const char* end) noexcept {
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  void pass(char expected) {
    if (next() != expected) damaged();
    ++at_;
  }
  // Passes the text if it comes next.
  bool pass_if(const ExpectedText& expected) {
    if (!expected.is_at(at_, end_)) return false;
    at_ += expected.size();
    return true;
  }
  // After a member of an object: passes the comma before the next one; false if the object ends here.
  bool pass_comma() {
    const char c = next();
    if (c == ',')
      ++at_;
    else if (c != '}')
      damaged();
    return c == ',';
  }
  // The text between the quotes, with its escapes.
  std::string_view take_string() {
    bool has_escape = false;
    return take_string(has_escape);
  }
  // Reads a key in this way, and the colon after it. An escape that is not canonical could spell another key's name.
  std::string_view take_key() {
    bool has_escape = false;
    const std::string_view key = take_string(has_escape);
    if (has_escape) require_canonical_escapes(key);
    pass(':');
    return key;
  }
  void skip_value() {
    switch (next()) {
      case '"': take_string(); return;
      case '{':
      case '[': at_ = end_of_container(at_, end_); return;
      default: at_ = end_of_plain(at_, end_);
    }
  }

  [[noreturn]] static void damaged();

 private:
  // The first quote or backslash from `at` on; `end` if there is none.
  static const char* find_quote_or_escape(const char* at, const char* end) {
#ifdef __SSE2__
    constexpr std::ptrdiff_t block = sizeof(__m128i);
    const __m128i quotes = _mm_set1_epi8('"'), escapes = _mm_set1_epi8('\\');
    for (; end - at >= block; at += block) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, escapes));
      const auto bits = static_cast<unsigned>(_mm_movemask_epi8(found));
      if (bits != 0) return at + std::countr_zero(bits);
    }
#endif
    return find_by_words(at, end);
  }
  static const char* find_by_words(const char* at, const char* end);
  std::string_view take_string(bool& has_escape) {
    pass('"');
    const char* const start = at_;
    at_ = find_quote_or_escape(at_, end_);
    has_escape = next() != '"';
    if (has_escape) at_ = end_of_escapes(at_, end_);
    return between(start, at_++);
  }
  // Static, so that a scan in a local variable can be kept in registers.
  static const char* end_of_escapes(const char* escape, const char* end);  // the quote that ends the string
  static const char* end_of_plain(const char* at, const char* end);
  static const char* end_of_container(const char* at, const char* end);
  static void require_canonical_escapes(std::string_view key);

  const char* at_;
  const char* end_;
};

// Throws Error{storage} unless the text is one object as far as its brackets and strings tell, so that it can stand
// within another text: what is cut off would take what comes after it for its own.
inline void require_object_text(std::string_view text) {
  JsonScan scan(text);
  if (scan.next() != '{') JsonScan::damaged();
  scan.skip_value();
  if (!scan.at_end()) JsonScan::damaged();
}

// One bit for each key, so that most keys that are not among a few are found out by one test.
inline std::uint64_t key_bit(std::string_view key) noexcept {
  constexpr std::size_t spread = 7;
  return std::uint64_t{1} << ((key.empty() ? 0 : key.size() + spread * static_cast<unsigned char>(key.front())) % 64);
}

// The canonical text of the value at `path` ("place.city"; segments of a FieldPath need no escapes); nullopt if it is
// absent. A path walks objects only. Throws Error{storage} if the text up to there is not JSON.
std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path);

// A member of an object: its key, which needs no escapes, and the canonical text of its value.
struct JsonMember {
  std::string_view key, value;
};

// Which of a few members an object has, while it is scanned. Of members with equal keys, which damaged text may have,
// each must have the value.
class MemberCheck {
 public:
  // At most `most`, with different keys.
  static constexpr std::size_t most = 32;
  explicit MemberCheck(std::span<const JsonMember> wanted) noexcept : wanted_(wanted) {
    for (const JsonMember& member : wanted_) keys_ |= key_bit(member.key);
  }

  std::uint64_t keys() const noexcept { return keys_; }  // the bits of the keys

  const JsonMember* find(std::string_view key) const noexcept {
    for (const JsonMember& member : wanted_)
      if (member.key == key) return &member;
    return nullptr;
  }
  // Returns false if the value of the member, which find() has returned, is another one.
  bool note(const JsonMember& member, std::string_view value) noexcept {
    found_ |= std::uint64_t{1} << (&member - wanted_.data());
    return value == member.value;
  }
  bool is_complete() const noexcept { return found_ == (std::uint64_t{1} << wanted_.size()) - 1; }

 private:
  std::span<const JsonMember> wanted_;
  std::uint64_t keys_ = 0, found_ = 0;
};

// Whether the object has all of these members, at most MemberCheck::most with different keys. Throws Error{storage} if
// the text up to the last of them is not JSON.
bool has_members(std::string_view object, std::span<const JsonMember> wanted);

}  // namespace struere
