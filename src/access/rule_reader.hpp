// Rules, masks and visible fields from their JSON: the one place that reads them, when written and when loaded.
#pragma once

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/query/mask.hpp"
#include "struere/query/predicate.hpp"

namespace struere {

// All throw Error{invalid_definition}, and take the definition without its `entityType`. `conditions_left` is how many
// conditions there may be, and is counted down.
Predicate read_scope_rule(const Json& rule, const OwnEntity& own_entity, std::size_t& conditions_left);
void add_field_mask(const Json& definition, Mask& mask);
void add_visible_fields(const Json& definition, Mask& mask);

// Throws Error{invalid_definition}.
[[noreturn]] void refuse(const std::string& message);

// Throws unless `object` is one that has all of `required` and nothing but those and `optional`.
void require_keys(const Json& object, const char* what, std::initializer_list<std::string_view> required,
                  std::initializer_list<std::string_view> optional);
const std::string& require_text(const Json& object, const char* what, const char* key);

}  // namespace struere
