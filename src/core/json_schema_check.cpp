#include "core/json_schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "struere/core/error.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse_schema(const std::string& message) { throw Error(ErrorCode::invalid_definition, message); }

// What a keyword of draft 7 takes.
enum class Takes {
  anything,
  boolean,
  text,
  number,
  positive_number,
  count,
  texts,
  types,
  values,
  pattern,
  schema,
  schemas,  // a list
  schema_or_schemas,
  schemas_by_name,
  schemas_by_pattern,
  schemas_or_texts_by_name,
};

const std::map<std::string_view, Takes>& keywords() {
  static const std::map<std::string_view, Takes> all{{"$schema", Takes::text},
                                                     {"$id", Takes::text},
                                                     {"$ref", Takes::text},
                                                     {"$comment", Takes::text},
                                                     {"title", Takes::text},
                                                     {"description", Takes::text},
                                                     {"default", Takes::anything},
                                                     {"examples", Takes::anything},
                                                     {"readOnly", Takes::boolean},
                                                     {"writeOnly", Takes::boolean},
                                                     {"deprecated", Takes::boolean},
                                                     {"format", Takes::text},
                                                     {"contentEncoding", Takes::text},
                                                     {"contentMediaType", Takes::text},
                                                     {"references", Takes::text},
                                                     {"type", Takes::types},
                                                     {"enum", Takes::values},
                                                     {"const", Takes::anything},
                                                     {"multipleOf", Takes::positive_number},
                                                     {"minimum", Takes::number},
                                                     {"maximum", Takes::number},
                                                     {"exclusiveMinimum", Takes::number},
                                                     {"exclusiveMaximum", Takes::number},
                                                     {"minLength", Takes::count},
                                                     {"maxLength", Takes::count},
                                                     {"pattern", Takes::pattern},
                                                     {"items", Takes::schema_or_schemas},
                                                     {"additionalItems", Takes::schema},
                                                     {"contains", Takes::schema},
                                                     {"minItems", Takes::count},
                                                     {"maxItems", Takes::count},
                                                     {"uniqueItems", Takes::boolean},
                                                     {"properties", Takes::schemas_by_name},
                                                     {"patternProperties", Takes::schemas_by_pattern},
                                                     {"additionalProperties", Takes::schema},
                                                     {"propertyNames", Takes::schema},
                                                     {"required", Takes::texts},
                                                     {"minProperties", Takes::count},
                                                     {"maxProperties", Takes::count},
                                                     {"dependencies", Takes::schemas_or_texts_by_name},
                                                     {"allOf", Takes::schemas},
                                                     {"anyOf", Takes::schemas},
                                                     {"oneOf", Takes::schemas},
                                                     {"not", Takes::schema},
                                                     {"if", Takes::schema},
                                                     {"then", Takes::schema},
                                                     {"else", Takes::schema},
                                                     {"definitions", Takes::schemas_by_name},
                                                     {"$defs", Takes::schemas_by_name}};
  return all;
}

bool is_type(const Json& value) {
  static const std::set<std::string_view> types{"null", "boolean", "object", "array", "number", "string", "integer"};
  return value.is_string() && types.contains(value.get_ref<const std::string&>());
}

bool is_list_of_texts(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& element) { return element.is_string(); });
}

void check_pattern(const std::string& pattern) {
  if (!is_regular_expression(pattern)) refuse_schema("a pattern of the schema is no regular expression (ECMAScript)");
}

class SchemaChecker {
 public:
  explicit SchemaChecker(const Json& root) : root_(root) {}

  void check() {
    if (!root_.is_object()) refuse_schema("`schema` is a JSON Schema, an object");
    check_schema(root_, true);
    for (const Json* schema : seen_) check_cycle(*schema);
  }

 private:
  void check_schema(const Json& schema, bool is_root = false) {
    if (schema.is_boolean()) return;
    if (!schema.is_object()) refuse_schema("within a schema, a schema is an object, true or false");
    seen_.push_back(&schema);
    for (const auto& [keyword, value] : schema.items()) {
      if (keyword.starts_with("x-")) continue;  // notes of whoever wrote it
      const auto known = keywords().find(keyword);
      if (known == keywords().end())
        refuse_schema(
            fmt::format("the schema has a keyword that is not one of JSON Schema draft 7, and so would not be "
                        "enforced: {}; a note of "
                        "your own starts with `x-`",
                        Json(keyword).dump()));
      if (keyword == "$id" && !is_root) refuse_schema("`$id` stands at the root of the schema alone");
      if (!check_value(known->second, value))
        refuse_schema(fmt::format("the schema's `{}` has a value that it cannot have", keyword));
    }
    if (schema.contains("$ref")) target(schema.at("$ref").get_ref<const std::string&>());
  }

  bool check_value(Takes takes, const Json& value) {
    switch (takes) {
      case Takes::anything: return true;
      case Takes::boolean: return value.is_boolean();
      case Takes::text: return value.is_string();
      case Takes::number: return value.is_number();
      case Takes::positive_number: return value.is_number() && value > 0;
      case Takes::count: return value.is_number_integer() && value >= 0 && value <= INT32_MAX;
      case Takes::texts: return is_list_of_texts(value);
      case Takes::types:
        return is_type(value) || (value.is_array() && !value.empty() && std::ranges::all_of(value, is_type));
      case Takes::values: return value.is_array() && !value.empty();
      case Takes::pattern:
        if (value.is_string()) check_pattern(value.get_ref<const std::string&>());
        return value.is_string();
      case Takes::schema: check_schema(value); return true;
      case Takes::schemas: return value.is_array() && !value.empty() && check_each(value);
      case Takes::schema_or_schemas: return value.is_array() ? check_each(value) : check_value(Takes::schema, value);
      case Takes::schemas_by_name: return value.is_object() && check_each(value);
      case Takes::schemas_by_pattern:
        if (value.is_object())
          for (const auto& item : value.items()) check_pattern(item.key());
        return value.is_object() && check_each(value);
      case Takes::schemas_or_texts_by_name:
        if (!value.is_object()) return false;
        for (const Json& member : value)
          if (!is_list_of_texts(member)) check_schema(member);
        return true;
    }
    return false;
  }

  bool check_each(const Json& schemas) {
    for (const Json& schema : schemas) check_schema(schema);
    return true;
  }

  const Json& target(const std::string& reference) const {
    if (!reference.starts_with('#') || (reference.size() > 1 && reference[1] != '/'))
      refuse_schema("`$ref` leads to a place in the schema itself: `#` or `#/definitions/…`; nothing is fetched");
    try {
      return root_.at(Json::json_pointer(reference.substr(1)));
    } catch (const Json::exception&) {
      refuse_schema("a `$ref` of the schema leads nowhere");
    }
  }

  // A schema that is applied to a value because another one is: a circle of them would never end.
  template <class Visit>
  void each_applied_in_place(const Json& schema, const Visit& visit) const {
    for (const auto& [keyword, value] : schema.items()) {
      if (keyword == "$ref")
        visit(target(value.template get_ref<const std::string&>()));
      else if (keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf")
        std::ranges::for_each(value, visit);
      else if (keyword == "not" || keyword == "if" || keyword == "then" || keyword == "else")
        visit(value);
      else if (keyword == "dependencies")
        std::ranges::for_each(value, visit);
    }
  }

  void check_cycle(const Json& schema) {
    if (!schema.is_object() || finished_.contains(&schema)) return;
    if (!under_way_.insert(&schema).second)
      refuse_schema("a `$ref` of the schema leads back to itself without going into the data");
    each_applied_in_place(schema, [&](const Json& next) { check_cycle(next); });
    under_way_.erase(&schema);
    finished_.insert(&schema);
  }

  const Json& root_;
  std::vector<const Json*> seen_;
  std::set<const Json*> under_way_, finished_;
};

// Collects `references` where it is enforced, and refuses it where it would not be.
class ReferenceCollector {
 public:
  void collect(const Json& schema, bool enforced) {
    if (!schema.is_object()) return;
    if (const auto found = schema.find("references"); found != schema.end()) {
      if (!enforced || place_.empty())
        refuse_schema("`references` is enforced under `properties` and `items` alone; move it there");
      out.push_back({place_, found->get<std::string>()});
    }
    for (const auto& [keyword, value] : schema.items()) {
      const auto known = keywords().find(keyword);
      if (known == keywords().end()) continue;
      if (keyword == "properties") {
        for (const auto& [name, inner] : value.items()) at(name, inner, enforced);
      } else if (keyword == "items" && value.is_object()) {
        at("*", value, enforced);
      } else if (known->second == Takes::schema) {
        collect(value, false);
      } else if (value.is_structured() && known->second >= Takes::schemas) {
        for (const Json& inner : value) collect(inner, false);
      }
    }
  }

  std::vector<ReferenceField> out;

 private:
  void at(const std::string& segment, const Json& inner, bool enforced) {
    place_.push_back(segment);
    collect(inner, enforced);
    place_.pop_back();
  }

  std::vector<std::string> place_;
};

}  // namespace

void check_json_schema(const Json& schema) {
  SchemaChecker(schema).check();
  reference_fields(schema);
}

std::vector<ReferenceField> reference_fields(const Json& schema) {
  ReferenceCollector collector;
  collector.collect(schema, true);
  return std::move(collector.out);
}

}  // namespace struere
