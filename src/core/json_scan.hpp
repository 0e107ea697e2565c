// Reads canonical JSON text from the front without parsing it completely.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Stored text is canonical unless another program wrote to the database. Then the scan throws Error{storage}, and no
// part of the text may be shown. The scan is strict about where a value ends, because otherwise the text after a
// value could be taken for a part of it.
class JsonScan {
 public:
  explicit JsonScan(std::string_view text) : text_(text) {}

  std::size_t place() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == text_.size(); }
  char next() const { return at(at_); }
  char after_next() const { return at(at_ + 1); }
  std::string_view since(std::size_t place) const { return text_.substr(place, at_ - place); }
  std::string_view between(std::size_t begin, std::size_t end) const { return text_.substr(begin, end - begin); }

  void pass(char expected) {
    if (next() != expected) damaged();
    ++at_;
  }
  // The text between the quotes, with its escapes.
  std::string_view take_string();
  // Reads a key in this way, and the colon after it. An escape that is not canonical could spell another key's name.
  std::string_view take_key();
  void skip_value();

  [[noreturn]] static void damaged();

 private:
  char at(std::size_t place) const {
    if (place >= text_.size()) damaged();
    return text_[place];
  }
  void skip_plain();
  void skip_container();

  std::string_view text_;
  std::size_t at_ = 0;
  bool has_escape_ = false;  // of the last string that was read
};

// The canonical text of the value at `path` ("place.city"; segments of a FieldPath need no escapes); nullopt if it is
// absent. A path walks objects only. Throws Error{storage} if the text up to there is not JSON.
std::optional<std::string_view> find_in_canonical(std::string_view object, std::string_view path);

}  // namespace struere
