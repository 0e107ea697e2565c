// Chapter 5: what an actor may change, and where.
#include "stage.hpp"

using namespace struere;

void writes(Stage& stage) {
  Screen& screen = stage.screen;
  screen.title("Nobody writes what they may not see, or out of their own part");
  screen.say(
      "A write is checked against the row as it was and as it would be. Maya may update her sessions; the row that she "
      "hands "
      "to somebody else would not be hers, so she may not:");
  screen.code("sessions.update(mine, {{\"teacherId\", \"user_tomas\"}});");
  const EntityRepository sessions = stage.person("user_maya").entities("session");
  const EntityRepository all = stage.person("user_omar").entities("session");
  const Entity mine = sessions.list({.where = field("data.status") == "completed", .limit = 1}).front();
  const Json stored = all.get(mine.id()).data();

  const std::string moved = error_of([&] { sessions.update(mine.id(), {{"teacherId", "user_tomas"}}); });
  screen.answer(moved);
  screen.claim(moved.starts_with("permission_denied") && all.get(mine.id()).data() == stored,
               "refused, and the row is as it was");

  Json for_tomas = mine.data();
  for_tomas["teacherId"] = "user_tomas";
  screen.claim(error_of([&] { sessions.create(for_tomas); }).starts_with("permission_denied"),
               "nor can she make a row that is not hers");

  const EntityId of_tomas = all.list({.where = field("data.teacherId") == "user_tomas", .limit = 1}).front().id();
  const EntityId unknown("01890000-0000-7000-8000-000000000000");
  const auto cancel = [&](const EntityId& id) {
    return error_of([&] { sessions.update(id, {{"status", "cancelled"}}); });
  };
  screen.claim(cancel(of_tomas).starts_with("not_found") && cancel(of_tomas) == cancel(unknown),
               "Tomás's session is to her what a made-up id is: not_found");

  screen.say("Writing a masked field must not tell whether a guess is right:");
  screen.code("sessions.update(mine, {{\"paymentId\", guess}});");
  const auto guess = [&](const Json& value) {
    return error_of([&] { sessions.update(mine.id(), {{"paymentId", value}}); });
  };
  const std::string right = guess(stored.at("paymentId")), wrong = guess("pay_000000000000");
  screen.answer(right);
  screen.claim(right.starts_with("permission_denied") && right == wrong && guess(nullptr) == right,
               "the true value, a wrong one and null are refused alike: paths decide, never what is stored");

  screen.say("What she may change, she changes. Her data is checked as well:");
  screen.code("sessions.update(mine, {{\"teacherReport\", \"Ready for the exam.\"}}, {.version = mine.version()});");
  const Written written =
      sessions.update(mine.id(), {{"teacherReport", "Ready for the exam."}}, {.version = mine.version()});
  screen.claim(written.row && written.row->version() == mine.version() + 1 &&
                   written.row->data().at("teacherReport") == "Ready for the exam.",
               "her report is stored, and the row is a version further");
  screen.claim(all.get(mine.id()).data().at("paymentId") == stored.at("paymentId"), "what she cannot see is kept");
  const auto again = [&] {
    sessions.update(mine.id(), {{"teacherReport", "Lost update"}}, {.version = mine.version()});
  };
  screen.claim(error_of(again).starts_with("conflict"), "who writes what they read a version ago is told: conflict");
  const auto no_time = [&] { sessions.update(mine.id(), {{"duration", 0}}); };
  screen.claim(error_of(no_time).starts_with("invalid_data"), "the JSON Schema refuses a session of no minutes");
  const EntityId elsewhere = stage.companies.at("northstar/production").ids.at("student-1");
  const auto borrowed = [&] { sessions.update(mine.id(), {{"studentId", elsewhere.str()}}); };
  screen.claim(error_of(borrowed).starts_with("invalid_reference"), "and a student of another company is no student");
}
