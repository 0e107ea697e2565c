#include "core/json_scan.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

// Each byte of `word` that equals `c`, an ASCII character, as its highest bit. A byte above the first such byte may be
// marked too.
constexpr std::uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
constexpr std::uint64_t bytes_equal(std::uint64_t word, char c) {
  const std::uint64_t others = word ^ (ones * static_cast<unsigned char>(c));
  return (others - ones) & ~others & highs;
}

// The place of the first quote or backslash from `at` on; the size of the text if there is none.
std::size_t find_quote_or_escape(std::string_view text, std::size_t at) {
  while (at + sizeof(std::uint64_t) <= text.size()) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t found = bytes_equal(word, '"') | bytes_equal(word, '\\');
    if (found != 0) {
      if constexpr (std::endian::native != std::endian::little) break;
      return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    at += sizeof word;
  }
  while (at < text.size() && text[at] != '"' && text[at] != '\\') ++at;
  return at;
}

// Marks what numbers, true, false and null consist of.
constexpr auto plain_characters = [] {
  std::array<bool, 256> out{};
  for (const char c : std::string_view("0123456789abcdefghijklmnopqrstuvwxyz-+."))
    out[static_cast<unsigned char>(c)] = true;
  return out;
}();

// Whether the escapes of a string are those that canonical_json writes.
bool has_canonical_escapes(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
    const std::string_view rest = text.substr(at + 1);
    const bool short_escape = std::string_view("\"\\bfnrt").find(rest.front()) != std::string_view::npos;
    if (!short_escape && !rest.starts_with("u000") && !rest.starts_with("u001")) return false;
  }
  return true;
}

}  // namespace

void JsonScan::damaged() {
  throw Error(ErrorCode::storage, "a stored row is damaged: it is not JSON; restore a backup");
}

std::string_view JsonScan::take_string() {
  pass('"');
  const std::size_t start = at_;
  for (has_escape_ = false;; has_escape_ = true) {
    at_ = find_quote_or_escape(text_, at_);
    if (next() == '"') {
      ++at_;
      return between(start, at_ - 1);
    }
    at_ += 2;  // skips the backslash and the next character; the rest of an escape holds no quote
  }
}

std::string_view JsonScan::take_key() {
  const std::string_view key = take_string();
  if (has_escape_ && !has_canonical_escapes(key)) damaged();
  pass(':');
  return key;
}

void JsonScan::skip_value() {
  switch (next()) {
    case '"': take_string(); return;
    case '{':
    case '[': skip_container(); return;
    default: skip_plain();
  }
}

// Skips a number, true, false or null.
void JsonScan::skip_plain() {
  const std::size_t start = at_;
  while (at_ < text_.size() && plain_characters[static_cast<unsigned char>(text_[at_])]) ++at_;
  if (at_ == start) damaged();
}

void JsonScan::skip_container() {
  std::array<char, json_max_depth> closing;
  std::size_t depth = 0;
  do {
    switch (const char c = next()) {
      case '"': take_string(); break;
      case '{':
      case '[':
        if (depth == closing.size()) damaged();
        closing[depth++] = c == '{' ? '}' : ']';
        ++at_;
        break;
      case '}':
      case ']':
        if (closing[--depth] != c) damaged();
        ++at_;
        break;
      case ',':
      case ':': ++at_; break;
      default: skip_plain(); break;
    }
  } while (depth > 0);
}

std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path) {
  JsonScan scan(object);
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('.'));
    if (scan.next() != '{') return std::nullopt;
    scan.pass('{');
    bool found = false;
    for (bool is_first = true; !found && scan.next() != '}'; is_first = false) {
      if (!is_first) scan.pass(',');
      if (scan.take_key() == segment)
        found = true;
      else
        scan.skip_value();
    }
    if (!found) return std::nullopt;
    if (segment.size() == path.size()) {
      const std::size_t start = scan.place();
      scan.skip_value();
      return scan.since(start);
    }
    path.remove_prefix(segment.size() + 1);
  }
}

}  // namespace struere
