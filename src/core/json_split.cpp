#include "core/json_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse_to_split(const std::string& fault) { throw Error(ErrorCode::invalid_data, fault); }

bool is_json_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Finds where values end.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) { skip_space(); }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    skip_space();
    return true;
  }

  bool is_at_end() const noexcept { return at_ == text_.size(); }

  // A value up to the `,`, `:`, `]` or `}` that follows it.
  std::string_view value() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) break;
      if (c == '}' || c == ']') --depth;
    }
    std::size_t end = at_;
    while (end > begin && is_json_space(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_json_space(text_[at_])) ++at_;
  }

  void skip_string() {  // leaves the closing quote to the caller's ++
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ >= text_.size()) refuse_to_split("a string does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool visit_members(std::string_view object,
                   const std::function<void(const std::string& name, std::string_view value)>& visit) {
  Splitter splitter(object);
  if (!splitter.take('{')) return false;
  if (!splitter.take('}')) {
    do {
      const std::string_view text = splitter.value();
      JsonFault fault;
      const auto name = parse_json(text, fault);
      if (!name)
        refuse_to_split("a name is not acceptable: " +
                        count_byte_from(fault.message, static_cast<std::size_t>(text.data() - object.data()), ""));
      if (!name->is_string() || !splitter.take(':')) refuse_to_split("a member needs a name and a value");
      visit(name->get_ref<const std::string&>(), splitter.value());
    } while (splitter.take(','));
    if (!splitter.take('}')) refuse_to_split("the object does not end");
  }
  if (!splitter.is_at_end()) refuse_to_split("there is text after the object");
  return true;
}

bool visit_elements(std::string_view array, const std::function<void(std::string_view value)>& visit) {
  Splitter splitter(array);
  if (!splitter.take('[')) return false;
  if (!splitter.take(']')) {
    do visit(splitter.value());
    while (splitter.take(','));
    if (!splitter.take(']')) refuse_to_split("an array does not end");
  }
  if (!splitter.is_at_end()) refuse_to_split("there is text after an array");
  return true;
}

std::string count_byte_from(std::string message, std::size_t offset, std::string_view text) {
  constexpr std::string_view words = "not JSON at byte ";
  const std::size_t at = message.rfind(words);
  if (at == std::string::npos) return message;
  std::size_t byte = 0;
  const char* const end = message.data() + message.size();
  const auto read = std::from_chars(message.data() + at + words.size(), end, byte);
  if (read.ec != std::errc() || read.ptr != end) return message;
  return fmt::format("{}{}{}{}", message.substr(0, at), words, byte + offset, text);
}

std::string_view without_byte_order_mark(std::string_view line) noexcept {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  while (line.starts_with(mark)) line.remove_prefix(mark.size());
  return line;
}

bool is_blank_line(std::string_view line) noexcept { return std::ranges::all_of(line, is_json_space); }

}  // namespace struere
