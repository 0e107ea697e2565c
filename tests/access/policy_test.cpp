// SPEC 3: deny overrides, and nothing is allowed by default.
#include <catch2/catch.hpp>

#include <algorithm>

#include "property/random_json.hpp"
#include "struere/access/rule_book.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::vector<std::string> resources{"note", "task", "*"};
const std::vector<std::optional<Action>> actions{Action::read, Action::list, std::nullopt};

Policy random_policy(Random& random) {
  return {random.pick(resources), random.pick(actions), random.chance(20) ? Effect::deny : Effect::allow};
}

}  // namespace

TEST_CASE("deny_overrides_allow, nothing_is_allowed_by_default, and the order of policies does not matter",
          "[policies][property]") {
  Random random(11);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Policy> first, second;
    for (int i = random.below(4); i > 0; --i) first.push_back(random_policy(random));
    for (int i = random.below(4); i > 0; --i) second.push_back(random_policy(random));
    const auto decide_by = [](const std::vector<Policy>& a, const std::vector<Policy>& b) {
      const std::vector<RolePolicies> roles{{"a", a}, {"b", b}};
      return decide(roles, Action::read, "note");
    };
    bool denied = false, allowed = false;
    for (const auto* policies : {&first, &second})
      for (const Policy& policy : *policies) {
        const bool matches =
            (policy.resource == "*" || policy.resource == "note") && (!policy.action || policy.action == Action::read);
        denied = denied || (matches && policy.effect == Effect::deny);
        allowed = allowed || (matches && policy.effect == Effect::allow);
      }
    const Decision decision = decide_by(first, second);
    CHECK(decision.allowed() == (allowed && !denied));
    CHECK(decision.policy().has_value() == (allowed || denied));
    CHECK(decision.considered() == first.size() + second.size());
    std::reverse(first.begin(), first.end());
    CHECK(decide_by(second, first).allowed() == decision.allowed());
  }
}

TEST_CASE("a decision names the policy that decided", "[policies]") {
  const std::vector<Policy> open{{"*", std::nullopt, Effect::allow}}, closed{{"note", Action::remove, Effect::deny}};
  const std::vector<RolePolicies> roles{{"open", open}, {"no-delete", closed}};
  const Decision decision = decide(roles, Action::remove, "note");
  CHECK_FALSE(decision);
  CHECK(decision.policy()->role == "no-delete");
  CHECK(decision.reason() == "role `no-delete` denies `delete` on `note`");
  CHECK(decide(roles, Action::read, "note").policy()->role == "open");
}
