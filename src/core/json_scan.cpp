#include "core/json_scan.hpp"

#include <array>
#include <cstddef>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

[[noreturn]] void damaged_text() {
  throw Error(ErrorCode::storage, "a stored row is damaged: it is not JSON; restore a backup");
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  std::size_t place() const noexcept { return at_; }
  std::string_view since(std::size_t place) const { return text_.substr(place, at_ - place); }
  char next() const {
    if (at_ >= text_.size()) damaged_text();
    return text_[at_];
  }
  void pass(char expected) {
    if (next() != expected) damaged_text();
    ++at_;
  }

  // The text between the quotes.
  std::string_view take_string() {
    pass('"');
    const std::size_t start = at_;
    for (;;) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos) damaged_text();
      if (text_[at_] == '"') return text_.substr(start, at_++ - start);
      at_ += 2;  // an escape has at least two characters; the further ones are no quotes
    }
  }

  void skip_value() {
    switch (next()) {
      case '"': take_string(); return;
      case '{':
      case '[': skip_container(); return;
      default: skip_plain();
    }
  }

 private:
  // A number or a word.
  void skip_plain() {
    const std::size_t start = at_;
    const auto is_part = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.';
    };
    while (at_ < text_.size() && is_part(text_[at_])) ++at_;
    if (at_ == start) damaged_text();
  }

  void skip_container() {
    std::array<char, json_max_depth> closing;
    std::size_t depth = 0;
    do {
      switch (const char c = next()) {
        case '"': take_string(); break;
        case '{':
        case '[':
          if (depth == closing.size()) damaged_text();
          closing[depth++] = c == '{' ? '}' : ']';
          ++at_;
          break;
        case '}':
        case ']':
          if (closing[--depth] != c) damaged_text();
          ++at_;
          break;
        case ',':
        case ':': ++at_; break;
        default: skip_plain(); break;
      }
    } while (depth > 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path) {
  Scan scan(object);
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('.'));
    if (scan.next() != '{') return std::nullopt;
    scan.pass('{');
    bool found = false;
    for (bool is_first = true; !found && scan.next() != '}'; is_first = false) {
      if (!is_first) scan.pass(',');
      const std::string_view key = scan.take_string();
      scan.pass(':');
      if (key == segment)
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
