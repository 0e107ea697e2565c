// The commands of the tool on one project, and on the same project elsewhere: on a server, or on PostgreSQL.
#pragma once

#include <map>
#include <regex>
#include <string>
#include <variant>
#include <vector>

#include "cli/project.hpp"
#include "struere/struere.hpp"

namespace struere::test {

using Compared = std::vector<std::string>;  // arguments; each is run on both, in this order
struct Refused {};                          // needs a database file, says so and does nothing
struct OfNoProject {};                      // does not look at struere.yaml

using Rule = std::variant<Compared, Refused, OfNoProject>;

// The commands of the tool, and what the test of another place than a file does with each. What a command reads comes
// before what changes it: all rows are run in order of the names, on the same two projects.
inline const std::map<std::string, Rule> compared_commands{
    {"add", Compared{"entity-type visit", "entity-type visit", "role guest", "agent helper", "tool look",
                     "trigger other --type note", "trigger third --type nonsense"}},
    {"adopt", OfNoProject{}},
    {"agents list", Compared{"", "--json", "-e production", "--as ada"}},
    {"backup", Refused{}},
    {"completion", OfNoProject{}},
    {"copy", OfNoProject{}},
    {"data list", Compared{"note", "note --as ada --json", "none", "note --limit 1 --json"}},
    {"data get", Compared{"note @note", "note @note --as ada", "note @thread"}},
    {"data create", Compared{R"(note '{"text": "new"}')", "note '{'"}},
    {"data update", Compared{R"(note @note '{"text": "changed"}')", R"(note @note '{"text": 5}')"}},
    {"data delete", Compared{"note @far", "note @far"}},
    {"data restore", Compared{"note @far"}},
    {"data purge", Compared{"note @far", "note @thread --yes"}},  // nobody to ask
    {"data export", Compared{"note --order data.text", "none"}},
    {"data import", Compared{"note"}},  // of nothing
    {"deploy", Compared{"", "--yes --note first"}},
    {"dev", Compared{}},  // tests/cli/remote_work_test.cpp: it does not end by itself
    {"diff", Compared{"", "--json"}},
    {"doctor", Compared{"", "--json"}},
    {"events", Compared{"--prefix note.", "--json --prefix note. --last 2", "--prefix note. --actor nobody"}},
    {"executions list", Compared{"", "--json", "--limit 1 --json", "--agent nobody", "--as ada"}},
    {"explain", Compared{"read note @note --as ada", "list note --as ada --json"}},
    {"init", Refused{}},
    {"keys list", Compared{"", "--json", "-e production"}},
    {"keys create", Compared{"second --role author"}},
    {"keys rotate", Compared{"@thread"}},
    {"keys revoke", Compared{"@key", "@thread"}},
    {"login", OfNoProject{}},
    {"logout", OfNoProject{}},
    {"operators list", Compared{"", "--json"}},
    {"operators invite", Compared{"ada --address https://data.example.org", "nobody"}},
    {"operators end", Compared{"ada", "nobody"}},
    {"packs list", Compared{"", "--json"}},
    {"packs install", Compared{"nowhere --yes"}},  // more in tests/cli/remote_work_test.cpp
    {"packs upgrade", Compared{"nowhere --yes"}},
    {"packs diff", Compared{"", "nothing"}},
    {"packs repair", Compared{"nothing --yes"}},
    {"packs customize", Compared{"nothing --yes"}},
    {"packs uninstall", Compared{"nothing --yes"}},
    {"pg init", OfNoProject{}},
    {"pg distribute", OfNoProject{}},
    {"prune", Refused{}},
    {"pull", Compared{"", "-e production --yes"}},
    {"relations list", Compared{"@note about", "@far about --backwards --json", "@note none", "@thread about"}},
    {"relations link", Compared{"@far about @note", "@thread about @note", "@far 'no word' @note"}},
    {"relations unlink", Compared{"@far about @note", "--json @far about @note"}},
    {"releases", Compared{"", "--json"}},
    {"roles list", Compared{"", "--json"}},
    {"roles assign", Compared{"ada author", "ada nobody"}},
    {"roles unassign", Compared{"ada author", "ada author"}},
    {"rollback", Compared{"9 --yes"}},
    {"run", Refused{}},
    {"runs list", Compared{"", "--json", "--status dead", "--trigger nobody"}},
    {"runs retry", Compared{"@run"}},  // it is not dead
    {"runs cancel", Compared{"@run", "@thread"}},
    {"serve", Refused{}},
    {"status", Compared{"", "--json"}},
    {"sync", Compared{"", ""}},
    {"threads list", Compared{"", "--json", "--agent tutor", "--limit 1 --json", "--as ada"}},
    {"threads show", Compared{"@thread", "--json @thread", "@thread --limit 1 --json", "@note"}},
    {"types list", Compared{"", "--json"}},
    {"users list", Compared{"", "--json"}},
    {"users add", Compared{"ben --name Ben"}},
    {"users remove", Compared{"ben", "--json ada", "adda"}},
    {"verify", Compared{}},  // the number of events differs: each operator is in one log; tests/cli/remote_test.cpp
};

// What is made in one millisecond is listed in the order of random ids.
inline void next_millisecond() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

// Gives both databases the same of everything that a command lists, and names it.
inline std::map<std::string, std::string> fill(const std::string& database_of_project) {
  const Database database = Database::open(database_of_project);
  const TrustedHost host = database.trusted_host();
  const Session system = host.system_session(OrganizationId("acme"), Environment::development);
  system.roles().assign(UserId("ada"), "author");
  const auto note = [&](const char* text, const char* author) {
    next_millisecond();
    return system.entities("note").create({{"text", text}, {"author", author}, {"secret", "s"}}).id;
  };
  const EntityId first = note("first", "ada"), second = note("second", "boss");
  system.relations().link(first, "about", second);
  system.agents().define({.slug = "tutor", .name = "Tutor"});
  system.agents().define({.slug = "unused", .name = "Unused"});
  system.agents().configure("tutor", {.system_prompt = "Be kind.", .model = "small", .roles = {"author"}});
  const Thread thread = system.threads().create({.external_id = "+1 555", .agent = "tutor", .title = "Homework"});
  next_millisecond();
  system.threads().create({.title = "Another"});
  for (const char* const text : {"Hello", "What is\n7 times 8?"}) system.threads().append(thread.id, {.content = text});
  system.executions().record({.agent = "tutor", .thread = thread.id, .model = "small", .input_tokens = 7});
  next_millisecond();
  system.executions().record({.model = "large", .status = ExecutionStatus::failed, .error = "too long"});
  const CreatedApiKey key = system.api_keys().create({.name = "app", .roles = {"author"}});
  return {{"note", first.str()},
          {"far", second.str()},
          {"thread", thread.id.str()},
          {"key", key.key.id.str()},
          {"run", system.triggers().runs({}).runs.at(0).id.str()}};
}

inline std::string with_names(std::string text, const std::map<std::string, std::string>& names) {
  for (const auto& [name, id] : names) text = std::regex_replace(text, std::regex("@" + name + "\\b"), id);
  return text;
}

// Without what differs between two databases: ids, times, hashes, secrets, and who did it.
inline std::string comparable(std::string text) {
  for (const auto& [pattern, word] :
       {std::pair{"[0-9a-f]{8}-[0-9a-f-]{27}", "ID"}, std::pair{"[0-9a-f]{64}", "HASH"},
        std::pair{"sk_(dev|prod)_[A-Za-z0-9_-]+", "KEY"}, std::pair{"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+Z?", "TIME"},
        std::pair{"\\b1[0-9]{12}\\b", "TIME"}, std::pair{"\"actorType\":\"(system|user)\"", "ACTOR TYPE"},
        std::pair{"\\b(system|boss)\\b", "ACTOR"}, std::pair{"[ ]+", " "}})
    text = std::regex_replace(text, std::regex(pattern), word);
  return text;
}

// Also without the names of folders, the secret of a link, and cursors.
inline std::string comparable_in(const Project& project, std::string text) {
  for (std::size_t at = 0; (at = text.find(project.path().string(), at)) != std::string::npos;)
    text.replace(at, project.path().string().size(), "FOLDER");
  for (const auto& [pattern, word] :
       {std::pair{"invite_[A-Za-z0-9_.-]+", "SECRET"}, std::pair{"\"next\":\"[A-Za-z0-9_-]{20,}\"", "NEXT"},
        std::pair{"--after [A-Za-z0-9_-]{20,}", "NEXT"}})
    text = std::regex_replace(text, std::regex(pattern), word);
  return comparable(text);
}

}  // namespace struere::test
