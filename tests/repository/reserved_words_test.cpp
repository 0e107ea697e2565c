// SPEC 3: an event that looks like struere's own is struere's own.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "access/reserved_words.hpp"
#include "struere/definitions/definitions.hpp"
#include "support/any_storage.hpp"
#include "support/places.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("no entity type has the name of a word that begins struere's own events", "[definitions][events]") {
  World world(any_storage());
  for (const char* const word :
       {"entity", "entity-type", "role", "api-key", "agent", "pack", "member", "trigger", "access", "sync", "deploy",
        "users", "agents", "threads", "events", "executions", "packs", "api_keys"}) {
    INFO(word);
    CHECK_ERROR(invalid_definition, world.system().entity_types().define({{"slug", word}}));
  }
  CHECK_NOTHROW(world.define_type({{"slug", "members"}}));
}

TEST_CASE("no host appends an event that could be struere's", "[events]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const AuditLogger audit = world.system().audit();
  for (const char* const type :
       {"member.added", "member.x.y", "events.pruned", "note.created", "note.updated", "note.deleted", "note.restored",
        "note.purged", "not-yet-a-type.purged", "agent.configured", "sync.completed"}) {
    INFO(type);
    CHECK_ERROR(invalid_data, audit.append(type, Json::object()));
  }
  CHECK_NOTHROW(audit.append("note.reminder.sent", Json::object()));
  CHECK_NOTHROW(audit.append("members.created.twice", Json::object()));
}

TEST_CASE("each type of event that the library writes is in the table of reserved words", "[events]") {
  std::set<std::string> found;
  const std::regex literal(R"re("([a-z-]+)\.[a-z-]+")re");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_dir() + "/src")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (auto at = text.find("append("); at != std::string::npos; at = text.find("append(", at + 1)) {
      const std::string call = text.substr(at, std::min(text.find(';', at) - at, std::size_t{160}));
      for (auto match = std::sregex_iterator(call.begin(), call.end(), literal); match != std::sregex_iterator();
           ++match)
        found.insert((*match)[1]);
    }
  }
  CHECK(found.contains("api-key"));
  CHECK(found.contains("entity-type"));
  for (const std::string& word : found) {
    INFO(word);
    CHECK(is_event_word(word));
  }
}

TEST_CASE("a file that has a type of a reserved name keeps working, and the doctor tells", "[definitions][doctor]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "staff"}});
  const EntityId id = world.create("staff", {{"name", "Ana"}});
  {
    RawDatabase raw(world.folder.file());
    raw.run("UPDATE entity_types SET slug = 'member' WHERE slug = 'staff'");
    raw.run("UPDATE scopes SET generation = generation + 1");
  }
  const Database database = Database::open(world.folder.file());
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  CHECK(system.entities("member").get(id).data() == Json{{"name", "Ana"}});
  CHECK(system.entities("member").create({{"name", "Ben"}}).row);
  CHECK_NOTHROW(system.entity_types().define({{"slug", "member"}, {"name", "Staff"}}));
  CHECK_ERROR(invalid_definition, system.entity_types().define({{"slug", "agent"}}));

  // Definitions as files, too: they name the type as it is, and may change it.
  const Definitions definitions(system);
  DefinitionSet files = definitions.current();
  files.add(DefinitionKind::entity_type, {{"slug", "note"}});
  CHECK_NOTHROW(definitions.apply(definitions.plan(files)));
  files.add(DefinitionKind::entity_type, {{"slug", "role"}});
  CHECK(error_of([&] { (void)definitions.plan(files); }).starts_with("invalid_definition: `role` is a reserved word"));

  const auto findings = examine(database);
  CHECK(std::ranges::count_if(findings, [](const Finding& finding) {
          return finding.check == Finding::Check::reserved_slug && finding.subject == "member";
        }) == 1);
}
