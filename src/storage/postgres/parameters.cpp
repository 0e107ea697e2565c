#include "storage/postgres/parameters.hpp"

#include <charconv>
#include <limits>

#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

int checked_length(std::string_view value) {
  if (value.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ErrorCode::storage, "a value is larger than PostgreSQL takes; make it smaller");
  return static_cast<int>(value.size());
}

}  // namespace

Parameters& Parameters::add(std::int64_t value) {
  Value& out = values_.emplace_back();
  out.is_binary = false;
  std::to_chars(out.digits.data(), out.digits.data() + out.digits.size() - 1, value);
  return *this;
}

Parameters& Parameters::add_text(std::string_view value) {
  if (value.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::invalid_data, "a text contains the character U+0000, which cannot be stored; remove it");
  return add_bytes(value);
}

Parameters& Parameters::add_bytes(std::string_view value) {
  const int length = checked_length(value);
  Value& out = values_.emplace_back();
  out.data = length == 0 ? "" : value.data();
  out.length = length;
  return *this;
}

Parameters& Parameters::add_null() {
  values_.emplace_back();
  return *this;
}

}  // namespace struere::postgres
