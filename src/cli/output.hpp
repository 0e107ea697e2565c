// Everything that the tool writes to stdout and stderr. Stored text may contain control sequences of a terminal, so all
// text is escaped here; no other file of the tool prints.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "struere/core/json.hpp"

namespace struere::cli {

// A text in which everything that does not print is written as \x1b, \u202e or \U000e0041: control characters,
// direction marks, zero-width characters, separators of lines and paragraphs, tags, and invalid UTF-8.
std::string printable(std::string_view text, bool keeps_lines = false);
// The same for JSON text, with JSON escapes, so that its meaning does not change.
std::string printable_json(std::string_view json);

// The number of terminal columns of a printable text.
std::size_t width_of(std::string_view text);
// The first `width` columns of a text, with … at the end if it is longer. Never half a character.
std::string cut(std::string_view text, std::size_t width);

// A text that is already escaped, with the colours of Screen around it.
class Painted {
 public:
  explicit Painted(std::string escaped) : text_(std::move(escaped)) {}
  const std::string& str() const noexcept { return text_; }

 private:
  std::string text_;
};

// Several lines of text, escaped except for the line ends.
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

// A text made of a format and arguments; text arguments are escaped.
template <class... Arguments>
Painted text_of(std::string_view format, const Arguments&... arguments) {
  return Painted(fmt::format(fmt::runtime(format), detail::outgoing(arguments)...));
}

// Writes a line to stdout. Throws std::runtime_error if it cannot be written.
template <class... Arguments>
void say(std::string_view format, const Arguments&... arguments) {
  detail::write(stdout, text_of(format, arguments...).str() + "\n");
}
// Writes a line to stderr, for everything that is not the answer.
template <class... Arguments>
void tell_aside(std::string_view format, const Arguments&... arguments) {
  std::fflush(stdout);  // keeps the order of the two streams
  detail::write(stderr, text_of(format, arguments...).str() + "\n");
}
void say_part(const Painted& text);  // without a line end
// Writes JSON as one line to stdout; escaped if stdout is a terminal.
void say_json(const Json& json);
void say_json_text(std::string_view json);

// Returns once all output is written, as far as a process can know. Throws std::runtime_error.
void flush_output();
// From here on a closed pipe is an ordinary failure of a write, and does not end the process. For commands that take
// back what they could not show.
void survive_closed_pipe();

// Opens each of the three standard streams that is closed. Otherwise a database file could get the number of stdout,
// and be overwritten by output.
void open_standard_streams();

}  // namespace struere::cli
