#include "storage/postgres/parameters.hpp"

#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "core/digest.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

int checked_length(std::string_view value) {
  if (value.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(ErrorCode::storage, "a value is larger than PostgreSQL takes; make it smaller");
  return static_cast<int>(value.size());
}

void require_storable(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    throw Error(ErrorCode::invalid_data, "a text contains the character U+0000, which cannot be stored; remove it");
}

std::span<const unsigned char> as_bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

Parameters& Parameters::add(std::int64_t value) {
  Value& out = values_.emplace_back();
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
  Value& out = values_.emplace_back();
  out.data = length == 0 ? "" : value.data();
  out.length = length;
  return *this;
}

Parameters& Parameters::add_null() {
  values_.emplace_back();
  return *this;
}

Parameters& Parameters::add_literal(std::string literal) {
  Value& out = values_.emplace_back();
  out.data = keep(std::move(literal)).data();
  out.is_binary = false;
  return *this;
}

std::string_view Parameters::keep(std::string text) {
  if (!kept_) kept_ = std::make_shared<std::deque<std::string>>();
  return kept_->emplace_back(std::move(text));
}

Parameters& Parameters::add_texts(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values) {
    require_storable(value);
    out += out.size() == 1 ? "\"" : ",\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return add_literal(out + "}");
}

Parameters& Parameters::add_list_of_bytes(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values)
    out.append(out.size() == 1 ? "\"" : ",\"").append("\\\\x").append(to_hex(as_bytes_of(value))).append("\"");
  return add_literal(out + "}");
}

Parameters& Parameters::add_integers(const std::vector<std::int64_t>& values) {
  std::string out = "{";
  for (const std::int64_t value : values) out.append(out.size() == 1 ? "" : ",").append(std::to_string(value));
  return add_literal(out + "}");
}

}  // namespace struere::postgres
