#include "core/json_schema/pattern_translation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/json_schema/character_classes.hpp"
#include "core/utf8.hpp"

namespace struere::json_schema {
namespace {

constexpr bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }
constexpr bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr int hex_value(char32_t c) {
  if (is_ascii_digit(c)) return static_cast<int>(c - '0');
  const char32_t lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? static_cast<int>(lower - 'a' + 10) : -1;
}

class PatternTranslator {
 public:
  PatternTranslator(std::string_view pattern, PatternUse use, std::string& out)
      : pattern_(pattern), use_(use), out_(out) {}

  std::optional<PatternFault> run() {
    if (pattern_.size() > pattern_max_bytes) fail(fmt::format("it has more than {} bytes", pattern_max_bytes));
    while (!fault_ && at_ < pattern_.size()) {
      begin_ = at_;
      token(next());
    }
    if (!fault_ && groups_ > 0) fail("a group is not closed");
    return std::move(fault_);
  }

 private:
  void fail(std::string message) {
    if (!fault_) fault_ = {std::move(message), count_code_points(pattern_.substr(0, begin_)) + 1};
  }
  // Refuses an expression that is valid ECMAScript but cannot be matched in linear time.
  void refuse_to_match(const char* message) {
    if (use_ == PatternUse::match) fail(message);
  }

  char32_t next() { return next_code_point(pattern_, at_); }
  char32_t peek(std::size_t offset = 0) const {
    return at_ + offset < pattern_.size() ? static_cast<unsigned char>(pattern_[at_ + offset]) : U'\0';
  }
  bool skip(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  void literal(char32_t c) {
    if (c < 0x80 && (is_ascii_letter(c) || is_ascii_digit(c)))
      out_.push_back(static_cast<char>(c));
    else
      out_ += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(c));
  }

  void token(char32_t c) {
    const bool was_atom = std::exchange(is_atom_, true);
    switch (c) {
      case '(': return open_group();
      case ')':
        if (groups_-- == 0) fail("a group is closed that was not opened");
        out_ += ')';
        return;
      case '|':
      case '^':
      case '$':
        is_atom_ = false;
        out_.push_back(static_cast<char>(c));
        return;
      case '.': out_ += R"([^\n\r\x{2028}\x{2029}])"; return;
      case '*':
      case '+':
      case '?': out_.push_back(static_cast<char>(c)); return end_quantifier(was_atom);
      case '{': return counted_quantifier(was_atom);
      case '[': return character_class();
      case '\\': return escape();
      default: return literal(c);
    }
  }

  void end_quantifier(bool was_atom) {
    if (!was_atom) fail("there is nothing to repeat");
    if (skip("?")) out_ += '?';
    is_atom_ = false;
  }

  std::optional<int> number() {
    std::optional<int> out;
    for (; is_ascii_digit(peek()); ++at_)
      out = std::min(out.value_or(0) * 10 + static_cast<int>(peek() - '0'), pattern_max_repeats + 1);
    return out;
  }

  void counted_quantifier(bool was_atom) {
    const std::size_t start = at_;
    const auto least = number();
    const bool is_range = least && skip(",");
    const auto most = is_range ? number() : least;
    if (!least || !skip("}")) {  // the brace is a plain character
      at_ = start;
      return literal('{');
    }
    if (use_ == PatternUse::match && std::max(*least, most.value_or(0)) > pattern_max_repeats)
      return fail(
          fmt::format("a repetition of more than {} times; use `minLength` or `maxLength`", pattern_max_repeats));
    if (most && *most < *least) return fail("the first number of a repetition is larger than the second");
    out_ += !is_range ? fmt::format("{{{}}}", *least)
            : most    ? fmt::format("{{{},{}}}", *least, *most)
                      : fmt::format("{{{},}}", *least);
    end_quantifier(was_atom);
  }

  void open_group() {
    is_atom_ = false;
    if (++groups_ > pattern_max_groups)
      return fail(fmt::format("groups are nested more than {} deep", pattern_max_groups));
    out_ += "(?:";  // captured text is not used
    if (!skip("?") || skip(":")) return;
    if (skip("=") || skip("!") || skip("<=") || skip("<!"))
      return refuse_to_match("look-ahead and look-behind cannot be matched in linear time");
    if (skip("<")) {
      const std::size_t start = at_;
      while (is_ascii_letter(peek()) || is_ascii_digit(peek()) || peek() == '_' || peek() == '$') ++at_;
      if (at_ == start || is_ascii_digit(static_cast<unsigned char>(pattern_[start])) || !skip(">"))
        fail("a group's name is letters, digits, _ and $ between < and >");
      return;
    }
    fail("`(?` begins a group that ECMAScript does not have; flags are not supported");
  }

  std::optional<char32_t> hexadecimal(std::size_t digits) {
    char32_t out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const int value = hex_value(peek(i));
      if (value < 0) return std::nullopt;
      out = out << 4 | static_cast<char32_t>(value);
    }
    at_ += digits;
    return out;
  }

  std::optional<char32_t> unicode_escape() {
    if (skip("{")) {
      char32_t out = 0;
      const std::size_t start = at_;
      for (; hex_value(peek()) >= 0 && out <= 0x10ffff; ++at_)
        out = out << 4 | static_cast<char32_t>(hex_value(peek()));
      if (at_ == start || out > 0x10ffff || !skip("}")) return std::nullopt;
      return out;
    }
    const auto first = hexadecimal(4);
    if (!first || *first < 0xd800 || *first > 0xdbff || !skip("\\u")) return first;
    const auto second = hexadecimal(4);
    if (!second || *second < 0xdc00 || *second > 0xdfff) return 0xd800;  // a lone surrogate
    return 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00);
  }

  // The character that the escape of `c` stands for; nullopt if the escape is not a single character.
  std::optional<char32_t> character_escape(char32_t c) {
    switch (c) {
      case 't': return '\t';
      case 'n': return '\n';
      case 'v': return '\v';
      case 'f': return '\f';
      case 'r': return '\r';
      case '0':
        if (is_ascii_digit(peek())) fail("octal escapes are not ECMAScript");
        return U'\0';
      case 'c':
        if (!is_ascii_letter(peek())) fail("`\\c` is followed by a letter");
        return next() & 0x1f;
      case 'x':
        if (const auto value = hexadecimal(2)) return value;
        fail("`\\x` is followed by two hexadecimal digits");
        return U'\0';
      case 'u':
        if (const auto value = unicode_escape()) {
          if (*value >= 0xd800 && *value <= 0xdfff) fail("half of a surrogate pair stands alone");
          return value;
        }
        fail("`\\u` is followed by four hexadecimal digits, or by up to six in braces");
        return U'\0';
      default: return c >= 0x80 || is_ascii_letter(c) || is_ascii_digit(c) ? std::nullopt : std::optional(c);
    }
  }

  // Writes `\d` and similar classes, in a form that depends on `in_class`. Returns false if `c` is no such class.
  bool class_escape(char32_t c, bool in_class) {
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W': out_ += fmt::format("\\{}", static_cast<char>(c)); return true;
      case 's':
      case 'S':
        if (in_class)
          out_ += c == 's' ? white_space : no_white_space;
        else
          out_ += fmt::format("[{}{}]", c == 's' ? "" : "^", white_space);
        return true;
      case 'p':
      case 'P': property(c); return true;
      default: return false;
    }
  }

  // Reads \p{L}, \p{Letter} or \p{Script=Greek}. RE2 checks whether it knows the name.
  void property(char32_t c) {
    const auto end = pattern_.find('}', at_);
    if (!skip("{") || end == std::string_view::npos) return fail("a class of characters is written \\p{…}");
    std::string_view name = pattern_.substr(at_, end - at_);
    at_ = end + 1;
    for (const std::string_view prefix : {"General_Category=", "gc=", "Script=", "sc="})
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        break;
      }
    if (name.empty() || !std::ranges::all_of(name, [](char n) {
          const auto u = static_cast<unsigned char>(n);
          return is_ascii_letter(u) || is_ascii_digit(u) || u == '_';
        }))
      return fail("a class of characters is written \\p{…}, with the name of a general category or a script");
    out_ += fmt::format("\\{}{{{}}}", static_cast<char>(c), short_category(name));
  }

  void escape() {
    if (at_ == pattern_.size()) return fail("it ends with a backslash");
    const char32_t c = next();
    if (c == 'b' || c == 'B') {
      is_atom_ = false;
      out_ += fmt::format("\\{}", static_cast<char>(c));
      return;
    }
    if (c >= '1' && c <= '9') {
      while (is_ascii_digit(peek())) ++at_;
      return refuse_to_match("a reference back to a group cannot be matched in linear time");
    }
    if (c == 'k') {
      if (!skip("<") || pattern_.find('>', at_) == std::string_view::npos) return fail("`\\k` is followed by <name>");
      at_ = pattern_.find('>', at_) + 1;
      return refuse_to_match("a reference back to a group cannot be matched in linear time");
    }
    if (class_escape(c, false)) return;
    if (const auto character = character_escape(c)) return literal(*character);
    fail("this escape is not ECMAScript");
  }

  // Reads one member of a class. Returns nullopt if it is a class itself, which is then already written to `out_`.
  std::optional<char32_t> class_member() {
    const char32_t c = next();
    if (c == '[' && peek() == ':' && pattern_.find(":]", at_ + 1) != std::string_view::npos)
      fail("`[:name:]` is not ECMAScript; write \\p{…}, or the characters");
    if (c != '\\') return c;
    if (at_ == pattern_.size()) {
      fail("it ends with a backslash");
      return U'\0';
    }
    const char32_t escaped = next();
    if (escaped == 'b') return '\b';
    if (class_escape(escaped, true)) return std::nullopt;
    if (const auto character = character_escape(escaped)) return character;
    fail("this escape is not ECMAScript");
    return U'\0';
  }

  void character_class() {
    const bool is_negated = skip("^");
    if (skip("]")) {  // `[]` matches no character, `[^]` every character
      out_ += is_negated ? R"([\x{0}-\x{10FFFF}])" : R"([^\x{0}-\x{10FFFF}])";
      return;
    }
    out_ += is_negated ? "[^" : "[";
    while (!fault_) {
      if (at_ == pattern_.size()) return fail("a class of characters is not closed");
      if (skip("]")) break;
      const auto first = class_member();
      if (first) literal(*first);
      if (!first || peek() != '-' || at_ + 1 >= pattern_.size() || peek(1) == ']') continue;
      ++at_;
      const std::size_t before_last = out_.size();
      const auto last = class_member();
      if (!last) {  // in `a-\d` the hyphen is a plain character
        out_.insert(before_last, R"(\x{2D})");
        continue;
      }
      if (*last < *first) return fail("a range of characters ends before it begins");
      out_ += '-';
      literal(*last);
    }
    out_ += ']';
  }

  std::string_view pattern_;
  PatternUse use_;
  std::string& out_;
  std::size_t at_ = 0, begin_ = 0;
  int groups_ = 0;
  bool is_atom_ = false;  // whether the last part that was read can be repeated
  std::optional<PatternFault> fault_;
};

}  // namespace

std::optional<PatternFault> translate_pattern(std::string_view pattern, PatternUse use, std::string& out) {
  out.clear();
  return PatternTranslator(pattern, use, out).run();
}

}  // namespace struere::json_schema
