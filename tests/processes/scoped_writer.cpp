// Writes to a database as a second process: scoped_writer PLACE COMMAND
// PLACE is a file or a URL.
//   rows   creates sessions until it is killed, and prints the id of each once it is acknowledged
//   jumpy  the same, by a clock that jumps
//   import creates 500 sessions in one call, again and again until it is killed; prints "done" after each
//   short  creates five sessions, one at a time; prints how many milliseconds the slowest took, or what went wrong
//   count  prints how many sessions there are
//   work   creates, updates and links until it is killed; prints "ID VERSION" once a write is acknowledged
//   units  creates four rows, links and updates in one unit of work, until it is killed; prints "begun ID" when half of
//          it is with the storage and waits for a line of input there, prints "done ID" once the unit is acknowledged
//   role   for each line of input, gives the role `teacher` the policy that the line says (allow or deny), and prints
//   "done"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <struere/struere.hpp>

#include "../support/jumping_clock.hpp"
#include "programs.hpp"

using namespace struere;

int scoped_writer(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string command = arguments[2];
  const test::JumpingClock jumping(77);
  const auto database = Database::open(
      arguments[1], {.sqlite = {.durability = Durability::normal, .busy_timeout = std::chrono::seconds(30)},
                     .clock = command == "jumpy" ? &jumping : &system_clock()});
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  if (command == "count") {
    std::printf("%lld\n", static_cast<long long>(system.entities("session").count()));
    return 0;
  }
  if (command == "rows" || command == "jumpy") {
    for (int i = 0;; ++i) {
      const auto written = system.entities("session").create(Json{{"teacherId", "ana"}, {"number", i}});
      std::printf("%s\n", written.id.str().c_str());
      std::fflush(stdout);
    }
  }
  if (command == "import") {
    const std::vector<Json> rows(500, Json{{"teacherId", "ana"}});
    for (;;) {
      system.entities("session").create_all(rows);
      std::printf("done\n");
      std::fflush(stdout);
    }
  }
  if (command == "short") try {
      using Clock = std::chrono::steady_clock;
      Clock::duration slowest{};
      for (int i = 0; i < 5; ++i) {
        const auto begun = Clock::now();
        system.entities("session").create(Json{{"teacherId", "bo"}});
        slowest = std::max(slowest, Clock::now() - begun);
      }
      std::printf("%lld\n",
                  static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count()));
      return 0;
    } catch (const Error& error) {
      std::printf("%s\n", error.what());
      return 1;
    }
  if (command == "work") {
    const auto sessions = system.entities("session");
    const auto acknowledge = [](const EntityId& id, std::int64_t version) {
      std::printf("%s %lld\n", id.str().c_str(), static_cast<long long>(version));
      std::fflush(stdout);
    };
    EntityId before;
    for (int i = 0;; ++i) {
      // What the row says of its version is written with it: half a write would show.
      const EntityId id = sessions.create(Json{{"says", 1}, {"text", std::string(3000, 'a')}}).id;
      acknowledge(id, 1);
      for (int version = 2; version <= 4; ++version) {
        sessions.update(id, Json{{"says", version}, {"text", std::string(3000, static_cast<char>('a' + version))}});
        acknowledge(id, version);
      }
      if (!before.empty()) system.relations().link(id, "after", before);
      before = id;
    }
  }
  if (command == "units") {
    for (;;) {
      const EntityId head = system.transaction([](Session& unit) {
        const auto rows = unit.entities("session");
        const EntityId id = rows.create(Json{{"says", 1}}).id;
        for (int part = 0; part < 3; ++part)
          unit.relations().link(rows.create(Json{{"of", id.str()}, {"part", part}}).id, "part", id);
        rows.count();  // what the library has held back goes to the storage before it is read
        std::printf("begun %s\n", id.str().c_str());
        std::fflush(stdout);
        if (std::string go; !std::getline(std::cin, go)) std::_Exit(1);
        rows.update(id, Json{{"says", 2}});
        return id;
      });
      std::printf("done %s\n", head.str().c_str());
      std::fflush(stdout);
    }
  }
  for (std::string effect; std::getline(std::cin, effect);) {
    system.roles().define(
        Json{{"name", "teacher"},
             {"policies", {{{"resource", "session"}, {"actions", {"list", "read"}}, {"effect", effect}}}}});
    std::printf("done\n");
    std::fflush(stdout);
  }
  return 0;
}
