#include "core/single_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "struere/core/json.hpp"

namespace struere {

std::string single_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : static_cast<unsigned char>(0);
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const unsigned char first = byte(at);
    if (first < 0x20 || first == 0x7f) {
      out += fmt::format("\\x{:02x}", first);
    } else if (first == 0xc2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0) {  // U+0080 to U+009F
      out += fmt::format("\\x{:02x}", byte(++at));
    } else if (first == 0xe2 && byte(at + 1) == 0x80 && (byte(at + 2) == 0xa8 || byte(at + 2) == 0xa9)) {
      out += fmt::format("\\u20{:02x}", byte(at + 2) - 0x80);
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string in_quotes(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

namespace {

// In bytes, of the first character; 0 if it is not valid UTF-8.
std::size_t size_of_character(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return 1;
  for (std::size_t size = 2; size <= 4 && size <= text.size(); ++size)
    if (is_text(std::string(text.substr(0, size)), size)) return size;
  return 0;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = size_of_character(text);
    if (size == 0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    else
      out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string cut_text(std::string text, std::size_t most) {
  constexpr std::string_view mark = "…";
  if (text.size() <= most) return text;
  std::size_t end = most - mark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.replace(end, std::string::npos, mark);
}

std::string shown_place(std::string_view place) {
  constexpr std::size_t longest_place = 1024;
  return cut_text(valid_utf8(place.substr(0, longest_place + 4)), longest_place);
}

std::string message_line(std::string_view text) {
  // Only the beginning is read, so that a text of megabytes costs no more than the message.
  return cut_text(single_line(valid_utf8(text.substr(0, longest_line + 4))), longest_line);
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (&line != &lines.front()) out += '\n';
    out += single_line(line);
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace struere
