// The keywords that a schema may have, and the drafts that have them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace struere::json_schema {

// The draft that `$schema` names; without `$schema`, the rules of 2020-12. Keywords of draft 7 that 2020-12 dropped
// (`items` as a list, `additionalItems`, `dependencies`) then have their draft 7 meaning.
enum class Draft : std::uint8_t { unsaid, draft_7, draft_2020_12 };

enum class Word : std::uint8_t {
  schema_uri,
  id,
  anchor,
  dynamic_anchor,
  ref,
  dynamic_ref,
  defs,
  note_text,  // an annotation, which checks nothing
  note_boolean,
  note_any,
  note_schema,
  references,
  type,
  enum_,
  const_,
  multiple_of,
  number,
  size,
  pattern,
  format,
  unique_items,
  required,
  dependent_required,
  dependent_schemas,
  dependencies,
  all_of,
  any_of,
  one_of,
  not_,
  if_,
  then_,
  else_,
  properties,
  pattern_properties,
  additional_properties,
  property_names,
  unevaluated_properties,
  prefix_items,
  items,
  additional_items,
  unevaluated_items,
  contains,
  min_contains,
  max_contains,
};

struct KeywordRule {
  Word word;
  bool in_draft_7;
  bool in_2020_12;
};

// Returns null if `name` is not a keyword.
const KeywordRule* find_keyword(std::string_view name);

// Whether a schema of draft 7 may have the keyword next to a `$ref`. Draft 7 ignores all other keywords there.
bool may_stand_beside_ref(Word word);

std::vector<std::string> keyword_names();

}  // namespace struere::json_schema
