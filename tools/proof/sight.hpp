// What an actor may not see of the rows of its scope, told from the definitions alone and not by asking struere.
//
// Cautious: where it says no, the actor may still be unable to see it; where it says yes, it is sure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/scenario.hpp"
#include "paths.hpp"

namespace struere::proof {

class Sight {
 public:
  // `environment` is that of a scenario; `roles` are those that the actor holds there.
  Sight(const conformance::OrderedJson& environment, const std::vector<std::string>& roles);

  // Whether two values of `data` of a row of that type look the same to the actor, whatever grants admit the row, and
  // weigh the same in its rules. Of patches: whether they also leave the same behind.
  bool looks_the_same(const std::string& type, const Json& a, const Json& b, bool of_patches = false) const;

  // Whether the rules on that type speak of nothing but the row itself and who the actor is: then what the actor does
  // elsewhere admits no row of it.
  bool has_static_rules(const std::string& type) const { return of(type).has_static_rules; }

  // Whether no rule depends on relations, or on the status of a row.
  bool may_go(const std::string& type) const { return !has_relation_rules_ && !of(type).mentions_status; }

  // Where the actor's own entity is looked for: which user it is of must stay as it is.
  const Path* user_field(const std::string& type) const;

  // The paths of masks on that type, which is where to look for what is hidden.
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
    std::vector<RoleMasks> roles;  // of each role that a policy lets do anything with the type
    std::vector<Path> in_rules, masked_paths;
    bool has_static_rules = true, mentions_status = false, is_bound = false;
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
