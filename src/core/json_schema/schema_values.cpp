#include "core/json_schema/schema_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/single_line.hpp"
#include "struere/core/error.hpp"

namespace struere::json_schema {
namespace {

std::uint8_t type_named(const Json& name) {
  constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> types{{{"null", null_type},
                                                                            {"boolean", boolean_type},
                                                                            {"object", object_type},
                                                                            {"array", array_type},
                                                                            {"string", string_type},
                                                                            {"number", number_type},
                                                                            {"integer", integer_type}}};
  if (!name.is_string()) return 0;
  for (const auto& [known, type] : types)
    if (name.get_ref<const std::string&>() == known) return type;
  return 0;
}

}  // namespace

[[noreturn]] void refuse_at(std::string_view place, const std::string& message) {
  throw Error(ErrorCode::invalid_definition, fmt::format("`schema{}`: {}", shown_place(place), message));
}

std::string quoted(const std::string& text) { return in_quotes(std::string_view(text).substr(0, 200)); }

const std::string& require_string(const Json& value, std::string_view place, std::string_view name) {
  if (!value.is_string()) refuse_at(place, fmt::format("`{}` takes a text", name));
  return value.get_ref<const std::string&>();
}

bool require_boolean(const Json& value, std::string_view place, std::string_view name) {
  if (!value.is_boolean()) refuse_at(place, fmt::format("`{}` takes true or false", name));
  return value.get<bool>();
}

void require_object(const Json& value, std::string_view place, std::string_view name) {
  if (!value.is_object()) refuse_at(place, fmt::format("`{}` takes an object", name));
}

std::uint64_t require_count(const Json& value, std::string_view place, std::string_view name) {
  if (!is_whole_number(value) || exact_number(value) < ExactNumber{0, 0})
    refuse_at(place, fmt::format("`{}` takes a whole number from 0", name));
  if (value.is_number_integer()) return value.get<std::uint64_t>();
  const auto real = value.get<double>();
  return real >= 1e18 ? UINT64_MAX : static_cast<std::uint64_t>(real);
}

std::vector<std::string> require_strings(const Json& value, std::string_view place, std::string_view name) {
  std::vector<std::string> out;
  if (value.is_array())
    for (const Json& element : value)
      if (element.is_string()) out.push_back(element.get<std::string>());
  if (!value.is_array() || out.size() != value.size())
    refuse_at(place, fmt::format("`{}` takes a list of texts", name));
  std::vector<std::string> sorted = out;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    refuse_at(place, fmt::format("`{}` names {} twice", name, json_schema::quoted(*twice)));
  return out;
}

std::uint8_t require_types(const Json& value, std::string_view place) {
  std::uint8_t out = type_named(value);
  bool is_known = out != 0;
  if (value.is_array() && !value.empty()) {
    is_known = true;
    for (const Json& name : value) {
      const auto type = type_named(name);
      is_known = is_known && type != 0 && (out & type) == 0;
      out |= type;
    }
  }
  if (!is_known)
    refuse_at(
        place,
        "`type` takes one of null, boolean, object, array, number, string and integer, or a list of different ones");
  return out;
}

Constants constants_of(Keyword keyword, const Json& values) {
  Constants out{keyword, {}, {}, false, {}};
  for (const Json& value : values) {
    out.all.push_back(value);
    out.has_structured = out.has_structured || value.is_structured();
    if (value.is_string())
      out.strings.push_back(value.get<std::string>());
    else
      out.others.push_back(canonical_json(value));
  }
  std::ranges::sort(out.strings);
  std::ranges::sort(out.others);
  return out;
}

Keyword bound_keyword(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Keyword>, 10> bounds{
      {{"minimum", Keyword::minimum},
       {"maximum", Keyword::maximum},
       {"exclusiveMinimum", Keyword::exclusive_minimum},
       {"exclusiveMaximum", Keyword::exclusive_maximum},
       {"minLength", Keyword::min_length},
       {"maxLength", Keyword::max_length},
       {"minItems", Keyword::min_items},
       {"maxItems", Keyword::max_items},
       {"minProperties", Keyword::min_properties},
       {"maxProperties", Keyword::max_properties}}};
  return std::ranges::find(bounds, name, &std::pair<std::string_view, Keyword>::first)->second;
}

Draft require_draft(std::string_view uri, std::string_view place) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  for (const std::string_view scheme : {"http://", "https://"})
    if (uri.starts_with(scheme)) uri.remove_prefix(scheme.size());
  if (uri == "json-schema.org/draft-07/schema") return Draft::draft_7;
  if (uri == "json-schema.org/draft/2020-12/schema") return Draft::draft_2020_12;
  refuse_at(place,
            "`$schema` is neither draft 2020-12 (https://json-schema.org/draft/2020-12/schema) nor draft 7 "
            "(http://json-schema.org/draft-07/schema#), the supported drafts");
}

}  // namespace struere::json_schema
