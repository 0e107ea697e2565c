// Two companies, two environments, one file: what each actor sees of it, and what nobody gets past.
// Every claim that is printed is computed; the program ends with 1 if one does not hold.
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <struere/struere.hpp>

#include "company_loader.hpp"
#include "screen.hpp"
#include "tampering.hpp"

namespace {

using namespace struere;

const OrganizationId brightpath("brightpath");

// The error of an operation, as a caller sees it: code and message.
template <class Operation>
std::string error_of(Operation&& operation) {
  try {
    operation();
    return "no error";
  } catch (const Error& error) {
    return fmt::format("{}: {}", to_string(error.code()), error.what());
  }
}

std::string text_at(const Json& data, const char* key) {
  const auto found = data.find(key);
  return found == data.end() ? "(absent)" : found->is_string() ? found->get<std::string>() : found->dump();
}

class Walkthrough {
 public:
  Walkthrough(Database database, std::string path, LoadedCompanies loaded)
      : database_(std::move(database)), path_(std::move(path)), loaded_(std::move(loaded)) {}

  bool run() {
    environments();
    foreign_ids();
    rows_and_fields();
    guesses();
    writes();
    explanations();
    audit();
    screen_.say(fmt::format("\n{} claims checked, {} of them did not hold.", screen_.claims(), screen_.broken()));
    return screen_.broken() == 0;
  }

 private:
  ActorContext system(Environment environment) const { return database_.trusted_host().system_actor(brightpath, environment); }
  ActorContext maya() const { return database_.trusted_host().user_actor(UserId("user_maya"), brightpath, Environment::production); }
  EntityId id(const std::string& name) const { return loaded_.ids.at(name); }

  void environments() {
    screen_.title("One program, two keys, two worlds");
    screen_.say("An API key carries its environment. The code below is the same for both; only the key differs.");
    screen_.code("auto actor    = database.authenticate(key);\nauto sessions = database.entities(actor, \"session\");\nsessions.count();");
    std::vector<std::vector<std::string>> table{{"key", "sessions", "students", "first student"}};
    std::vector<std::int64_t> counts;
    for (const Environment environment : {Environment::development, Environment::production}) {
      const auto created = database_.api_keys(system(environment)).create({.name = "demo", .roles = {"front-desk"}});
      const ActorContext actor = database_.authenticate(created.secret);
      const auto students = database_.entities(actor, "student");
      counts.push_back(database_.entities(actor, "session").count());
      table.push_back({created.key.display_prefix + "…", std::to_string(counts.back()), std::to_string(students.count()),
                       text_at(students.list({.limit = 1}).front().data(), "name")});
    }
    screen_.table(table);
    screen_.claim(counts[0] == 60 && counts[1] == 1100, "each key reaches its own rows and no others (60 and 1100 were loaded)");
    screen_.claim(error_of([&] { database_.authenticate("sk_prod_guessed"); }) == error_of([&] { database_.authenticate("sk_dev_"); }),
                  "a wrong key is told nothing but that it is wrong");
  }

  void foreign_ids() {
    screen_.title("An id of production means nothing in development");
    screen_.say("Even the system actor of development, who may do anything there, gets the answer for an id that never was.");
    screen_.code("database.entities(development, \"session\").get(production_session);");
    const auto sessions = database_.entities(system(Environment::development), "session");
    const std::string foreign = error_of([&] { sessions.get(id("brightpath/production/session-7")); });
    const std::string unknown = error_of([&] { sessions.get(EntityId("01890000-0000-7000-8000-000000000000")); });
    screen_.say("    " + foreign);
    screen_.claim(foreign == unknown, "the same error to the letter, for reading,");
    screen_.claim(error_of([&] { sessions.update(id("brightpath/production/session-7"), {{"status", "cancelled"}}); }) == unknown, "for updating,");
    screen_.claim(error_of([&] { sessions.remove(id("northstar/production/session-7")); }) == unknown, "and for another company's row");
    const std::string refusal = link_across_scopes(path_, id("brightpath/development/student-1").str(), id("brightpath/production/session-7").str());
    screen_.claim(refusal == "FOREIGN KEY constraint failed", "raw SQL cannot join the two either: " + refusal);
  }

  void rows_and_fields() {
    screen_.title("A teacher sees her own sessions, and not the payments");
    screen_.say("Role `teacher`: sessions where data.teacherId is the actor's id; paymentId hidden; of students, only three fields.");
    const auto hers = database_.entities(maya(), "session"), all = database_.entities(system(Environment::production), "session");
    const Query completed{.where = field("data.status") == "completed", .limit = 3};
    std::vector<std::vector<std::string>> table{{"Maya's page", "subject", "paymentId", "the same row, unmasked"}};
    bool all_hers = true, all_hidden = true;
    for (const Entity& row : hers.list(completed)) {
      const Json seen = row.data(), stored = all.get(row.id()).data();
      all_hers = all_hers && seen.at("teacherId") == "user_maya";
      all_hidden = all_hidden && !seen.contains("paymentId") && stored.contains("paymentId");
      table.push_back({text_at(seen, "startTime"), text_at(seen, "subject"), text_at(seen, "paymentId"), text_at(stored, "paymentId")});
    }
    screen_.table(table);
    screen_.claim(all_hers && hers.count() == 275 && all.count() == 1100, "275 of 1100 sessions are hers, and she sees those");
    screen_.claim(all_hidden, "paymentId is stored in each of these rows and is in none that she got");
    const Json student = database_.entities(maya(), "student").get(id("brightpath/production/student-3")).data();
    screen_.say("    a student, for her:  " + student.dump());
    const Json whole = database_.entities(system(Environment::production), "student").get(id("brightpath/production/student-3")).data();
    screen_.say("    a student, as is:    " + whole.dump());
    screen_.claim(student.size() == 3 && !student.contains("guardianId") && !student.at("notes").contains("school"),
                  "an allowlist hides what nobody thought of hiding");
  }

  void guesses() {
    screen_.title("A hidden field cannot be guessed");
    screen_.say("Filters, orders and counts answer as if the hidden field were not there. Here is one true paymentId, and Maya's guess:");
    const auto hers = database_.entities(maya(), "session"), all = database_.entities(system(Environment::production), "session");
    const Condition is_hers = field("data.teacherId") == "user_maya";
    const Entity row = all.list({.where = is_hers && field("data.paymentId").exists(), .limit = 1}).front();
    const std::string payment = row.data().at("paymentId");
    screen_.code(fmt::format("sessions.count({{.where = field(\"data.paymentId\") == \"{}\"}});", payment));
    const auto right = hers.count({.where = field("data.paymentId") == payment});
    screen_.say(fmt::format("    {}", right));
    screen_.claim(all.count({.where = field("data.paymentId") == payment}) == 1 && right == 0, "the true value finds the row for the system, and nothing for her");
    screen_.claim(hers.count({.where = field("data.paymentId").contains("pay_")}) == 0, "nor does a part of it");
    screen_.claim(hers.count({.where = field("data.paymentId").exists(false)}) == hers.count(), "for her, no session has such a field");
    const auto ids = [&](const Query& query) {
      std::string out;
      for (const Entity& entity : hers.list(query)) out += entity.id().str();
      return out;
    };
    screen_.claim(ids({.order = {{"data.paymentId", Direction::descending}}}) == ids({}), "ordering by it changes nothing");
    const std::string true_guess = error_of([&] { hers.update(row.id(), {{"paymentId", payment}}); });
    screen_.claim(true_guess == error_of([&] { hers.update(row.id(), {{"paymentId", "pay_wrong"}}); }),
                  "writing it is refused alike, whether the guess is right or wrong");
  }

  void writes() {
    screen_.title("A row cannot be moved out of one's own scope, nor made there");
    screen_.code("sessions.update(mine, {{\"teacherId\", \"user_tomas\"}});");
    const auto hers = database_.entities(maya(), "session");
    const EntityId mine = changed_ = hers.list({.where = field("data.status") == "scheduled", .limit = 1}).front().id();
    const std::string moved = error_of([&] { hers.update(mine, {{"teacherId", "user_tomas"}}); });
    screen_.say("    " + moved);
    screen_.claim(moved.starts_with("permission_denied"), "a session cannot be handed to somebody else");
    screen_.claim(hers.get(mine).data().at("teacherId") == "user_maya", "and is hers still");
    const Entity done = *hers.update(mine, {{"status", "completed"}, {"teacherReport", "Good progress."}}).row;
    screen_.claim(done.version() == 2 && done.data().at("status") == "completed", "what she may change, she changes; the row is at version 2");
    screen_.claim(error_of([&] { hers.update(mine, {{"duration", 0}}); }).starts_with("invalid_data"), "the schema refuses a session of no minutes");
    const auto ghost = [&] { hers.update(mine, {{"studentId", id("northstar/production/student-1").str()}}); };
    screen_.claim(error_of(ghost).starts_with("invalid_reference"), "and a student of another company is no student");
  }

  void explanations() {
    screen_.title("Why can't she see this?");
    const auto asker = system(Environment::production);
    const Decision decision = database_.can(maya(), Action::read, "payment");
    screen_.code("database.can(maya, Action::read, \"payment\").reason();");
    screen_.say("    " + decision.reason());
    screen_.claim(!decision, "deny overrides whatever else allows");
    screen_.code("database.explain(system, maya, Action::read, \"session\", somebody_elses).text();");
    const Explanation refused = database_.explain(asker, maya(), Action::read, "session", id("brightpath/production/session-1"));
    screen_.code(refused.text());
    screen_.claim(refused.row_exists && !refused.row_visible, "the rule that refuses the row is named, with the values compared");
    const Explanation masked = database_.explain(asker, maya(), Action::read, "session", id("brightpath/production/session-0"));
    std::string treatment;
    for (const ExplainedField& field : masked.fields)
      if (field.path == "data.paymentId") treatment = field.treatment + ": " + field.by;
    screen_.say("    of a row of hers, data.paymentId is " + treatment);
    screen_.claim(masked.row_visible && treatment.starts_with("hidden"), "and so is the mask that hides a field");
  }

  void audit() {
    screen_.title("Everything is on record, and the record shows where it was touched");
    const auto asker = system(Environment::production);
    screen_.code("for (const Event& event : database.events(maya).list({.entity = mine}).events) …");
    for (const Event& event : database_.events(maya()).list({.entity = changed_}).events)
      screen_.say(fmt::format("    {:<16} by {:<10} {:.60}…", event.type(), event.actor_id(), event.json()));
    bool leaked = false;
    for (const Event& event : database_.events(maya()).list({.limit = 1000}).events) leaked = leaked || event.json().find("paymentId") != std::string::npos;
    screen_.claim(!leaked, "the log shows her no more than the rows do");
    screen_.claim(!database_.events(asker).list({.type = "access.denied"}).events.empty(), "what was refused above is on record, too");
    const Verification before = database_.events(asker).verify();
    screen_.claim(before.ok, fmt::format("the hash chain of {} events verifies", before.verified));
    screen_.say("Now one byte of an old event is changed with plain SQLite, behind the library's back:");
    screen_.code("UPDATE events SET payload = replace(payload, '\"duration\":60', '\"duration\":90') WHERE id = …");
    const std::string event = tamper_with_event(path_, brightpath.str(), "production");
    const Verification after = database_.events(asker).verify();
    screen_.say("    " + after.problem);
    screen_.claim(!after.ok && after.event && after.event->str() == event, "verify names that very event, " + event);
    screen_.claim(database_.events(system(Environment::development)).verify().ok, "the chain of development is another one, and sound");
  }

  Database database_;
  std::string path_;
  LoadedCompanies loaded_;
  EntityId changed_;  // a session of hers that she changed
  Screen screen_;
};

struct Arguments {
  std::filesystem::path data = std::filesystem::path(STRUERE_EXAMPLES_DIR) / "tutoring";
  std::string path;
  bool keep = false;
};

Arguments read_arguments(int count, char** values) {
  Arguments out;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(values[i], "--keep") == 0) out.keep = true;
    else if (std::strcmp(values[i], "--data") == 0 && i + 1 < count) out.data = values[++i];
    else if (values[i][0] != '-' && out.path.empty()) out.path = values[i];
    else throw std::runtime_error("usage: isolation [--data FOLDER] [--keep] [DATABASE]");
  }
  if (!out.path.empty()) out.keep = true;
  else out.path = std::filesystem::temp_directory_path() / fmt::format("struere-isolation-{}.db", std::chrono::system_clock::now().time_since_epoch().count());
  return out;
}

}  // namespace

int main(int argument_count, char** argument_values) {
  try {
    const Arguments arguments = read_arguments(argument_count, argument_values);
    if (std::filesystem::exists(arguments.path)) throw std::runtime_error(arguments.path + " is there already; name a new file");
    bool all_held = false;
    {
      const Database database = Database::open(arguments.path, {.sqlite = {.durability = Durability::normal}});
      const auto started = std::chrono::steady_clock::now();
      LoadedCompanies loaded = load_companies(database, arguments.data);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started).count();
      fmt::print("struere: two tutoring companies, each with a development and a production environment, in one SQLite file.\n"
                 "Loaded {} entities into {} in {} ms, each one checked, written and audited in a transaction of its own.\n",
                 loaded.entities, arguments.path, took);
      all_held = Walkthrough(database, arguments.path, std::move(loaded)).run();
    }
    if (arguments.keep) {
      fmt::print("Look into it: sqlite3 {} 'SELECT * FROM scopes'\n", arguments.path);
    } else {
      for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(arguments.path + suffix);
      fmt::print("The file is removed; --keep leaves it.\n");
    }
    return all_held ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "isolation: {}\n", error.what());
    return 1;
  }
}
