#include "struere/query/comparison.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/json_comparison.hpp"

namespace struere {
namespace {

constexpr std::array<std::pair<std::string_view, Operator>, 10> operators{{{"eq", Operator::eq},
                                                                           {"neq", Operator::neq},
                                                                           {"in", Operator::in},
                                                                           {"nin", Operator::nin},
                                                                           {"contains", Operator::contains},
                                                                           {"gt", Operator::gt},
                                                                           {"gte", Operator::gte},
                                                                           {"lt", Operator::lt},
                                                                           {"lte", Operator::lte},
                                                                           {"exists", Operator::exists}}};

// The kinds of SPEC 6's order, as the first byte of a sort key.
enum Kind : char { absent = 0, null = 1, false_ = 2, true_ = 3, number = 4, string = 5, structured = 6 };

constexpr double two_to_63 = 9223372036854775808.0;

template <class T>
bool ordered(Operator op, const T& a, const T& b) {
  switch (op) {
    case Operator::gt: return a > b;
    case Operator::gte: return a >= b;
    case Operator::lt: return a < b;
    default: return a <= b;
  }
}

bool element_equals(const Json& array, const Json& value) {
  return std::ranges::any_of(array, [&](const Json& element) { return equal_json(element, value); });
}

template <class Unsigned>
void append_big_endian(std::string& out, Unsigned value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 255));
}

// The bits of a double, changed so that they sort as unsigned numbers.
std::uint64_t ordered_bits(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits >> 63 ? ~bits : bits | 1ULL << 63;
}
double from_ordered_bits(std::uint64_t bits) {
  return std::bit_cast<double>(bits >> 63 ? bits & ~(1ULL << 63) : ~bits);
}

constexpr int rest_bias = 0x8000;  // a double misses a 64-bit integer by at most 512

// In a time that grows with the sum of both lengths (Knuth, Morris and Pratt). The library's search compares a long
// part again at each place.
bool is_part(std::string_view part, std::string_view whole) {
  constexpr std::size_t is_short = 16;
  if (part.size() <= is_short || part.size() > whole.size()) return whole.find(part) != std::string_view::npos;
  // Of the first n + 1 bytes of the part: how many of its first bytes they end with, besides themselves.
  std::vector<std::uint32_t> ends(part.size());
  std::uint32_t known = 0;
  const auto go_on = [&](char next) {
    while (known > 0 && part[known] != next) known = ends[known - 1];
    if (part[known] == next) ++known;
  };
  for (std::size_t i = 1; i < part.size(); ++i) {
    go_on(part[i]);
    ends[i] = known;
  }
  known = 0;
  for (const char next : whole) {
    go_on(next);
    if (known == part.size()) return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(Operator op) noexcept {
  return std::ranges::find(operators, op, &std::pair<std::string_view, Operator>::second)->first;
}

std::optional<Operator> parse_operator(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(operators, text, &std::pair<std::string_view, Operator>::first);
  return found == operators.end() ? std::nullopt : std::optional(found->second);
}

bool equal_json(const Json& a, const Json& b) { return equal_values(a, b); }

bool compare(const Json* field, Operator op, const Json& value) {
  if (op == Operator::exists) return value.is_boolean() && value.get<bool>() == (field != nullptr);
  if (field == nullptr) return false;
  switch (op) {
    case Operator::eq: return equal_json(*field, value);
    case Operator::neq: return !equal_json(*field, value);
    case Operator::in: return value.is_array() && element_equals(value, *field);
    case Operator::nin: return value.is_array() && !element_equals(value, *field);
    case Operator::contains:
      if (field->is_string() && value.is_string())
        return is_part(value.get_ref<const std::string&>(), field->get_ref<const std::string&>());
      return field->is_array() && element_equals(*field, value);
    default:
      if (field->is_number() && value.is_number()) return ordered(op, exact_number(*field), exact_number(value));
      // UTF-8 compared by unsigned bytes, as std::string compares it, sorts as its code points do.
      if (field->is_string() && value.is_string())
        return ordered(op, field->get_ref<const std::string&>(), value.get_ref<const std::string&>());
      return false;
  }
}

std::string sort_key(const Json* value) {
  if (value == nullptr) return {absent};
  if (value->is_null()) return {null};
  if (value->is_boolean()) return {value->get<bool>() ? true_ : false_};
  if (value->is_number()) {
    const ExactNumber parts = exact_number(*value);
    std::string out{number};
    append_big_endian(out, ordered_bits(parts.nearest));
    append_big_endian(out, static_cast<std::uint16_t>(parts.rest + rest_bias));
    return out;
  }
  if (value->is_string()) return static_cast<char>(string) + value->get_ref<const std::string&>();
  return {structured};
}

std::optional<std::int64_t> integer_of_sort_key(std::string_view key) {
  if (key.size() != 11 || key[0] != number) return std::nullopt;
  std::uint64_t bits = 0;
  for (std::size_t i = 1; i < 9; ++i) bits = bits << 8 | static_cast<unsigned char>(key[i]);
  const int rest = (static_cast<unsigned char>(key[9]) << 8 | static_cast<unsigned char>(key[10])) - rest_bias;
  const double nearest = from_ordered_bits(bits);
  if (nearest == two_to_63 && rest < 0) return INT64_MAX + rest + 1;
  if (!(nearest >= -two_to_63 && nearest < two_to_63) || nearest != std::trunc(nearest)) return std::nullopt;
  return static_cast<std::int64_t>(nearest) + rest;
}

std::optional<std::string> string_of_sort_key(std::string_view key) {
  if (key.empty() || key[0] != string) return std::nullopt;
  return std::string(key.substr(1));
}

}  // namespace struere
