#include "core/json_schema/fault_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8.hpp"

namespace struere::json_schema {
namespace {

constexpr std::size_t longest_quote = 60;  // characters
constexpr std::size_t most_listed = 10;

std::string excerpt(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (!value.is_string()) return canonical_json(value);
  const auto& text = value.get_ref<const std::string&>();
  std::size_t end = 0;
  for (std::size_t i = 0; i < longest_quote && end < text.size(); ++i) next_code_point(text, end);
  if (end >= text.size()) return canonical_json(value);
  return canonical_json(Json(text.substr(0, end) + "…"));
}

std::string types_in_words(std::uint8_t types) {
  std::vector<std::string_view> out;
  constexpr std::array<std::pair<std::uint8_t, std::string_view>, 7> words{{{null_type, "null"},
                                                                            {boolean_type, "true or false"},
                                                                            {object_type, "an object"},
                                                                            {array_type, "a list"},
                                                                            {string_type, "a text"},
                                                                            {number_type, "a number"},
                                                                            {integer_type, "an integer"}}};
  for (const auto& [type, word] : words)
    if (types & type) out.push_back(word);
  return fmt::format("{}", fmt::join(out, " or "));
}

std::string listed(const std::vector<Json>& values) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(values.size(), most_listed); ++i) out.push_back(excerpt(values[i]));
  return fmt::format("{}{}", fmt::join(out, ", "), values.size() > most_listed ? ", …" : "");
}

const Json& limit_of(const SchemaNode& node, Keyword keyword) {
  return std::ranges::find(node.numbers, keyword, &NumberBound::keyword)->text;
}

std::string size_in_words(const Fault& fault) {
  const std::uint64_t limit = std::ranges::find(fault.node->sizes, fault.keyword, &SizeBound::keyword)->limit;
  const bool is_text = fault.value->is_string();
  const std::size_t size =
      is_text ? count_code_points(fault.value->get_ref<const std::string&>()) : fault.value->size();
  return fmt::format("the {} has {} {}, {} than {}",
                     is_text                   ? "text"
                     : fault.value->is_array() ? "list"
                                               : "object",
                     size,
                     is_text                   ? "characters"
                     : fault.value->is_array() ? "elements"
                                               : "members",
                     size < limit ? "fewer" : "more", limit);
}

std::string what_is_wrong(const Fault& fault) {
  const SchemaNode& node = *fault.node;
  const Json& value = *fault.value;
  switch (fault.keyword) {
    case Keyword::type: return fmt::format("{} is not {}", excerpt(value), types_in_words(node.types));
    case Keyword::enum_:
    case Keyword::const_: {
      const auto& all = std::ranges::find(node.constants, fault.keyword, &Constants::keyword)->all;
      return fmt::format("{} is not {}{}", excerpt(value), all.size() > 1 ? "one of " : "", listed(all));
    }
    case Keyword::multiple_of:
      return fmt::format("{} is not a multiple of {}", excerpt(value), excerpt(node.multiple_of->second));
    case Keyword::minimum:
      return fmt::format("{} is less than {}", excerpt(value), excerpt(limit_of(node, fault.keyword)));
    case Keyword::maximum:
      return fmt::format("{} is more than {}", excerpt(value), excerpt(limit_of(node, fault.keyword)));
    case Keyword::exclusive_minimum:
      return fmt::format("{} is not more than {}", excerpt(value), excerpt(limit_of(node, fault.keyword)));
    case Keyword::exclusive_maximum:
      return fmt::format("{} is not less than {}", excerpt(value), excerpt(limit_of(node, fault.keyword)));
    case Keyword::min_length:
    case Keyword::max_length:
    case Keyword::min_items:
    case Keyword::max_items:
    case Keyword::min_properties:
    case Keyword::max_properties: return size_in_words(fault);
    case Keyword::pattern:
      return fmt::format("{} does not match {}", excerpt(value), excerpt(Json(node.pattern->text())));
    case Keyword::format: return fmt::format("{} is not {}", excerpt(value), node.format->words);
    case Keyword::unique_items: return "two elements of the list are equal";
    case Keyword::required: return fmt::format("{} is missing", excerpt(Json(*fault.key)));
    case Keyword::dependent_required: {
      const auto found = std::ranges::find_if(node.dependent_required, [&](const auto& entry) {
        return value.contains(entry.first) && std::ranges::find(entry.second, *fault.key) != entry.second.end();
      });
      return fmt::format("{} is missing, which {} requires", excerpt(Json(*fault.key)), excerpt(Json(found->first)));
    }
    case Keyword::any_of: return fmt::format("{} matches none of the {} schemas", excerpt(value), node.any_of.size());
    case Keyword::one_of:
      return fmt::format("{} does not match exactly one of the {} schemas", excerpt(value), node.one_of.size());
    case Keyword::not_: return fmt::format("{} matches a schema that it must not match", excerpt(value));
    case Keyword::property_names: return fmt::format("the name {} is not allowed", excerpt(Json(*fault.key)));
    case Keyword::additional_properties:
    case Keyword::unevaluated_properties: return "the schema has no such field";
    case Keyword::items:
    case Keyword::unevaluated_items: return "the schema allows no element at this place";
    case Keyword::contains:
      return fmt::format("fewer than {} elements of the list match `contains`", node.min_contains);
    case Keyword::max_contains:
      return fmt::format("more than {} elements of the list match `contains`", node.max_contains);
    case Keyword::false_schema:
    case Keyword::none: break;
  }
  return "the schema allows no value here";
}

// Finds the keys that lead from `data` to `target`, a part of `data`.
bool find_place(const Json& data, const Json* target, std::vector<std::string>& place) {
  if (&data == target) return true;
  if (data.is_object()) {
    for (const auto& [key, value] : data.items()) {
      place.push_back(key);
      if (find_place(value, target, place)) return true;
      place.pop_back();
    }
  } else if (data.is_array()) {
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (!data[i].is_structured() && &data[i] != target) continue;
      place.push_back(std::to_string(i));
      if (find_place(data[i], target, place)) return true;
      place.pop_back();
    }
  }
  return false;
}

}  // namespace

std::string_view name_of(Keyword keyword) noexcept {
  switch (keyword) {
    case Keyword::none: return "";
    case Keyword::type: return "type";
    case Keyword::enum_: return "enum";
    case Keyword::const_: return "const";
    case Keyword::multiple_of: return "multipleOf";
    case Keyword::minimum: return "minimum";
    case Keyword::maximum: return "maximum";
    case Keyword::exclusive_minimum: return "exclusiveMinimum";
    case Keyword::exclusive_maximum: return "exclusiveMaximum";
    case Keyword::min_length: return "minLength";
    case Keyword::max_length: return "maxLength";
    case Keyword::pattern: return "pattern";
    case Keyword::format: return "format";
    case Keyword::min_items: return "minItems";
    case Keyword::max_items: return "maxItems";
    case Keyword::unique_items: return "uniqueItems";
    case Keyword::min_properties: return "minProperties";
    case Keyword::max_properties: return "maxProperties";
    case Keyword::required: return "required";
    case Keyword::dependent_required: return "dependentRequired";
    case Keyword::any_of: return "anyOf";
    case Keyword::one_of: return "oneOf";
    case Keyword::not_: return "not";
    case Keyword::property_names: return "propertyNames";
    case Keyword::additional_properties: return "additionalProperties";
    case Keyword::unevaluated_properties: return "unevaluatedProperties";
    case Keyword::items: return "items";
    case Keyword::unevaluated_items: return "unevaluatedItems";
    case Keyword::contains: return "contains";
    case Keyword::max_contains: return "maxContains";
    case Keyword::false_schema: return "false";
  }
  return "";
}

std::vector<std::string> place_of(const Fault& fault, const Json& data) {
  std::vector<std::string> out;
  find_place(data, fault.value, out);
  return out;
}

std::string words_of(const Fault& fault) {
  return fmt::format("{} (`{}`)", what_is_wrong(fault), name_of(fault.keyword));
}

}  // namespace struere::json_schema
