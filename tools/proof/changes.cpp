// Makes random changes of definitions while the world is in use.
#include <algorithm>

#include "generator.hpp"

namespace struere::proof {
namespace {

class ChangeMaker {
 public:
  ChangeMaker(Random& random, GeneratedWorld& world, std::size_t place)
      : random_(random), place_(world.places[place]), world_(world) {}

  Json make() {
    const int kind = random_.below(100);
    if (kind < 34) return define_role();
    if (kind < 52) return define_type();
    if (kind < 72) return on_assignment("assign");
    if (kind < 84) return on_assignment("unassign");
    if (kind < 92) return {{"op", "remove-role"}, {"role", role()}};
    if (kind < 95) return {{"op", "remove-type"}, {"type", random_.pick(type_names)}};
    return {{"op", "member"},
            {"user", random_.pick(user_names)},
            {"membership", random_.pick(std::vector<std::string>{"member", "member", "admin", "none"})}};
  }

 private:
  // Returns an existing role in most cases.
  std::string role() {
    return random_.chance(90) && !place_.roles.empty() ? random_.pick(place_.roles) : random_.pick(role_names);
  }

  Json define_role() {
    const std::string name = role();
    if (std::ranges::find(place_.roles, name) == place_.roles.end()) place_.roles.push_back(name);
    // Often only a part of the role changes, to test that nothing cached for the old role survives.
    Json made = random_role(random_, name, place_.refs, random_.chance(50));
    for (const OrderedJson& before : environment()["roles"]) {
      if (before.at("name") != name || random_.chance(50)) continue;
      const Json kept(before);
      for (const char* part : {"policies", "scopeRules", "fieldMasks", "visibleFields"}) {
        if (random_.chance(25)) continue;
        made.erase(part);
        if (kept.contains(part)) made[part] = kept[part];
      }
    }
    return {{"op", "define-role"}, {"definition", made}};
  }

  Json define_type() {
    Json made = Json(random_.pick(random_entity_types(random_, place_.roles)));
    // Of the keys that it has some stay; a new one may be broken by what is stored.
    for (const OrderedJson& before : environment()["entityTypes"])
      if (before.at("slug").get<std::string>() == made.at("slug").get<std::string>() && before.contains("unique"))
        for (const OrderedJson& key : before.at("unique"))
          if (random_.chance(70)) made["unique"].push_back(Json(key));
    if (random_.chance(35)) made["unique"].push_back(random_unique_key(random_));
    return {{"op", "define-type"}, {"definition", std::move(made)}};
  }

  Json on_assignment(const char* op) { return {{"op", op}, {"user", random_.pick(user_names)}, {"role", role()}}; }

  OrderedJson& environment() { return world_.organizations.at(place_.organization).at(place_.environment); }

  Random& random_;
  Place& place_;
  GeneratedWorld& world_;
};

}  // namespace

Json random_change(Random& random, GeneratedWorld& world, std::size_t place) {
  Json step = ChangeMaker(random, world, place).make();
  const Place& at = world.places[place];
  step["actor"] = {{"organization", at.organization}, {"environment", at.environment}, {"system", true}};
  return step;
}

}  // namespace struere::proof
