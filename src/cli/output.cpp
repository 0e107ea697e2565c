#include "cli/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace struere::cli {
namespace {

struct Range {
  char32_t first, last;
};

// Code points without a glyph: control and format characters, default ignorables, separators, noncharacters.
constexpr std::array unprintable{
    Range{0x00, 0x1f},       Range{0x7f, 0x9f},       Range{0xad, 0xad},       Range{0x34f, 0x34f},
    Range{0x600, 0x605},     Range{0x61c, 0x61c},     Range{0x6dd, 0x6dd},     Range{0x70f, 0x70f},
    Range{0x890, 0x891},     Range{0x8e2, 0x8e2},     Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},
    Range{0x180b, 0x180f},   Range{0x200b, 0x200f},   Range{0x2028, 0x202e},   Range{0x2060, 0x206f},
    Range{0x3164, 0x3164},   Range{0xd800, 0xf8ff},   Range{0xfdd0, 0xfdef},   Range{0xfe00, 0xfe0e},
    Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},   Range{0xfffe, 0xffff},
    Range{0x110bd, 0x110bd}, Range{0x110cd, 0x110cd}, Range{0x13430, 0x1343f}, Range{0x1bca0, 0x1bca3},
    Range{0x1d173, 0x1d17a}, Range{0xe0000, 0x10ffff}};

bool is_printable(char32_t c) {
  const auto* const range = std::ranges::lower_bound(unprintable, c, {}, &Range::last);
  const bool is_no_character = (c & 0xfffe) == 0xfffe;
  return !is_no_character && (range == unprintable.end() || c < range->first);
}

struct Character {
  char32_t code = 0;
  std::size_t length = 0;  // in bytes; 0 if the byte is not part of valid UTF-8
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : static_cast<unsigned char>(0);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                                                           : 0;
  if (length == 0) return {};
  char32_t code = lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3f);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  return is_overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? Character{} : Character{code, length};
}

std::string escaped(char32_t code) {
  const auto number = static_cast<unsigned>(code);
  return number < 0x100     ? fmt::format("\\x{:02x}", number)
         : number < 0x10000 ? fmt::format("\\u{:04x}", number)
                            : fmt::format("\\U{:08x}", number);
}

std::string json_escaped(char32_t code) {
  const auto number = static_cast<unsigned>(code);
  if (number < 0x10000) return fmt::format("\\u{:04x}", number);
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((number - 0x10000) >> 10), 0xdc00 + ((number - 0x10000) & 0x3ff));
}

template <class Escape>
std::string without_unprintable(std::string_view text, bool keeps_lines, const Escape& escape) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, length] = character_at(text, at);
    if (length == 0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    else if (is_printable(code) || (keeps_lines && code == '\n'))
      out += text.substr(at, length);
    else
      out += escape(code);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::size_t columns_of(char32_t code) {
  const int width = wcwidth(static_cast<wchar_t>(code));  // -1 if the system has no UTF-8 locale
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

[[noreturn]] void cannot_write() { throw std::runtime_error("the output could not be written"); }

}  // namespace

std::string printable(std::string_view text, bool keeps_lines) {
  return without_unprintable(text, keeps_lines, escaped);
}

std::string printable_json(std::string_view json) { return without_unprintable(json, true, json_escaped); }

std::size_t width_of(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, length] = character_at(text, at);
    out += length == 0 ? 1 : columns_of(code);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::size_t at = 0;
  for (std::size_t taken = 0; at < text.size();) {
    const auto [code, length] = character_at(text, at);
    taken += length == 0 ? 1 : columns_of(code);
    if (taken >= width) break;
    at += std::max<std::size_t>(length, 1);
  }
  return std::string(text.substr(0, at)) + "…";
}

void detail::write(std::FILE* stream, const std::string& text) {
  // If stderr cannot be written, there is no place to report it.
  if (std::fwrite(text.data(), 1, text.size(), stream) != text.size() && stream == stdout) cannot_write();
}

void say_part(const Painted& text) { detail::write(stdout, text.str()); }

void say_json(const Json& json) { say_json_text(json.dump(-1, ' ', false, Json::error_handler_t::replace)); }

void say_json_text(std::string_view json) {
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  detail::write(stdout, (is_terminal ? printable_json(json) : std::string(json)) + "\n");
}

void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) cannot_write();
  // A file may accept data for which its disk has no space, so it is synced. Other outputs cannot be synced.
  struct stat found {};
  if (fstat(STDOUT_FILENO, &found) != 0) cannot_write();
  if (S_ISREG(found.st_mode) && fsync(STDOUT_FILENO) != 0) cannot_write();
}

void survive_closed_pipe() { std::signal(SIGPIPE, SIG_IGN); }

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // A closed stdin stays unreadable, and a closed stdout unwritable. open() returns the lowest free number: this one.
    open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  }
}

}  // namespace struere::cli
