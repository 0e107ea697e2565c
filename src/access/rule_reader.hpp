// Reads rules, masks and visible fields from JSON, when they are written and when they are loaded.
#pragma once

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/query/mask.hpp"
#include "struere/query/predicate.hpp"

namespace struere {

// All three throw Error{invalid_definition}, and take the definition without its `entityType`. `conditions_left` is
// the number of conditions that are still allowed; read_scope_rule subtracts those that it reads.
Predicate read_scope_rule(const Json& rule, const OwnEntity& own_entity, std::size_t& conditions_left);
void add_field_mask(const Json& definition, Mask& mask);
void add_visible_fields(const Json& definition, Mask& mask);

// Throws Error{invalid_definition}.
[[noreturn]] void refuse(const std::string& message);

// Throws unless `object` is an object with all keys of `required`, and no others except those of `optional`.
void require_keys(const Json& object, const char* what, std::initializer_list<std::string_view> required,
                  std::initializer_list<std::string_view> optional);
const std::string& require_text(const Json& object, const char* what, const char* key);

}  // namespace struere
