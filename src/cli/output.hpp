// All that the tool writes to stdout and stderr. What is stored may hold what a terminal would obey, so each text that
// is written is escaped here; no other file of the tool prints.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "struere/core/json.hpp"

namespace struere::cli {

// A text with all that does not print written as \x1b, \u202e or \U000e0041: control characters, marks that change the
// direction of writing or have no width, separators of lines and paragraphs, tags, and bytes that are not UTF-8.
std::string printable(std::string_view text, bool keeps_lines = false);
// The same for JSON text, by escapes of JSON, so that it stays JSON and means the same.
std::string printable_json(std::string_view json);

// How many columns of a terminal a printable text takes.
std::size_t width_of(std::string_view text);
// The first columns of it, with … at the end if it is longer. Never half a character.
std::string cut(std::string_view text, std::size_t width);

// A text that is escaped already, with the colours of Screen around it.
class Painted {
 public:
  explicit Painted(std::string escaped) : text_(std::move(escaped)) {}
  const std::string& str() const noexcept { return text_; }

 private:
  std::string text_;
};

// Several lines of text, escaped but for the ends of the lines.
inline Painted lines(std::string_view text) { return Painted(printable(text, true)); }

namespace detail {

void write(std::FILE* stream, const std::string& text);

template <class Value>
decltype(auto) outgoing(const Value& value) {
  if constexpr (std::is_same_v<Value, Painted>) {
    return std::string(value.str());
  } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
    return printable(value);
  } else {
    static_assert(std::is_arithmetic_v<Value>);
    return Value(value);
  }
}

}  // namespace detail

// A text made of a format and arguments, of which the texts are escaped.
template <class... Arguments>
Painted text_of(std::string_view format, const Arguments&... arguments) {
  return Painted(fmt::format(fmt::runtime(format), detail::outgoing(arguments)...));
}

// A line on stdout. Throws std::runtime_error where it cannot be written.
template <class... Arguments>
void say(std::string_view format, const Arguments&... arguments) {
  detail::write(stdout, text_of(format, arguments...).str() + "\n");
}
// A line on stderr, where all that is not the answer goes.
template <class... Arguments>
void tell_aside(std::string_view format, const Arguments&... arguments) {
  std::fflush(stdout);  // what was said before comes before
  detail::write(stderr, text_of(format, arguments...).str() + "\n");
}
void say_part(const Painted& text);  // without the end of a line
// JSON on one line of stdout; escaped where stdout is a terminal.
void say_json(const Json& json);
void say_json_text(std::string_view json);

// Until it is known that all of it is written, as far as a process can know. Throws std::runtime_error.
void flush_output();

// Gives each of the three standard streams that is closed something to be: else a database could get the number of
// stdout, and be written over by what is said.
void open_standard_streams();

}  // namespace struere::cli
