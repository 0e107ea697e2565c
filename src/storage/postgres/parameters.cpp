#include "storage/postgres/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/text.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

int checked_length(std::string_view value) {
  if (value.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ErrorCode::storage, "a value is larger than PostgreSQL takes; make it smaller");
  return static_cast<int>(value.size());
}

// As the protocol writes integers.
template <class Integer>
void append_big_endian(std::string& out, Integer value) {
  for (int shift = 8 * (static_cast<int>(sizeof(Integer)) - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::make_unsigned_t<Integer>>(value) >> shift);
}

constexpr std::size_t array_head = 20;  // dimensions, whether there are nulls, type, elements, the first one's number
constexpr std::int32_t no_value = -1;

}  // namespace

bool is_storable(const std::string& text) { return struere::is_text(text, text.size()); }

void require_storable(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::invalid_data, "a text contains the character U+0000, which cannot be stored; remove it");
}

Parameters::Value& Parameters::next() {
  constexpr std::size_t often = 8;  // most statements have fewer
  if (values_.empty()) values_.reserve(often);
  return values_.emplace_back();
}

Parameters& Parameters::add(std::int64_t value) {
  Value& out = next();
  out.is_binary = false;
  std::to_chars(out.digits.data(), out.digits.data() + out.digits.size() - 1, value);
  return *this;
}

Parameters& Parameters::add_text(std::string_view value) {
  require_storable(value);
  return add_bytes(value);
}

Parameters& Parameters::add_bytes(std::string_view value) {
  const int length = checked_length(value);
  Value& out = next();
  out.data = length == 0 ? "" : value.data();
  out.length = length;
  return *this;
}

Parameters& Parameters::add_null() {
  next();
  return *this;
}

std::string_view Parameters::keep(std::string text) {
  if (!kept_) kept_ = std::make_shared<std::forward_list<std::string>>();
  return kept_->emplace_front(std::move(text));
}

Parameters& Parameters::add_texts(const std::vector<std::string>& values) {
  Array out(Array::Of::texts);
  for (const std::string& value : values) out.add_text(value);
  return add(std::move(out));
}

Parameters& Parameters::add_list_of_bytes(const std::vector<std::string>& values) {
  Array out(Array::Of::bytes);
  for (const std::string& value : values) out.add_bytes(value);
  return add(std::move(out));
}

Parameters& Parameters::add_integers(const std::vector<std::int64_t>& values) {
  Array out(Array::Of::integers);
  for (const std::int64_t value : values) out.add(value);
  return add(std::move(out));
}

void Array::clear() {
  encoded_.clear();
  elements_ = 0;
  has_nulls_ = false;
}

void Array::add_size(std::int32_t size) {
  if (encoded_.empty()) encoded_.assign(array_head, '\0');
  last_ = encoded_.size();
  append_big_endian(encoded_, size);
  ++elements_;
}

Array& Array::add(std::int64_t value) {
  add_size(sizeof(value));
  append_big_endian(encoded_, value);
  return *this;
}

Array& Array::add_text(std::string_view value) {
  require_storable(value);
  return add_bytes(value);
}

Array& Array::add_bytes(std::string_view value) {
  add_size(checked_length(value));
  encoded_ += value;
  return *this;
}

Array& Array::add_null() {
  add_size(no_value);
  has_nulls_ = true;
  return *this;
}

std::string_view Array::encoded() {
  std::string head;
  append_big_endian<std::int32_t>(head, 1);
  append_big_endian<std::int32_t>(head, has_nulls_ ? 1 : 0);
  append_big_endian<std::int32_t>(head, static_cast<std::int32_t>(type_));
  append_big_endian<std::int32_t>(head, elements_);
  append_big_endian<std::int32_t>(head, 1);
  encoded_.replace(0, std::min(array_head, encoded_.size()), head);
  return encoded_;
}

std::optional<std::string_view> Array::last() const {
  if (encoded_.compare(last_, sizeof(no_value), "\xff\xff\xff\xff") == 0) return std::nullopt;
  return std::string_view(encoded_).substr(last_ + sizeof(no_value));
}

}  // namespace struere::postgres
