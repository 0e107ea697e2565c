// Writes to a database as a second process: scoped_writer FILE COMMAND
//   rows   creates sessions until it is killed, and prints the id of each once it is acknowledged
//   count  prints how many sessions there are
//   work   creates, updates and links until it is killed; prints "ID VERSION" once a write is acknowledged
//   role   for each line of input, gives the role `teacher` the policy that the line says (allow or deny), and prints
//   "done"
#include <cstdio>
#include <iostream>
#include <string>

#include <struere/struere.hpp>

using namespace struere;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const auto database = Database::open(arguments[1], {.sqlite = {.durability = Durability::normal}});
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  if (std::string(arguments[2]) == "count") {
    std::printf("%lld\n", static_cast<long long>(system.entities("session").count()));
    return 0;
  }
  if (std::string(arguments[2]) == "rows") {
    for (int i = 0;; ++i) {
      const auto written = system.entities("session").create(Json{{"teacherId", "ana"}, {"number", i}});
      std::printf("%s\n", written.id.str().c_str());
      std::fflush(stdout);
    }
  }
  if (std::string(arguments[2]) == "work") {
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
  for (std::string effect; std::getline(std::cin, effect);) {
    system.roles().define(
        Json{{"name", "teacher"},
             {"policies", {{{"resource", "session"}, {"actions", {"list", "read"}}, {"effect", effect}}}}});
    std::printf("done\n");
    std::fflush(stdout);
  }
}
