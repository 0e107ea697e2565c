// What an actor must not see of the rows of its scope, computed from the definitions only and without asking struere.
//
// The answers are conservative: if two values are said to look the same, they do; otherwise they may still do so.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/scenario.hpp"
#include "paths.hpp"

namespace struere::proof {

class Sight {
 public:
  // `environment` is that of a scenario. `roles` are the roles that the actor has there.
  Sight(const conformance::OrderedJson& environment, const std::vector<std::string>& roles);

  // Whether two values of `data` of a row of that type look the same to the actor, whatever grants admit the row, and
  // have the same effect in its rules. If `of_patches`, also whether applying them as patches leaves the same.
  bool looks_the_same(const std::string& type, const Json& a, const Json& b, bool of_patches = false) const;

  // Whether the rules on that type depend only on the row itself and the identity of the actor. Then no other action
  // of the actor can admit a row of the type.
  bool has_static_rules(const std::string& type) const { return of(type).has_static_rules; }

  // Whether no rule depends on relations or, for that type, on `status` or `updatedAt`, so that a row may be deleted.
  bool may_go(const std::string& type) const { return !has_relation_rules_ && !of(type).mentions_status; }

  // The field that names the user of the actor's own entity; it must not change. Null if the type is not bound.
  const Path* user_field(const std::string& type) const;

  // Whether the type has unique keys. The refusal of a write may tell the values of another row at them (SPEC 6).
  bool has_keys(const std::string& type) const { return of(type).has_keys; }

  // The paths of masks on that type, under which hidden values are.
  const std::vector<Path>& masked_paths(const std::string& type) const { return of(type).masked_paths; }

 private:
  struct Redaction {
    Path path;
    std::size_t keep_last = 0;
  };
  struct RoleMasks {
    std::vector<Path> hidden;
    std::vector<Redaction> redacted;
    bool lists_fields = false;
    std::vector<Path> visible;
  };
  struct OfType {
    std::vector<RoleMasks> roles;              // of each role whose policies allow any action on the type
    std::vector<Path> in_rules, masked_paths;  // those of unique keys count as in rules
    bool has_static_rules = true, mentions_status = false, is_bound = false, has_keys = false;
    Path user_field;
  };

  const OfType& of(const std::string& type) const;
  void read_role(const Json& role, OfType& of_type, const std::string& type);
  void read_rule(const Json& rule, OfType& of_type);

  static bool hides_all(const RoleMasks& role, const Path& path);
  static bool covers_leaf(const RoleMasks& role, const Path& path, const Json& a, const Json& b);
  bool same(const OfType& type, const Path& path, const Json* a, const Json* b, bool of_patches) const;

  std::map<std::string, OfType> types_;
  bool has_relation_rules_ = false;
};

}  // namespace struere::proof
