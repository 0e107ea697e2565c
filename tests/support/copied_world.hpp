// Random organizations to be copied, and the tables of a file to be compared by select.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "property/random_json.hpp"
#include "support/raw_database.hpp"
#include "support/world.hpp"

namespace struere::test {

inline const std::vector<std::string> no_differences;

inline constexpr Environment each_environment[] = {Environment::development, Environment::production};

// Each table of a file as its rows are, with the names of scopes and keys in place of the numbers that a storage gives.
inline std::vector<std::string> dump(const std::string& file, const std::string& organization = "") {
  RawDatabase raw(file);
  std::vector<std::string> out;
  for (const auto& table : raw.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                                    "AND name NOT LIKE 'entity_search%' AND name <> 'meta' ORDER BY name")) {
    const std::string& name = table[0];
    if (name == "scope_times") continue;  // where an event is later, a copy has no need of it
    std::string columns, where;
    for (const auto& info : raw.rows("SELECT name FROM pragma_table_info('" + name + "')")) {
      std::string column = "t." + info[0];
      const std::string number = "t.scope_id AND k.type_key = t.type_key AND k.key_no = t.key_no)";
      if (info[0] == "scope_id") {
        where = " WHERE (SELECT organization_id FROM scopes WHERE id = t.scope_id) = '" + organization + "'";
        column = "(SELECT organization_id || '/' || environment FROM scopes WHERE id = t.scope_id)";
      } else if (info[0] == "organization_id" && where.empty()) {
        where = " WHERE t.organization_id = '" + organization + "'";
      } else if (info[0] == "key_no" && name.starts_with("unique_")) {
        column = "(SELECT paths FROM unique_keys k WHERE k.scope_id = " + number;
      } else if (info[0] == "key_no") {
        column = "(SELECT fields FROM field_keys k WHERE k.scope_id = " + number;
      } else if (info[0] == "row_no") {
        if (name == "entities") continue;
        column = "(SELECT id FROM entities WHERE row_no = t.row_no)";
      } else if (info[0] == "search_row") {
        column =
            "(SELECT replace(' ' || words, ' ' || t.scope_id || '.', ' ') FROM entity_search WHERE rowid = "
            "t.search_row)";
      } else if (name == "scopes" && (info[0] == "id" || info[0] == "generation")) {
        continue;
      }
      columns += (columns.empty() ? "quote(" : " || ' ' || quote(") + column + ")";
    }
    if (organization.empty()) where.clear();
    for (const auto& row : raw.rows("SELECT " + columns + " FROM " + name + " t" + where + " ORDER BY 1"))
      if (organization.empty() || !where.empty()) out.push_back(name + " " + row[0]);
  }
  return out;
}

inline std::vector<std::string> differences(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::ranges::set_symmetric_difference(a, b, std::back_inserter(out));
  return out;
}

inline void fill_randomly(World& world, Random& random, const std::string& organization, Environment environment,
                          int steps) {
  Session system = world.system(environment, organization);
  if (random.chance(50)) system = system.traced("4bf92f3577b34da6a3ce929d0e0e4736");
  system.entity_types().define(Json::parse(R"({"slug": "person", "searchFields": ["bio"],
      "schema": {"type": "object", "properties": {"team": {"x-index": true}}}, "unique": [["email"], ["team", "seat"]]})"));
  system.entity_types().define({{"slug", "note"}});
  system.roles().define(Json::parse(R"({"name": "member",
      "policies": [{"resource": "person", "actions": ["list", "read"], "effect": "allow"}],
      "scopeRules": [{"entityType": "person", "field": "data.team", "operator": "eq", "value": "a"}],
      "fieldMasks": [{"entityType": "person", "fieldPath": "data.secret", "maskType": "hide"}]})"));
  world.user(organization + "-ana", {"member"}, environment, organization);
  system.triggers().define(Json::parse(R"({"slug": "greet", "on": {"entityType": "note", "action": "created"},
      "actions": [{"tool": "event.emit", "args": {"type": "note.greeted"}}]})"));
  if (environment == Environment::development) {
    system.agents().define({.slug = "tutor", .name = "Tutor"});
    system.agents().permit_tool("tutor", "plan", {});
  }
  system.agents().configure("tutor", {.system_prompt = "p", .model = "m"});
  system.api_keys().create({.name = "app", .roles = {"member"}});
  const Thread thread = system.threads().create({.external_id = "t"});
  Retention(system).set({{Gathered::executions, std::chrono::days(90)}});
  std::vector<EntityId> persons{system.entities("person").create(Json::object()).id};
  for (int step = 0; step < steps; ++step) {
    world.clock.advance(random.below(3));
    try {
      switch (random.below(13)) {
        case 0:
        case 1:
        case 2:
        case 3: {
          Json data{{"email", "e" + std::to_string(random.below(steps))},
                    {"team", random.key()},
                    {"seat", random.below(9)},
                    {"bio", random.text() + " " + random.text()}};
          if (random.chance(20)) data["deep"] = random.scalar();
          persons.push_back(system.entities("person").create(data).id);
          break;
        }
        case 4: system.entities("note").create({{"text", random.text()}}); break;
        case 5: system.entities("person").update(random.pick(persons), {{"team", random.key()}}); break;
        case 6: system.entities("person").remove(random.pick(persons)); break;
        case 7: system.relations().link(random.pick(persons), "knows", random.pick(persons)); break;
        case 8: system.threads().append(thread.id, {.content = random.text()}); break;
        case 9: system.executions().record({.thread = thread.id, .model = "m"}); break;
        case 10:
          system.once({"k" + std::to_string(random.below(steps)), ""}, [&](Session&) { return Json(random.text()); });
          break;
        case 11: system.audit().append("person.seen", {{"text", random.text()}}); break;
        default:
          if (random.chance(20)) system.entities("person").purge(random.pick(persons));
      }
    } catch (const Error&) {  // a key is taken, a row deleted
    }
  }
  if (random.chance(50)) system.events().prune(world.clock.now() - random.below(steps));
}

// A file with two organizations.
inline void make_source(World& world, std::uint64_t seed, int steps) {
  Random random(seed);
  world.add_organization("globex");
  for (const char* const organization : {"acme", "globex"})
    for (const Environment environment : each_environment)
      fill_randomly(world, random, organization, environment, steps);
}

}  // namespace struere::test
