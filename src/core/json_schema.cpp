#include "core/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <regex>

// Without this valijson answers a schema that it cannot read by ending the process.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::array combinators{"allOf", "anyOf", "oneOf"};

// std::regex recurses several times for each character, so that a long text would overflow the stack.
constexpr std::size_t longest_matched_text = 1024;

bool uses_patterns(const Json& schema) {
  if (schema.is_object() &&
      (schema.contains("pattern") || schema.contains("patternProperties") || schema.contains("format")))
    return true;
  return schema.is_structured() && std::ranges::any_of(schema, uses_patterns);
}

bool has_long_text(const Json& data) {
  if (data.is_string()) return data.get_ref<const std::string&>().size() > longest_matched_text;
  if (data.is_object() &&
      std::ranges::any_of(data.items(), [](const auto& item) { return item.key().size() > longest_matched_text; }))
    return true;
  return data.is_structured() && std::ranges::any_of(data, has_long_text);
}

// Whether a text that is too long to be matched would meet a pattern. Where that is not plain to see (`$ref`), any
// counts.
bool too_long_to_match(const Json& schema, const Json& data) {
  if (!schema.is_object()) return false;
  if (schema.contains("$ref") || schema.contains("patternProperties") || schema.contains("propertyNames"))
    return has_long_text(data);
  if (data.is_string())
    if (schema.contains("pattern") || schema.contains("format"))
      if (has_long_text(data)) return true;
  for (const auto& [name, inner] : schema.items()) {
    if (name == "properties" && inner.is_object() && data.is_object()) {
      for (const auto& [key, property] : inner.items())
        if (data.contains(key) && too_long_to_match(property, data.at(key))) return true;
    } else if ((name == "items" || name == "additionalItems" || name == "contains") && data.is_array()) {
      for (const Json& element : data)
        if (inner.is_array()
                ? std::ranges::any_of(inner, [&](const Json& part) { return too_long_to_match(part, element); })
                : too_long_to_match(inner, element))
          return true;
    } else if (name == "additionalProperties" && data.is_object()) {
      for (const Json& member : data)
        if (too_long_to_match(inner, member)) return true;
    } else if (std::ranges::find(combinators, name) != combinators.end() && inner.is_array()) {
      if (std::ranges::any_of(inner, [&](const Json& part) { return too_long_to_match(part, data); })) return true;
    } else if (name == "not" || name == "if" || name == "then" || name == "else") {
      if (too_long_to_match(inner, data)) return true;
    } else if (name == "dependencies" && inner.is_object()) {
      for (const Json& part : inner)
        if (too_long_to_match(part, data)) return true;
    }
  }
  return false;
}

std::vector<std::string> place_of(const std::vector<std::string>& context) {
  std::vector<std::string> out;
  for (const std::string& part : context)  // "<root>", "[key]", "[0]"
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') out.push_back(part.substr(1, part.size() - 2));
  return out;
}

}  // namespace

bool is_regular_expression(const std::string& pattern) {
  try {
    std::regex compiled(pattern);
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

struct JsonSchema::Compiled {
  valijson::Schema schema;
  bool patterns = false;
  std::mutex mutex;  // guards `validator`, which keeps the patterns that it compiled
  valijson::Validator validator;
};

JsonSchema::JsonSchema(const Json& schema) : compiled_(std::make_unique<Compiled>()), schema_(schema) {
  check_json_schema(schema);
  references_ = reference_fields(schema);
  compiled_->patterns = uses_patterns(schema);
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_), compiled_->schema);
  } catch (const std::exception& error) {
    throw Error(ErrorCode::invalid_definition, fmt::format("`schema` is no JSON Schema (draft 7): {}", error.what()));
  }
}

JsonSchema::~JsonSchema() = default;

std::optional<SchemaFault> JsonSchema::validate(const Json& data) const {
  if (compiled_->patterns && too_long_to_match(schema_, data))
    return SchemaFault{{},
                       fmt::format("a text of more than {} bytes stands where the schema has a pattern or a format",
                                   longest_matched_text)};
  const valijson::adapters::NlohmannJsonAdapter target(data);
  const auto passes = [&](valijson::Validator& validator, valijson::ValidationResults* results) {
    return validator.validate(compiled_->schema, target, results);
  };
  const auto check = [&](valijson::Validator& validator) -> std::optional<SchemaFault> {
    if (passes(validator, nullptr)) return std::nullopt;
    valijson::ValidationResults results;
    passes(validator, &results);
    valijson::ValidationResults::Error first;
    SchemaFault fault{{}, "it does not match"};
    // The first error is the deepest: those of the enclosing schemas follow.
    if (results.popError(first)) fault = {place_of(first.context), first.description};
    return fault;
  };
  try {
    if (compiled_->patterns) {
      const std::lock_guard lock(compiled_->mutex);
      return check(compiled_->validator);
    }
    valijson::Validator validator;
    return check(validator);
  } catch (const std::exception& error) {  // a pattern too complex to match, or a keyword the library gives up on
    return SchemaFault{{}, fmt::format("it cannot be checked against the schema: {}", error.what())};
  }
}

}  // namespace struere
