#include "server/header_scan.hpp"

namespace struere::server {

HeaderScan::State HeaderScan::scan(std::string_view text) noexcept {
  for (; at_ < text.size(); ++at_) {
    const char c = text[at_];
    const bool is_first_line = line_begin_ == 0;
    if (c == '\r') {
      if (at_ + 1 == text.size()) return State::more;
      if (text[at_ + 1] != '\n') return State::fault;
      const bool is_empty = at_ == line_begin_;
      if (is_empty && is_first_line) return State::fault;
      if (!is_empty && !is_first_line && !has_colon_) return State::fault;
      at_ += 1;
      if (is_empty) {
        ++at_;
        return State::done;
      }
      line_begin_ = at_ + 1;
      has_colon_ = false;
      continue;
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return State::fault;  // a bare \n as well
    const bool is_space = c == ' ' || c == '\t';
    if (is_space && (at_ == line_begin_ || (!is_first_line && !has_colon_))) return State::fault;
    if (c == ':') has_colon_ = true;
  }
  return State::more;
}

}  // namespace struere::server
