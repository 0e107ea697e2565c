// All entity types and roles of one scope at one generation, read once and then only looked up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/former_name.hpp"
#include "struere/model/role.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_API struere {

// What one role says of one type.
struct RoleOnType {
  Predicate predicate = Predicate::always();  // the AND of its rules (SPEC 4)
  Mask mask;
  bool broken = false;  // a stored rule or mask cannot be read: the role grants nothing on this type

  // For explanations: each rule as written, with its meaning.
  struct Rule {
    std::string text;
    Predicate predicate;
  };
  std::vector<Rule> rules;
};

struct Role {
  RoleId id;
  std::string name;
  std::vector<Policy> policies;
  std::map<std::string, RoleOnType, std::less<>> types;  // by slug; a type that is not in it is unrestricted
};

// A view of the policies of one role.
struct RolePolicies {
  std::string role;
  std::span<const Policy> policies;
};

// Pure; never throws for a denial.
Decision decide(std::span<const RolePolicies> roles, Action action, std::string_view resource);

// Immutable; shared between threads.
class RuleBook {
 public:
  RuleBook(std::uint64_t generation, std::vector<EntityType> types, std::vector<RoleRecord> roles,
           std::vector<FormerName> former_names = {});

  std::uint64_t generation() const noexcept { return generation_; }
  const std::vector<EntityType>& types() const noexcept { return types_; }
  const EntityType* find_type(std::string_view slug) const noexcept;
  const std::map<std::string, Role, std::less<>>& roles() const noexcept { return roles_; }  // by name

  const std::vector<FormerName>& former_names() const noexcept { return former_names_; }

  // Hides `field` and, in this type, the other names that it has had.
  void hide(Mask& mask, const FieldPath& field, std::string_view type) const;

  // The roles that an actor holds and that there still are, by name.
  std::vector<const Role*> roles_of(const ActorContext& actor) const;
  // The same by their names alone, for rules that stand in no database. A name that no role has grants nothing.
  std::vector<const Role*> roles_named(std::vector<std::string> names) const;

  // Fields that `search` looks at.
  static std::vector<FieldPath> search_fields(const EntityType& type);

 private:
  std::uint64_t generation_;
  std::vector<EntityType> types_;
  std::map<std::string, Role, std::less<>> roles_;
  std::vector<FormerName> former_names_;
};

}  // namespace struere
