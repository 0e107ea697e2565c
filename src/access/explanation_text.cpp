// An explanation as JSON for programs and as text for people.
#include <fmt/format.h>

#include "struere/access/explanation.hpp"

namespace struere {
namespace {

Json policy_json(const std::string& role, const Policy& policy) {
  return {{"role", role},
          {"resource", policy.resource},
          {"action", policy.action ? to_string(*policy.action) : "*"},
          {"effect", to_string(policy.effect)}};
}

}  // namespace

Json Explanation::to_json() const {
  Json out{
      {"allowed", decision.allowed()}, {"reason", decision.reason()}, {"policiesConsidered", decision.considered()}};
  out["policies"] = Json::array();
  for (const ExplainedPolicy& entry : policies) out["policies"].push_back(policy_json(entry.role, entry.policy));
  if (!row_given) return out;
  out["row"] = !row_exists ? "not there" : row_visible ? "admitted" : "refused";
  out["grants"] = Json::array();
  for (const ExplainedGrant& grant : grants) {
    Json entry{{"role", grant.role}, {"admits", grant.admits}, {"broken", grant.broken}, {"rules", Json::array()}};
    for (const ExplainedRule& rule : grant.rules)
      entry["rules"].push_back(
          {{"rule", parse_canonical_json(rule.rule)}, {"holds", rule.holds}, {"compared", rule.compared}});
    if (write_given) {
      entry["admitsAfter"] = grant.admits_after;
      entry["masked"] = grant.masked;
    }
    out["grants"].push_back(std::move(entry));
  }
  if (write_given) out["write"] = write_allowed ? "allowed" : "refused";
  out["fields"] = Json::array();
  for (const ExplainedField& field : fields)
    out["fields"].push_back({{"path", field.path}, {"treatment", field.treatment}, {"by", field.by}});
  return out;
}

std::string Explanation::text() const {
  std::string out = fmt::format("{}: {}\n", decision.allowed() ? "Allowed" : "Denied", decision.reason());
  for (const ExplainedPolicy& entry : policies)
    out += fmt::format("  policy of role `{}`: {} {} on {}\n", entry.role, to_string(entry.policy.effect),
                       entry.policy.action ? to_string(*entry.policy.action) : "*", entry.policy.resource);
  if (!row_given) return out;
  if (!row_exists)
    return out + "There is no such row: this scope has no row of this type with this id, or it is deleted.\n";
  if (write_given)
    out += write_allowed ? "The write is allowed.\n"
                         : "The write is refused: no grant admits the row before and after the write and leaves "
                           "all written fields unmasked.\n";
  out += row_visible ? "The row is admitted.\n" : "The row is refused: no grant admits it.\n";
  for (const ExplainedGrant& grant : grants) {
    out += fmt::format("  grant of role `{}` {}\n", grant.role,
                       grant.broken   ? "is void: a stored rule or mask cannot be read"
                       : grant.admits ? "admits it"
                                      : "does not admit it");
    if (grant.rules.empty() && !grant.broken) out += "    it has no rule for this type\n";
    for (const ExplainedRule& rule : grant.rules)
      out += fmt::format("    {} {}\n", rule.holds ? "yes" : "no ", rule.compared);
    if (write_given && grant.admits && !grant.admits_after) out += "    it does not admit the row as it would be\n";
    for (const std::string& path : grant.masked) out += fmt::format("    it masks {}, which is written\n", path);
  }
  for (const ExplainedField& field : fields)
    if (field.treatment != "clear") out += fmt::format("  {} is {} ({})\n", field.path, field.treatment, field.by);
  return out;
}

}  // namespace struere
