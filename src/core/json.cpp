#include "struere/core/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "core/json_text.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr double two_to_the_63rd = 9223372036854775808.0;

// Whether a double is a whole number that fits 64 signed bits, so that it is written as an integer.
bool fits_integer(double number) {
  return number >= -two_to_the_63rd && number < two_to_the_63rd && number == std::trunc(number);
}

bool is_valid_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = at(i);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k)
      if ((at(i + k) & 0xc0) != 0x80) return false;
    // The second byte excludes overlong forms, surrogates, and code points past U+10FFFF.
    if ((lead == 0xe0 && at(i + 1) < 0xa0) || (lead == 0xed && at(i + 1) > 0x9f) ||
        (lead == 0xf0 && at(i + 1) < 0x90) || (lead == 0xf4 && at(i + 1) > 0x8f))
      return false;
    i += size;
  }
  return true;
}

// Whether a text is printable ASCII that needs no escape, as most texts are. It checks eight bytes at once.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t each = 0x0101010101010101, high = 0x8080808080808080;
  const auto some_equal = [](std::uint64_t word, unsigned char c) {
    const std::uint64_t difference = word ^ (each * c);
    return (difference - each) & ~difference & high;
  };
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    const std::uint64_t below_space = (word - each * 0x20) & ~word & high;
    if (((word & high) | below_space | some_equal(word, '"') | some_equal(word, '\\')) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') return false;
  }
  return true;
}

bool append_if_plain(std::string& out, std::string_view text) {
  if (!is_plain(text)) return false;
  out.append(1, '"').append(text).push_back('"');
  return true;
}

const char* string_fault(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return "a string holds U+0000, which cannot be stored";
  return is_valid_utf8(text) ? nullptr : "a string is not valid UTF-8";
}

// Builds a value from the events of the parser, and stops at the first part that SPEC 6 does not accept.
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  Json take() { return std::move(root_); }
  const std::string& fault() const { return fault_; }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override {
    return std::isfinite(value) ? put(value) : fail("a number is not finite");
  }
  bool string(string_t& value) override {
    if (const char* fault = string_fault(value)) return fail(fault);
    return put(std::move(value));
  }
  bool binary(binary_t&) override { return fail("binary values are not JSON"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    if (const char* fault = string_fault(value)) return fail(fault);
    if (open_.back()->contains(value)) return fail("an object has the same key twice");
    key_ = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    // 406 means that a number is too large for a double. Others are syntax errors, whose message may quote the input.
    return fail(error.id == 406 ? "a number is too large" : "not JSON at byte " + std::to_string(position));
  }

 private:
  Json* place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    return &((*open_.back())[std::move(key_)] = std::move(value));
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == json_max_depth) return fail("nested more than 64 deep");
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool fail(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
    return false;
  }

  Json root_;
  std::vector<Json*> open_;
  std::string key_;
  std::string fault_;
};

// Values that struere builds may be larger: an event contains rows, and a mask may lengthen values.
constexpr std::size_t own_max_depth = json_max_depth + 8;
constexpr std::size_t own_max_bytes = std::numeric_limits<std::size_t>::max();

// Whether a text is nested deeper than any stored value, so that copying its value could exhaust the stack.
bool is_too_deep(std::string_view text) {
  if (std::ranges::count_if(text, [](char c) { return c == '{' || c == '['; }) <= static_cast<int>(own_max_depth))
    return false;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string) continue;
    if ((c == '{' || c == '[') && ++depth > own_max_depth) return true;
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return false;
}

class CanonicalWriter {
 public:
  CanonicalWriter(std::size_t max_depth, std::size_t max_bytes) : max_depth_(max_depth), max_bytes_(max_bytes) {}

  // Returns null, or the reason why the value cannot be written.
  const char* write(const Json& value, std::size_t depth = 0) {
    if (out.size() > max_bytes_) return "larger than 1 MiB";
    switch (value.type()) {
      case Json::value_t::null: out += "null"; return nullptr;
      case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return nullptr;
      case Json::value_t::number_integer: return write_integer(value.get<std::int64_t>());
      case Json::value_t::number_unsigned: {
        const auto number = value.get<std::uint64_t>();
        return number <= INT64_MAX ? write_integer(static_cast<std::int64_t>(number))
                                   : write_double(static_cast<double>(number));
      }
      case Json::value_t::number_float: return write_double(value.get<double>());
      case Json::value_t::string: return write_string(value.get_ref<const std::string&>());
      case Json::value_t::array: return write_array(value, depth);
      case Json::value_t::object: return write_object(value, depth);
      default: return "binary values are not JSON";
    }
  }

  std::string out;

 private:
  std::size_t max_depth_, max_bytes_;

  const char* write_array(const Json& value, std::size_t depth) {
    if (depth == max_depth_) return "nested more than 64 deep";
    out.push_back('[');
    bool first = true;
    for (const Json& element : value) {
      if (!first) out.push_back(',');
      first = false;
      if (const char* fault = write(element, depth + 1)) return fault;
    }
    out.push_back(']');
    return nullptr;
  }
  const char* write_object(const Json& value, std::size_t depth) {
    if (depth == max_depth_) return "nested more than 64 deep";
    out.push_back('{');
    bool first = true;
    for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {  // in the order of the keys' bytes
      if (!first) out.push_back(',');
      first = false;
      if (const char* fault = write_string(key)) return fault;
      out.push_back(':');
      if (const char* fault = write(member, depth + 1)) return fault;
    }
    out.push_back('}');
    return nullptr;
  }
  const char* write_integer(std::int64_t number) {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
    return nullptr;
  }
  const char* write_double(double number) {
    if (!std::isfinite(number)) return "a number is not finite";
    if (fits_integer(number)) return write_integer(static_cast<std::int64_t>(number));
    // Beyond 64 bits the shortest text may consist of digits only, which a reader would take for an integer.
    const bool large = std::abs(number) >= two_to_the_63rd;
    char text[32];
    const auto end = large ? std::to_chars(text, text + sizeof text, number, std::chars_format::scientific)
                           : std::to_chars(text, text + sizeof text, number);
    out.append(text, end.ptr);
    return nullptr;
  }
  const char* write_string(const std::string& text) {
    if (append_if_plain(out, text)) return nullptr;
    if (const char* fault = string_fault(text)) return fault;
    out.push_back('"');
    std::size_t clean = 0;  // from here to i, nothing needs an escape
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      out.append(text, clean, i - clean);
      clean = i + 1;
      out.push_back('\\');
      switch (c) {
        case '"':
        case '\\': out.push_back(static_cast<char>(c)); break;
        case '\b': out.push_back('b'); break;
        case '\f': out.push_back('f'); break;
        case '\n': out.push_back('n'); break;
        case '\r': out.push_back('r'); break;
        case '\t': out.push_back('t'); break;
        default: out.append("u00").append(1, "01"[c >> 4]).append(1, "0123456789abcdef"[c & 15]);
      }
    }
    out.append(text, clean).push_back('"');
    return nullptr;
  }
};

}  // namespace

namespace {

std::optional<Json> parse(std::string_view text, std::size_t most_bytes, const char* too_large, JsonFault& fault) {
  if (text.size() > most_bytes) {
    fault.message = too_large;
    return std::nullopt;
  }
  StrictReader reader;
  if (!Json::sax_parse(text, &reader)) {
    fault.message = reader.fault();
    return std::nullopt;
  }
  return reader.take();
}

}  // namespace

std::optional<Json> parse_json(std::string_view text, JsonFault& fault) {
  return parse(text, json_max_bytes, "larger than 1 MiB", fault);
}

std::optional<Json> parse_json_text(std::string_view text, JsonFault& fault) {
  return parse(text, json_most_text_bytes, "a text of more than 8 MiB", fault);
}

namespace {

std::optional<std::string> unstorable_within(const Json& value, std::size_t depth) {
  if (depth > json_max_depth) return std::nullopt;
  if (value.is_string() ? string_fault(value.get_ref<const std::string&>()) != nullptr
                        : value.is_binary() || (value.is_number_float() && !std::isfinite(value.get<double>())))
    return std::string();
  if (value.is_array())
    for (std::size_t i = 0; i < value.size(); ++i)
      if (const auto inner = unstorable_within(value[i], depth + 1)) return "." + std::to_string(i) + *inner;
  if (value.is_object())
    for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
      if (string_fault(key)) return std::string();
      if (const auto inner = unstorable_within(member, depth + 1)) return "." + key + *inner;
    }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> place_of_unstorable(const Json& value) { return unstorable_within(value, 0); }

// A Json is nested at most json_max_depth deep.
std::size_t number_of_values(const Json& value) {  // NOLINT(misc-no-recursion)
  std::size_t number = 1;
  if (value.is_structured())
    for (const Json& element : value) number += number_of_values(element);
  return number;
}

std::optional<std::string> canonical_json(const Json& value, JsonFault& fault) {
  CanonicalWriter writer(json_max_depth, json_max_bytes);
  const char* problem = writer.write(value);
  if (!problem && writer.out.size() > json_max_bytes) problem = "larger than 1 MiB";
  if (problem) {
    fault.message = problem;
    return std::nullopt;
  }
  return std::move(writer.out);
}

std::optional<std::string> canonical_json_text(const Json& value, JsonFault& fault) {
  CanonicalWriter writer(json_max_depth, own_max_bytes);
  if (const char* problem = writer.write(value)) {
    fault.message = problem;
    return std::nullopt;
  }
  return std::move(writer.out);
}

std::string canonical_json(const Json& value) {
  CanonicalWriter writer(own_max_depth, own_max_bytes);
  if (const char* problem = writer.write(value)) throw std::invalid_argument(problem);
  return std::move(writer.out);
}

void append_json_string(std::string& out, std::string_view text) {
  if (!append_if_plain(out, text)) out.append(canonical_json(Json(std::string(text))));
}

Json parse_canonical_json(std::string_view canonical) {
  Json value = is_too_deep(canonical) ? Json(Json::value_t::discarded) : Json::parse(canonical, nullptr, false);
  // The message of the parser would quote the text, which the actor may not be allowed to see.
  if (value.is_discarded())
    throw Error(ErrorCode::storage, "a stored value is damaged: it is not JSON; restore a backup");
  return value;
}

}  // namespace struere
