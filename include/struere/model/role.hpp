// A role as it is stored: policies, scope rules and masks of one scope (SPEC 3, 4 and 5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

// As written. access/ interprets the words, unknown ones included.
struct PolicyRecord {
  std::string resource;  // a slug, a system resource or "*"
  std::string action;    // an action or "*"
  std::string effect;    // "allow" or "deny"
};

// A scope rule, a field mask or a visibleFields, as canonical JSON without its `entityType`.
struct TypedRecord {
  std::string entity_type;  // slug
  std::string json;
};

struct RoleRecord {
  RoleId id;
  std::string name;
  std::vector<PolicyRecord> policies;
  std::vector<TypedRecord> scope_rules;
  std::vector<TypedRecord> field_masks;
  std::vector<TypedRecord> visible_fields;
  Timestamp created_at = 0;
};

// A role given to a user in one scope. An assignment that has expired has no effect (SPEC 2).
struct Assignment {
  UserId user;
  RoleId role;
  std::string role_name;  // filled in by the storage
  std::optional<Timestamp> expires_at;
  std::string granted_by;
  Timestamp created_at = 0;
  bool has_expired = false;  // by the clock; only RoleRepository::assignments sets it
};

}  // namespace struere
