#include "core/json_schema/assertions.hpp"

#include <algorithm>
#include <iterator>

#include "core/utf8.hpp"

namespace struere::json_schema {
namespace {

constexpr std::uint64_t bytes_per_step = 32;  // for a text that is only scanned

std::uint8_t type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return null_type;
    case Json::value_t::boolean: return boolean_type;
    case Json::value_t::object: return object_type;
    case Json::value_t::array: return array_type;
    case Json::value_t::string: return string_type;
    default: return static_cast<std::uint8_t>(is_whole_number(value) ? number_type | integer_type : number_type);
  }
}

bool is_constant(const Constants& constants, const Json& value, std::uint64_t& steps) {
  if (value.is_string()) return std::ranges::binary_search(constants.strings, value.get_ref<const std::string&>());
  if (value.is_structured() ? !constants.has_structured : constants.others.empty()) return false;
  const std::string text = canonical_json(value);
  steps += text.size() / bytes_per_step;
  return std::ranges::binary_search(constants.others, text);
}

bool is_within(const NumberBound& bound, const ExactNumber& number) {
  switch (bound.keyword) {
    case Keyword::minimum: return number >= bound.limit;
    case Keyword::maximum: return number <= bound.limit;
    case Keyword::exclusive_minimum: return number > bound.limit;
    default: return number < bound.limit;
  }
}

// Whether a keyword that limits a size applies to this kind of value.
bool is_about(Keyword keyword, const Json& value) {
  switch (keyword) {
    case Keyword::min_length:
    case Keyword::max_length: return value.is_string();
    case Keyword::min_items:
    case Keyword::max_items: return value.is_array();
    default: return value.is_object();
  }
}

bool is_least(Keyword keyword) {
  return keyword == Keyword::min_length || keyword == Keyword::min_items || keyword == Keyword::min_properties;
}

Keyword failing_size(const SchemaNode& node, const Json& value, std::uint64_t& steps) {
  for (const SizeBound& bound : node.sizes) {
    if (!is_about(bound.keyword, value)) continue;
    std::size_t size = value.size();
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      steps += text.size() / bytes_per_step;
      size = count_code_points(text);
    }
    if (is_least(bound.keyword) ? size < bound.limit : size > bound.limit) return bound.keyword;
  }
  return Keyword::none;
}

// Compares the sorted canonical texts, so that no choice of values makes the check slow.
bool has_equal_elements(const Json& array, std::uint64_t& steps) {
  if (array.size() < 2) return false;
  std::string texts;
  std::vector<std::size_t> ends;
  for (const Json& element : array) {
    texts += canonical_json(element);
    ends.push_back(texts.size());
  }
  steps += texts.size() / bytes_per_step + array.size();
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    parts.push_back(std::string_view(texts).substr(begin, end - begin));
    begin = end;
  }
  std::ranges::sort(parts);
  return std::ranges::adjacent_find(parts) != parts.end();
}

Fault check_members(const SchemaNode& node, const Json& value, std::uint64_t& steps) {
  steps += node.required.size();
  for (const std::string& name : node.required)
    if (!value.contains(name)) return {&node, Keyword::required, &value, &name};
  for (const auto& [name, others] : node.dependent_required) {
    ++steps;
    if (!value.contains(name)) continue;
    steps += others.size();
    for (const std::string& other : others)
      if (!value.contains(other)) return {&node, Keyword::dependent_required, &value, &other};
  }
  return {};
}

}  // namespace

bool matches_pattern(const Pattern& pattern, std::string_view text, std::uint64_t& steps) {
  steps += pattern.size() * text.size() / pattern_work_per_step;
  return steps > max_steps || pattern.matches(text);
}

Fault check_assertions(const SchemaNode& node, const Json& value, std::uint64_t& steps) {
  const auto fault = [&](Keyword keyword) { return Fault{&node, keyword, &value}; };
  if (node.is_false) return fault(Keyword::false_schema);
  if (node.types != any_type && (node.types & type_of(value)) == 0) return fault(Keyword::type);
  for (const Constants& constants : node.constants) {
    ++steps;
    if (!is_constant(constants, value, steps)) return fault(constants.keyword);
  }
  if (value.is_number()) {
    for (const NumberBound& bound : node.numbers)
      if (!is_within(bound, exact_number(value))) return fault(bound.keyword);
    if (node.multiple_of && !is_multiple(decimal_of(value), node.multiple_of->first))
      return fault(Keyword::multiple_of);
    return {};
  }
  if (!node.sizes.empty())
    if (const Keyword failing = failing_size(node, value, steps); failing != Keyword::none) return fault(failing);
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (node.pattern && !matches_pattern(*node.pattern, text, steps)) return fault(Keyword::pattern);
    if (node.format) {
      steps += text.size() / bytes_per_step;
      if (!node.format->matches(text)) return fault(Keyword::format);
    }
  } else if (value.is_array()) {
    if (node.unique_items && has_equal_elements(value, steps)) return fault(Keyword::unique_items);
  } else if (value.is_object()) {
    return check_members(node, value, steps);
  }
  return {};
}

}  // namespace struere::json_schema
