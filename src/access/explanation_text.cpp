// An explanation as JSON for programs and as text for people.
#include <fmt/format.h>

#include "core/single_line.hpp"
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
  std::vector<std::string> out;
  out.push_back(fmt::format("{}: {}", decision.allowed() ? "Allowed" : "Denied", decision.reason()));
  for (const ExplainedPolicy& entry : policies)
    out.push_back(fmt::format("  policy of role `{}`: {} {} on {}", entry.role, to_string(entry.policy.effect),
                              entry.policy.action ? to_string(*entry.policy.action) : "*", entry.policy.resource));
  const auto text_of = [](std::vector<std::string>& lines) { return joined_lines(lines) + "\n"; };
  if (!row_given) return text_of(out);
  if (!row_exists) {
    out.emplace_back("There is no such row: this scope has no row of this type with this id, or it is deleted.");
    return text_of(out);
  }
  if (write_given)
    out.emplace_back(write_allowed ? "The write is allowed."
                                   : "The write is refused: no grant admits the row before and after the write and "
                                     "leaves all written fields unmasked.");
  out.emplace_back(row_visible ? "The row is admitted." : "The row is refused: no grant admits it.");
  for (const ExplainedGrant& grant : grants) {
    out.push_back(fmt::format("  grant of role `{}` {}", grant.role,
                              grant.broken   ? "is void: a stored rule or mask cannot be read"
                              : grant.admits ? "admits it"
                                             : "does not admit it"));
    if (grant.rules.empty() && !grant.broken) out.emplace_back("    it has no rule for this type");
    for (const ExplainedRule& rule : grant.rules)
      out.push_back(fmt::format("    {} {}", rule.holds ? "yes" : "no ", rule.compared));
    if (write_given && grant.admits && !grant.admits_after)
      out.emplace_back("    it does not admit the row as it would be");
    for (const std::string& path : grant.masked) out.push_back(fmt::format("    it masks {}, which is written", path));
  }
  for (const ExplainedField& field : fields)
    if (field.treatment != "clear")
      out.push_back(fmt::format("  {} is {} ({})", field.path, field.treatment, field.by));
  return text_of(out);
}

}  // namespace struere
