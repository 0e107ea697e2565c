// How large the definitions of a scope are that are read and compiled together, in bytes. Each write that follows a
// change of them reads all of them while it holds the write lock, so their sum is bounded.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace struere {

inline constexpr std::size_t most_definition_bytes = 16 << 20;  // of entity types, roles and triggers of a scope

class DefinitionSizes {
 public:
  void set(const std::string& kind, const std::string& name, std::size_t bytes) {
    std::size_t& size = each_[{kind, name}];
    sum_ += bytes - size;  // wraps around, and back
    size = bytes;
  }
  std::size_t of(const std::string& kind, const std::string& name) const {
    const auto found = each_.find({kind, name});
    return found == each_.end() ? 0 : found->second;
  }
  std::size_t sum() const noexcept { return sum_; }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> each_;
  std::size_t sum_ = 0;
};

inline std::size_t size_of(const EntityType& type) {
  std::size_t out = type.slug.size() + type.name.size() + type.schema.size();
  for (const std::string& field : type.search_fields) out += field.size();
  return out;
}

inline std::size_t size_of(const RoleRecord& role) {
  std::size_t out = role.name.size();
  for (const PolicyRecord& policy : role.policies) out += policy.resource.size() + sizeof policy;
  for (const auto* const records : {&role.scope_rules, &role.field_masks, &role.visible_fields})
    for (const TypedRecord& record : *records) out += record.entity_type.size() + record.json.size();
  return out;
}

}  // namespace struere
