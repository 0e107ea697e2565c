// Chapter 6: how to answer a question about a decision.
#include <algorithm>
#include <string>
#include <vector>

#include "stage.hpp"

using namespace struere;

void reasons(Stage& stage) {
  Screen& screen = stage.screen;
  screen.title("Why can't she see this?");
  screen.say(
      "Rules that nobody can explain are rules that somebody switches off. `can` answers with its reason, and never "
      "throws:");
  screen.code(
      "const Decision decision = maya.can(Action::read, \"payment\");\nif (!decision) "
      "show(decision.reason());");
  const Session maya = stage.person("user_maya"), omar = stage.person("user_omar");
  struct Question {
    Action action;
    const char* type;
    bool allowed;
  };
  std::vector<std::vector<std::string>> table{{"may Maya …", "", "because"}};
  bool as_defined = true;
  for (const Question& question :
       {Question{Action::update, "session", true}, Question{Action::remove, "session", false},
        Question{Action::read, "payment", false}}) {
    const Decision decision = maya.can(question.action, question.type);
    as_defined = as_defined && decision.allowed() == question.allowed;
    table.push_back({fmt::format("{} a {}", to_string(question.action), question.type), decision ? "yes" : "no",
                     decision.reason()});
  }
  screen.table(table);
  screen.claim(as_defined, "allowed is what a policy allows and none denies");

  screen.say("`explain` answers for one row, to an admin. A session of somebody else:");
  screen.code("omar.explain(maya, Action::read, \"session\", id).text();");
  const EntityRepository sessions = omar.entities("session");
  const EntityId not_hers = sessions.list({.where = field("data.teacherId") == "user_tomas", .limit = 1}).front().id();
  const Explanation refused = omar.explain(maya, Action::read, "session", not_hers);
  screen.answer(refused.text());
  screen.claim(
      refused.decision && refused.row_exists && !refused.row_visible && !refused.grants.at(0).rules.at(0).holds,
      "the policy allows, the row's rule does not hold, and the values compared are named");

  screen.say("And one of hers, in which a field is missing:");
  const EntityId hers =
      sessions.list({.where = field("data.teacherId") == "user_maya" && field("data.paymentId").exists(), .limit = 1})
          .front()
          .id();
  const Explanation masked = omar.explain(maya, Action::read, "session", hers);
  screen.answer(masked.text());
  const auto payment = std::ranges::find(masked.fields, "data.paymentId", &ExplainedField::path);
  screen.claim(masked.row_visible && payment != masked.fields.end() && payment->treatment == "hidden",
               "the row is admitted, and the mask that hides the field is named with its role");
  screen.claim(
      error_of([&] { maya.explain(maya, Action::read, "session", not_hers); }).starts_with("permission_denied"),
      "Maya herself is not told: an explanation names what she may not see");
}
