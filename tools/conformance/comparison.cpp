// Does not use struere's own comparison of values, because that is among the parts under test.
#include "comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace struere::conformance {
namespace {

using Difference = std::optional<std::string>;

template <class Whole>
bool equal_wholes(Whole a, const Json& b) {
  return b.is_number_unsigned() ? std::cmp_equal(a, b.get<std::uint64_t>()) : std::cmp_equal(a, b.get<std::int64_t>());
}

// Compares without rounding: 2^53 + 1 as an integer differs from the double 2^53.
bool equal_float_and_whole(double a, const Json& b) {
  constexpr double two_to_63 = 9223372036854775808.0;
  if (std::trunc(a) != a || a < -two_to_63 || a >= 2 * two_to_63) return false;
  return a < 0 ? equal_wholes(static_cast<std::int64_t>(a), b) : equal_wholes(static_cast<std::uint64_t>(a), b);
}

bool equal_numbers(const Json& a, const Json& b) {
  if (a.is_number_float() && b.is_number_float()) return a.get<double>() == b.get<double>();
  if (a.is_number_float()) return equal_float_and_whole(a.get<double>(), b);
  if (b.is_number_float()) return equal_float_and_whole(b.get<double>(), a);
  return a.is_number_unsigned() ? equal_wholes(a.get<std::uint64_t>(), b) : equal_wholes(a.get<std::int64_t>(), b);
}

std::string member(const std::string& place, const std::string& key) { return place.empty() ? key : place + "." + key; }

std::string element(const std::string& place, std::size_t index) { return place + "[" + std::to_string(index) + "]"; }

Difference whole_difference(const Json& expected, const Json& got, const std::string& place);

// Calls `differ` for each pair of elements with the same index.
template <class Differ>
Difference list_difference(const Json& expected, const Json& got, const std::string& place, const Differ& differ) {
  for (std::size_t index = 0; index < std::min(expected.size(), got.size()); ++index)
    if (auto found = differ(expected[index], got[index], element(place, index))) return found;
  if (expected.size() != got.size()) return element(place, std::min(expected.size(), got.size()));
  return std::nullopt;
}

Difference whole_difference(const Json& expected, const Json& got, const std::string& place) {
  if (expected.is_number() && got.is_number()) return equal_numbers(expected, got) ? Difference() : place;
  if (expected.is_array() && got.is_array()) return list_difference(expected, got, place, whole_difference);
  if (!expected.is_object() || !got.is_object()) return expected == got ? Difference() : place;
  for (const auto& [key, value] : expected.items()) {
    if (!got.contains(key)) return member(place, key);
    if (auto found = whole_difference(value, got.at(key), member(place, key))) return found;
  }
  for (const auto& [key, value] : got.items())
    if (!expected.contains(key)) return member(place, key);
  return std::nullopt;
}

// Compares only the expected keys of a row or event.
Difference written_difference(const Json& expected, const Json& got, const std::string& place) {
  if (!expected.is_object() || !got.is_object()) return whole_difference(expected, got, place);
  for (const auto& [key, value] : expected.items()) {
    if (!got.contains(key)) return member(place, key);
    if (auto found = whole_difference(value, got.at(key), member(place, key))) return found;
  }
  return std::nullopt;
}

// Compares only the expected keys of a row, and likewise of the entities in its `expanded`.
Difference row_difference(const Json& expected, const Json& got, const std::string& place) {
  if (!expected.is_object() || !expected.contains("expanded") || !got.contains("expanded"))
    return written_difference(expected, got, place);
  Json row = expected, answer = got;
  const Json beside = std::exchange(row["expanded"], Json()), found = std::exchange(answer["expanded"], Json());
  if (auto difference = written_difference(row, answer, place)) return difference;
  for (const auto& [path, value] : found.items())
    if (!beside.contains(path)) return member(place, path);
  for (const auto& [path, value] : beside.items()) {
    if (!found.contains(path)) return member(place, path);
    const Json& other = found.at(path);
    auto difference = value.is_array() && other.is_array()
                          ? list_difference(value, other, member(place, path), row_difference)
                          : row_difference(value, other, member(place, path));
    if (difference) return difference;
  }
  return std::nullopt;
}

// Sums and averages that are not integers may differ by a relative error of 1e-9.
Difference measure_difference(const Json& expected, const Json& got, const std::string& place) {
  const auto is_real = [](const Json& measure) {
    return measure.is_object() && measure.contains("value") && measure.at("value").is_number_float();
  };
  if (is_real(expected) && got.is_object() && got.contains("value") && got.at("value").is_number()) {
    const double a = expected.at("value").get<double>(), b = got.at("value").get<double>();
    if (std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b))) return std::nullopt;
  }
  return whole_difference(expected, got, place);
}

Difference group_difference(const Json& expected, const Json& got, const std::string& place) {
  Json group = expected, answer = got;
  const Json measures = group.value("measures", Json::array()), found = answer.value("measures", Json::array());
  group.erase("measures");
  answer.erase("measures");
  if (auto difference = whole_difference(group, answer, place)) return difference;
  return list_difference(measures, found, member(place, "measures"), measure_difference);
}

}  // namespace

std::optional<std::string> first_difference(const Json& expected, const Json& got) {
  if (!expected.is_object() || !got.is_object()) return whole_difference(expected, got, "");
  for (const auto& [key, value] : expected.items()) {
    if (!got.contains(key)) return key;
    const Json& answer = got.at(key);
    const bool is_list = value.is_array() && answer.is_array();
    Difference found;
    if (is_list && (key == "rows" || key == "events"))
      found = list_difference(value, answer, key, row_difference);
    else if (is_list && key == "groups")
      found = list_difference(value, answer, key, group_difference);
    else if (is_list && key == "results")  // of a transaction: each is the answer of an operation
      found = list_difference(value, answer, key, [](const Json& one, const Json& other, const std::string& place) {
        const auto inner = first_difference(one, other);
        return !inner ? Difference() : inner->empty() ? place : member(place, *inner);
      });
    else
      found = key == "row" ? row_difference(value, answer, key) : written_difference(value, answer, key);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace struere::conformance
