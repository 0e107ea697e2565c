// Finds the end of a request's headers, and refuses forms in which two servers could read different requests.
#pragma once

#include <cstddef>
#include <string_view>

namespace struere::server {

// Stricter than HTTP has to be: a bare CR or LF, a continued line (obs-fold), a space before a colon and control
// characters are all faults. What passes is read by the parser of Beast.
class HeaderScan {
 public:
  enum class State { more, done, fault };

  // `text` is all that was received of this request, longer than at the last call.
  State scan(std::string_view text) noexcept;
  std::size_t size() const noexcept { return at_; }  // once done: of the headers with the empty line

 private:
  std::size_t at_ = 0;          // what is before was looked at
  std::size_t line_begin_ = 0;  // of the line that is looked at
  bool has_colon_ = false;      // in this line
};

}  // namespace struere::server
