#include "coverage.hpp"

namespace struere::proof {
namespace {

std::string outcome(const Json& answer) {
  if (answer.contains("error")) return answer.at("error").get<std::string>();
  for (const char* list : {"rows", "events"})
    if (answer.contains(list)) return answer.at(list).empty() ? "none" : "some";
  if (answer.contains("groups")) return answer.at("groups").empty() ? "none" : "some";
  if (answer.contains("count")) return answer.at("count") == 0 ? "none" : "some";
  if (answer.contains("allowed")) return answer.at("allowed") == true ? "yes" : "no";
  if (answer.contains("row")) return answer.at("row").contains("data") ? "row" : "id alone";
  return "ok";
}

}  // namespace

void Coverage::count_step(const std::string& op, const Json& answer) {
  ++steps_;
  count(op, outcome(answer));
}

void Coverage::count(const Explanation& explanation) {
  for (const ExplainedGrant& grant : explanation.grants) {
    if (explanation.row_exists) count("grant", grant.admits ? "admits" : "refuses");
    for (const ExplainedRule& explained : grant.rules) {
      const Json rule = Json::parse(explained.rule);
      std::string kind = "relationPath";
      for (const char* group : {"any", "all"})
        if (rule.contains(group)) kind = group;
      if (rule.contains("operator")) kind = rule.at("operator").get<std::string>();
      count("rule " + kind, explained.holds ? "holds" : "fails");
      if (const auto value = rule.find("value"); value != rule.end() && value->is_string())
        if (const std::string& text = value->get_ref<const std::string&>(); text.starts_with("actor."))
          count("rule " + text.substr(0, text.find(':')), explained.holds ? "holds" : "fails");
    }
  }
  for (const ExplainedField& field : explanation.fields) count("field", field.treatment);
}

std::uint64_t Coverage::of(const std::string& group, const std::string& what) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return 0;
  const auto counted = found->second.find(what);
  return counted == found->second.end() ? 0 : counted->second;
}

void Coverage::print(std::ostream& out) const {
  for (const auto& [group, counts] : groups_) {
    out << "  " << group << ":";
    for (const auto& [what, number] : counts)
      out << ' ' << what << ' ' << number << (&what == &counts.rbegin()->first ? "" : ",");
    out << '\n';
  }
}

}  // namespace struere::proof
