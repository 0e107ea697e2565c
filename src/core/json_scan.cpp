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

const char* JsonScan::find_by_words(const char* at, const char* end) {
  for (; static_cast<std::size_t>(end - at) >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t found = bytes_equal(word, '"') | bytes_equal(word, '\\');
    if (found == 0) continue;
    if constexpr (std::endian::native != std::endian::little) break;
    return at + std::countr_zero(found) / 8;
  }
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

const char* JsonScan::end_of_escapes(const char* at, const char* end) {
  do {
    if (end - at < 2) damaged();
    at = find_quote_or_escape(at + 2, end);  // after the backslash and the next character; no escape holds a quote
    if (at == end) damaged();
  } while (*at != '"');
  return at;
}

void JsonScan::require_canonical_escapes(std::string_view key) {
  if (!has_canonical_escapes(key)) damaged();
}

// Of a number, true, false or null.
const char* JsonScan::end_of_plain(const char* at, const char* end) {
  const char* const start = at;
  while (at != end && plain_characters[static_cast<unsigned char>(*at)]) ++at;
  if (at == start) damaged();
  return at;
}

const char* JsonScan::end_of_container(const char* at, const char* end) {
  JsonScan scan(between(at, end));
  std::array<char, json_max_depth> closing;
  std::size_t depth = 0;
  do {
    switch (const char c = scan.next()) {
      case '"': scan.take_string(); break;
      case '{':
      case '[':
        if (depth == closing.size()) damaged();
        closing[depth++] = c == '{' ? '}' : ']';
        ++scan.at_;
        break;
      case '}':
      case ']':
        if (closing[--depth] != c) damaged();
        ++scan.at_;
        break;
      case ',':
      case ':': ++scan.at_; break;
      default: scan.at_ = end_of_plain(scan.at_, end); break;
    }
  } while (depth > 0);
  return scan.at_;
}

std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path) {
  JsonScan scan(object);
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('.'));
    if (scan.next() != '{') return std::nullopt;
    scan.pass('{');
    if (scan.next() == '}') return std::nullopt;
    while (scan.take_key() != segment) {
      scan.skip_value();
      if (!scan.pass_comma()) return std::nullopt;
    }
    if (segment.size() == path.size()) {
      const char* const start = scan.place();
      scan.skip_value();
      return scan.since(start);
    }
    path.remove_prefix(segment.size() + 1);
  }
}

bool has_members(std::string_view object, std::span<const JsonMember> wanted) {
  if (wanted.empty()) return true;
  MemberCheck check(wanted);
  JsonScan scan(object);
  if (scan.next() != '{') return false;
  scan.pass('{');
  if (scan.next() == '}') return false;
  do {
    const JsonMember* const member = check.find(scan.take_key());
    const char* const value = scan.place();
    scan.skip_value();
    if (member && !check.note(*member, scan.since(value))) return false;
  } while (!check.is_complete() && scan.pass_comma());
  return check.is_complete();
}

}  // namespace struere
