#include "core/json_schema/schema_keywords.hpp"

#include <map>

namespace struere::json_schema {
namespace {

const std::map<std::string_view, KeywordRule>& keyword_rules() {
  static const std::map<std::string_view, KeywordRule> all{
      {"$schema", {Word::schema_uri, true, true}},
      {"$id", {Word::id, true, true}},
      {"$anchor", {Word::anchor, false, true}},
      {"$dynamicAnchor", {Word::dynamic_anchor, false, true}},
      {"$ref", {Word::ref, true, true}},
      {"$dynamicRef", {Word::dynamic_ref, false, true}},
      {"$defs", {Word::defs, true, true}},
      {"definitions", {Word::defs, true, true}},
      {"$comment", {Word::note_text, true, true}},
      {"title", {Word::note_text, true, true}},
      {"description", {Word::note_text, true, true}},
      {"contentEncoding", {Word::note_text, true, true}},
      {"contentMediaType", {Word::note_text, true, true}},
      {"contentSchema", {Word::note_schema, false, true}},
      {"default", {Word::note_any, true, true}},
      {"examples", {Word::note_any, true, true}},
      {"readOnly", {Word::note_boolean, true, true}},
      {"writeOnly", {Word::note_boolean, true, true}},
      {"deprecated", {Word::note_boolean, true, true}},
      {"references", {Word::references, true, true}},
      {"type", {Word::type, true, true}},
      {"enum", {Word::enum_, true, true}},
      {"const", {Word::const_, true, true}},
      {"multipleOf", {Word::multiple_of, true, true}},
      {"minimum", {Word::number, true, true}},
      {"maximum", {Word::number, true, true}},
      {"exclusiveMinimum", {Word::number, true, true}},
      {"exclusiveMaximum", {Word::number, true, true}},
      {"minLength", {Word::size, true, true}},
      {"maxLength", {Word::size, true, true}},
      {"minItems", {Word::size, true, true}},
      {"maxItems", {Word::size, true, true}},
      {"minProperties", {Word::size, true, true}},
      {"maxProperties", {Word::size, true, true}},
      {"pattern", {Word::pattern, true, true}},
      {"format", {Word::format, true, true}},
      {"uniqueItems", {Word::unique_items, true, true}},
      {"required", {Word::required, true, true}},
      {"dependentRequired", {Word::dependent_required, false, true}},
      {"dependentSchemas", {Word::dependent_schemas, false, true}},
      {"dependencies", {Word::dependencies, true, false}},
      {"allOf", {Word::all_of, true, true}},
      {"anyOf", {Word::any_of, true, true}},
      {"oneOf", {Word::one_of, true, true}},
      {"not", {Word::not_, true, true}},
      {"if", {Word::if_, true, true}},
      {"then", {Word::then_, true, true}},
      {"else", {Word::else_, true, true}},
      {"properties", {Word::properties, true, true}},
      {"patternProperties", {Word::pattern_properties, true, true}},
      {"additionalProperties", {Word::additional_properties, true, true}},
      {"propertyNames", {Word::property_names, true, true}},
      {"unevaluatedProperties", {Word::unevaluated_properties, false, true}},
      {"prefixItems", {Word::prefix_items, false, true}},
      {"items", {Word::items, true, true}},
      {"additionalItems", {Word::additional_items, true, false}},
      {"unevaluatedItems", {Word::unevaluated_items, false, true}},
      {"contains", {Word::contains, true, true}},
      {"minContains", {Word::min_contains, false, true}},
      {"maxContains", {Word::max_contains, false, true}}};
  return all;
}

}  // namespace

const KeywordRule* find_keyword(std::string_view name) {
  const auto found = keyword_rules().find(name);
  return found == keyword_rules().end() ? nullptr : &found->second;
}

bool may_stand_beside_ref(Word word) {
  switch (word) {
    case Word::schema_uri:
    case Word::ref:
    case Word::defs:
    case Word::note_text:
    case Word::note_boolean:
    case Word::note_any:
    case Word::references: return true;
    default: return false;
  }
}

std::vector<std::string> keyword_names() {
  std::vector<std::string> out;
  for (const auto& [name, rule] : keyword_rules()) out.emplace_back(name);
  return out;
}

}  // namespace struere::json_schema
