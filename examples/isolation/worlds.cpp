// Chapters 1 and 2: the walls between environments and between companies.
#include <set>
#include <utility>
#include <vector>

#include "stage.hpp"
#include "tampering.hpp"

using namespace struere;

void two_worlds(Stage& stage) {
  Screen& screen = stage.screen;
  const Database& database = stage.database;
  screen.title("One program, two keys, two worlds");
  screen.say(
      "A program under test that writes to real customers is every team's bad day. Here an API key belongs to one "
      "environment, and whoever holds it stays there. This program names no environment; only its key differs:");
  screen.code(
      "const Session actor = database.authenticate(key);\n"
      "actor.entities(\"session\").count();\n"
      "actor.entities(\"student\").list({.order = {{\"data.name\"}}, .limit = 1});");

  std::vector<std::vector<std::string>> table{{"key", "sessions", "students", "the first of them", "homework"}};
  bool counts_are_right = true;
  std::set<EntityId> students_seen;
  std::size_t students_counted = 0;
  for (const Environment environment : {Environment::development, Environment::production}) {
    const auto [key, stored] = stage.system(environment).api_keys().create({.name = "demo", .roles = {"front-desk"}});
    const Session actor = database.authenticate(key);
    const EntityRepository sessions = actor.entities("session"), students = actor.entities("student");
    const LoadedScope& loaded = stage.loaded(environment);
    counts_are_right = counts_are_right && std::cmp_equal(sessions.count(), loaded.count("session")) &&
                       std::cmp_equal(students.count(), loaded.count("student"));
    for (const Entity& student : students.list({.limit = 1000})) students_seen.insert(student.id());
    students_counted += static_cast<std::size_t>(students.count());
    const Decision homework = actor.can(Action::list, "homework");
    table.push_back({stored.display_prefix + "…", std::to_string(sessions.count()), std::to_string(students.count()),
                     text_at(students.list({.order = {{"data.name"}}, .limit = 1}).front().data(), "name"),
                     homework ? std::to_string(actor.entities("homework").count()) : "denied"});
  }
  screen.table(table);
  screen.claim(counts_are_right, "each key finds exactly what was loaded into its environment");
  screen.claim(students_seen.size() == students_counted, "no row was found by both");

  const auto types = [&](Environment environment) { return stage.system(environment).entity_types().list().size(); };
  screen.claim(
      types(Environment::development) == types(Environment::production) + 1,
      "definitions are apart as well: `homework` is being tried out in development, production has no such type");

  const auto list_as_developer = [&](Environment environment) {
    return error_of([&] { stage.person("user_lena", environment).entities("student").list(); });
  };
  screen.claim(
      list_as_developer(Environment::development) == "no error" &&
          list_as_developer(Environment::production).starts_with("permission_denied"),
      "so are roles: Lena, a developer, has some in development and none in production, where she may do nothing");

  const ApiKeyRepository keys = stage.system(Environment::production).api_keys();
  const CreatedApiKey revoked = keys.create({.name = "lost laptop", .roles = {"front-desk"}});
  keys.revoke(revoked.key.id);
  const std::string refusal = error_of([&] { database.authenticate("sk_prod_guessed"); });
  screen.claim(
      refusal.starts_with("unauthenticated") && error_of([&] { database.authenticate(revoked.secret); }) == refusal,
      "a revoked key is told what a guessed one is: " + refusal);
}

void foreign_ids(Stage& stage) {
  Screen& screen = stage.screen;
  const Database& database = stage.database;
  screen.title("An id of production means nothing in development");
  screen.say(
      "Ids leak: into logs, links, bug reports. So an id of another world must not even be confirmed. Here is the "
      "system "
      "actor of development, who may do anything there, with an id of production and with one that never existed:");
  screen.code("development.entities(\"session\").get(id);");

  const Session development = stage.system(Environment::development);
  const EntityRepository sessions = development.entities("session");
  const RelationRepository relations = development.relations();
  const EntityId here = stage.loaded(Environment::development).ids.at("teacher-0");
  const EntityId foreign = stage.loaded(Environment::production).ids.at("session-7");
  const EntityId of_another_company = stage.companies.at("northstar/development").ids.at("session-7");
  const EntityId unknown("01890000-0000-7000-8000-000000000000");

  const auto get = [&](const EntityId& id) { return error_of([&] { sessions.get(id); }); };
  screen.answer("of production:  " + get(foreign));
  screen.answer("made up:        " + get(unknown));
  screen.claim(get(foreign).starts_with("not_found") && get(foreign) == get(unknown),
               "get: the same error and message, to the letter");

  const auto update = [&](const EntityId& id) {
    return error_of([&] { sessions.update(id, {{"status", "cancelled"}}); });
  };
  const auto remove = [&](const EntityId& id) { return error_of([&] { sessions.remove(id); }); };
  const auto link = [&](const EntityId& id) { return error_of([&] { relations.link(here, "teaches", id); }); };
  screen.claim(update(foreign) == get(unknown) && update(unknown) == get(unknown) && remove(foreign) == get(unknown) &&
                   link(foreign) == get(unknown) && link(unknown) == get(unknown),
               "update, remove and link: likewise");
  const CreatedApiKey key = development.api_keys().create({.name = "demo", .roles = {"front-desk"}});
  const EntityRepository by_key = database.authenticate(key.secret).entities("session");
  screen.claim(error_of([&] { by_key.get(foreign); }) == get(unknown),
               "and likewise for whoever holds a development key");
  screen.claim(get(of_another_company) == get(unknown), "and for a row of another company, Northstar");

  const auto refer_to = [&](const EntityId& id) {
    return error_of([&] {
      sessions.create({{"teacherId", "user_maya"},
                       {"studentId", id.str()},
                       {"subject", "mathematics"},
                       {"startTime", "2026-05-04T15:45:00Z"},
                       {"duration", 60},
                       {"status", "scheduled"}});
    });
  };
  const EntityId foreign_student = stage.loaded(Environment::production).ids.at("student-3");
  screen.claim(
      refer_to(foreign_student).starts_with("invalid_reference") && refer_to(foreign_student) == refer_to(unknown),
      "a new row cannot refer to it either, and is told no more");

  const std::string refusal = link_across_scopes(stage.path, here, foreign);
  screen.claim(refusal == "FOREIGN KEY constraint failed", "even raw SQL is refused by the file itself: " + refusal);
}
