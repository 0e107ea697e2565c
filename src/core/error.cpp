#include "struere/core/error.hpp"

#include <utility>

#include "core/single_line.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_message = 64UL << 10;  // in bytes; docs/limits.md

std::string message_of(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (&line != &lines.front()) out += '\n';
    out += message_line(line);
    if (out.size() > longest_message) break;
  }
  return cut_text(std::move(out), longest_message);
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message) : std::runtime_error(message_line(message)), code_(code) {}
Error::Error(ErrorCode code, const std::vector<std::string>& lines)
    : std::runtime_error(message_of(lines)), code_(code) {}

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::invalid_data: return "invalid_data";
    case ErrorCode::invalid_reference: return "invalid_reference";
    case ErrorCode::invalid_definition: return "invalid_definition";
    case ErrorCode::invalid_query: return "invalid_query";
    case ErrorCode::invalid_cursor: return "invalid_cursor";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::storage: return "storage";
  }
  return "storage";
}

Error Error::transient() const {
  Error out = *this;
  out.transient_ = true;
  return out;
}

Error Error::retryable() const {
  Error out = transient();
  out.retryable_ = true;
  return out;
}

Error Error::at(std::string path) const {
  Error out = *this;
  out.path_ = std::make_shared<const std::string>(cut_text(valid_utf8(path), longest_line));
  return out;
}

Error Error::at(std::size_t index) const {
  Error out = *this;
  out.index_ = index;
  return out;
}

Error Error::with_message(const std::string& message) const {
  Error out(code_, lines_of(message));
  out.transient_ = transient_;
  out.retryable_ = retryable_;
  out.index_ = index_;
  out.path_ = path_;
  return out;
}

}  // namespace struere
