// Chapters 3 and 4: rows and fields that an actor does not see, and why clever queries do not reveal them.
#include <utility>
#include <vector>

#include "stage.hpp"

using namespace struere;

namespace {

// The number of rows of each type that each person finds, next to the number of stored rows.
void people_and_rows(Stage& stage) {
  const std::pair<const char*, const char*> people[] = {{"user_omar", "Omar, admin of the company"},
                                                        {"user_maya", "Maya, teacher"},
                                                        {"user_dana", "Dana, front desk"},
                                                        {"user_lucia", "Lucía, guardian of two students"},
                                                        {"user_ines", "Inês, accountant"}};
  const std::vector<std::string> types{"session", "student", "guardian", "payment"};
  std::vector<std::vector<std::string>> table{{"who asks", "sessions", "students", "guardians", "payments"}};
  for (const auto& [user, name] : people) {
    const Session actor = stage.person(user);
    std::vector<std::string> row{name};
    for (const std::string& type : types)
      row.push_back(actor.can(Action::list, type) ? std::to_string(actor.entities(type).count()) : "denied");
    table.push_back(row);
  }
  stage.screen.table(table);

  const LoadedScope& loaded = stage.loaded(Environment::production);
  const auto counts = [&](const char* user, const char* type, const auto& matches) {
    return std::cmp_equal(stage.person(user).entities(type).count(), loaded.count(type, matches));
  };
  stage.screen.claim(counts("user_maya", "session", [](const Json& row) { return row.at("teacherId") == "user_maya"; }),
                     "Maya's rule, data.teacherId eq actor.userId, gives her the sessions that are hers in the file");
  stage.screen.claim(counts("user_dana", "payment",
                            [](const Json& row) {
                              return row.at("state") == "due" || (row.at("state") == "paid" && row.at("amount") <= 100);
                            }),
                     "Dana's rule, an any/all group, leaves refunds and payments above 100 to the accountant");
  const std::string lucia = loaded.ids.at("guardian-0").str();
  stage.screen.claim(counts("user_lucia", "payment", [&](const Json& row) { return row.at("guardianId") == lucia; }),
                     "Lucía's rule finds her own record by her user id, and from there what is hers");
}

// The same rows, field by field, as different people see them.
void people_and_fields(Stage& stage) {
  const LoadedScope& loaded = stage.loaded(Environment::production);
  const Entity session = stage.person("user_maya")
                             .entities("session")
                             .list({.where = field("data.status") == "completed", .limit = 1})
                             .front();
  const EntityId student(session.data().at("studentId").get<std::string>());
  const EntityId payment = [&] {
    for (const LoadedRow& row : loaded.rows)
      if (row.type == "payment" && row.data.value("sessionId", "") == session.id().str()) return row.id;
    throw std::runtime_error("a completed session without a payment");
  }();
  const Session maya = stage.person("user_maya"), dana = stage.person("user_dana"), omar = stage.person("user_omar");

  std::vector<std::vector<std::string>> table{{"", "field", "Maya, teacher", "Dana, front desk", "Omar, admin"}};
  const auto add = [&](const char* type, const EntityId& id, const std::vector<const char*>& paths) {
    std::vector<Json> seen;
    for (const Session& actor : {maya, dana, omar}) {
      // find() and not get(), because a row outside the view is an expected answer here and not an error.
      const bool allowed = actor.can(Action::read, type).allowed();
      const auto row = allowed ? actor.entities(type).find(id) : std::nullopt;
      seen.push_back(row ? row->data() : Json::object());
    }
    for (const char* const path : paths)
      table.push_back({path == paths.front() ? type : "", path, text_at(seen[0], path), text_at(seen[1], path),
                       text_at(seen[2], path)});
    return seen;
  };
  const auto sessions = add("session", session.id(), {"startTime", "teacherReport", "paymentId"});
  const auto students = add("student", student, {"name", "notes.health", "notes.school"});
  const auto payments = add("payment", payment, {"amount", "card"});
  stage.screen.table(table);

  stage.screen.claim(!sessions[0].contains("paymentId") && sessions[2].contains("paymentId"),
                     "paymentId is stored, and is not in what Maya gets: not null, not a placeholder, absent");
  stage.screen.claim(!sessions[1].contains("teacherReport") && sessions[0] != sessions[1],
                     "Dana's masks are others: she sees the payment and not the report");
  stage.screen.claim(
      students[0].size() == 3 && !students[0].at("notes").contains("school"),
      "of students Maya has an allowlist: a field that somebody adds next year is hidden from her until it is listed");
  const std::string card = payments[2].value("card", ""), shown = payments[1].value("card", "");
  stage.screen.claim(card.size() > 4 && shown == std::string(card.size() - 4, '*') + card.substr(card.size() - 4),
                     "the card is redacted for Dana but for its last four digits");
}

}  // namespace

void rows_and_fields(Stage& stage) {
  stage.screen.title("Everybody sees their own part");
  stage.screen.say(
      "All five work with the same file and the same code. Their roles (tutoring/definitions/production/roles.json) "
      "say which "
      "types, rows and fields are theirs; what is not, does not exist for them.");
  stage.screen.code(
      "const Session actor = host.user_session(user, brightpath, Environment::production);\n"
      "actor.entities(\"session\").count();");
  people_and_rows(stage);
  stage.screen.say("One session, its student and its payment, as three of them get it (– is: not there):");
  people_and_fields(stage);
}

void guesses(Stage& stage) {
  Screen& screen = stage.screen;
  screen.title("A hidden field cannot be guessed");
  screen.say(
      "Leaving a field out of the answer is not enough: who may filter by it can find it out, letter by letter. For "
      "Maya, "
      "filters, orders and counts answer as if paymentId had never been stored. She knows a true one, from an "
      "invoice:");
  const EntityRepository hers = stage.person("user_maya").entities("session");
  const EntityRepository all = stage.person("user_omar").entities("session");
  const Condition is_hers = field("data.teacherId") == "user_maya";
  const Entity row = all.list({.where = is_hers && field("data.paymentId").exists(), .limit = 1}).front();
  const std::string payment = row.data().at("paymentId");
  screen.code(fmt::format("sessions.count({{.where = field(\"data.paymentId\") == \"{}\"}});", payment));

  struct Question {
    std::string words;
    Condition where;
  };
  const Question questions[] = {{fmt::format("paymentId eq {}", payment), field("data.paymentId") == payment},
                                {fmt::format("paymentId contains {}", payment.substr(0, 6)),
                                 field("data.paymentId").contains(payment.substr(0, 6))},
                                {"paymentId gte pay_", field("data.paymentId") >= "pay_"},
                                {"paymentId neq nonsense", field("data.paymentId") != "nonsense"},
                                {"paymentId exists", field("data.paymentId").exists()}};
  std::vector<std::vector<std::string>> table{{"how many of Maya's sessions have …", "Maya asks", "Omar asks"}};
  bool none_for_her = true, some_for_him = true;
  for (const Question& question : questions) {
    const auto found = hers.count({.where = question.where}), stored = all.count({.where = is_hers && question.where});
    none_for_her = none_for_her && found == 0;
    some_for_him = some_for_him && stored > 0;
    table.push_back({question.words, std::to_string(found), std::to_string(stored)});
  }
  screen.table(table);
  screen.claim(none_for_her && some_for_him, "each of these is true of rows of hers, and finds her none");
  screen.claim(hers.count({.where = field("data.paymentId").exists(false)}) == hers.count(),
               "what does find them all is: paymentId does not exist");

  const auto ids = [](const EntityRepository& sessions, const Query& query) {
    std::vector<EntityId> out;
    for (const Entity& entity : sessions.list(query)) out.push_back(entity.id());
    return out;
  };
  const Query by_payment{.order = {{"data.paymentId", Direction::descending}}}, by_default{};
  screen.claim(ids(hers, by_payment) == ids(hers, by_default) && ids(all, by_payment) != ids(all, by_default),
               "ordering by it changes Omar's list, and nothing in hers");

  const EntityRepository desk = stage.person("user_dana").entities("payment");
  const EntityRepository payments = stage.person("user_omar").entities("payment");
  const Query visa{.where = field("data.card").contains("1111")};
  screen.claim(desk.count(visa) == 0 && payments.count(visa) > 0,
               "nor can Dana filter by a redacted card, not even by the four digits that she is shown");
}
