// Chapter 7: the log of all writes, which actor sees which part of it, and how a changed log is detected.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "stage.hpp"
#include "tampering.hpp"

using namespace struere;

namespace {

std::vector<Event> all_events(const EventRepository& log, EventQuery query) {
  std::vector<Event> out;
  query.limit = 1000;
  do {
    EventPage page = log.list(query);
    std::ranges::move(page.events, std::back_inserter(out));
    query.after = page.next;
  } while (query.after);
  return out;
}

// The log reveals nothing more than the rows: an actor sees of an event what it sees of the row.
void who_sees_what(Stage& stage) {
  Screen& screen = stage.screen;
  const EventRepository maya = stage.person("user_maya").events(), omar = stage.person("user_omar").events();
  std::vector<std::vector<std::string>> table{{"events", "in Maya's log", "in Omar's log"}};
  for (const char* const type :
       {"session.created", "session.updated", "student.created", "payment.created", "access.denied"})
    table.push_back({type, std::to_string(all_events(maya, {.type = type}).size()),
                     std::to_string(all_events(omar, {.type = type}).size())});
  screen.table(table);
  const auto hers = stage.loaded(Environment::production).count("session", [](const Json& row) {
    return row.at("teacherId") == "user_maya";
  });
  screen.claim(all_events(maya, {.type = "session.created"}).size() == hers &&
                   all_events(maya, {.type = "payment.created"}).empty(),
               "she sees the events of rows that she may read, and no others");
  screen.claim(!all_events(omar, {.type = "access.denied"}).empty(),
               "what was refused in the chapters above is on record, too");

  const Event change = all_events(maya, {.type = "session.updated"}).back();
  const Event whole = all_events(omar, {.entity = change.entity(), .type = "session.updated"}).back();
  const Json before = change.payload().at("previousData"), stored = whole.payload().at("previousData");
  screen.say("The change that she made, as the log shows it to each:");
  screen.table({{"previousData", "Maya", "Omar"},
                {"teacherReport", text_at(before, "teacherReport"), text_at(stored, "teacherReport")},
                {"paymentId", text_at(before, "paymentId"), text_at(stored, "paymentId")}});
  screen.claim(change.id() == whole.id() && !before.contains("paymentId") && stored.contains("paymentId"),
               "the log masks what the row masks");
}

void a_touched_log(Stage& stage) {
  Screen& screen = stage.screen;
  screen.say(
      "Each event holds the SHA-256 of the one before it, so no event can be changed unnoticed. Inês, the accountant, "
      "may "
      "verify that:");
  screen.code("const Verification result = ines.events().verify();");
  const EventRepository ines = stage.person("user_ines").events();
  screen.claim(ines.verify().ok, "the chain is sound");
  const EventRepository system = stage.system(Environment::production).events();
  const Verification before = system.verify();  // she is not told how many events there are, as some are hidden

  const LoadedScope& loaded = stage.loaded(Environment::production);
  const auto payment = std::ranges::find_if(
      loaded.rows, [](const LoadedRow& row) { return row.type == "payment" && row.data.at("amount") == 48; });
  const EventId event = ines.list({.entity = payment->id, .type = "payment.created"}).events.at(0).id();
  screen.say("Somebody with the file in their hands turns a payment of 48 into one of 18: one byte, by plain SQLite.");
  screen.code(fmt::format(
      "UPDATE events SET payload = replace(payload, '\"amount\":48', '\"amount\":18')\nWHERE id = '{}'", event.str()));
  const int changed = rewrite_event(stage.path, event, "\"amount\":48", "\"amount\":18");
  const Verification after = ines.verify();
  screen.answer(after.problem);
  screen.claim(changed == 1 && !after.ok && after.event == event,
               "verify names that very event: " + (after.event ? after.event->str() : "none"));
  screen.claim(stage.system(Environment::development).events().verify().ok,
               "the chain of development is another one, and sound");
  rewrite_event(stage.path, event, "\"amount\":18", "\"amount\":48");
  const Verification restored = system.verify();
  screen.claim(restored.ok && restored.head == before.head, "with the byte put back, the chain is what it was");
}

}  // namespace

void audit(Stage& stage) {
  stage.screen.title("Everything is on record, and the record shows where it was touched");
  stage.screen.say(
      "Each write appends its event in the same transaction; there is no operation that changes or deletes one. "
      "Reading the "
      "log needs no permission of its own: everybody finds in it what they may see anyway.");
  stage.screen.code("actor.events().list({.type = \"session.created\"});");
  who_sees_what(stage);
  a_touched_log(stage);
}
