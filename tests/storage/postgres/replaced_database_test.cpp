// What a process knows of a database holds for that one alone, not for another that has its name by now.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "postgres/ready_database.hpp"
#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

EntityRepository notes_of(const Database& database) {
  return database.trusted_host().system_session(OrganizationId("acme"), Environment::development).entities("note");
}

// An organization with notes; of `others`, its scopes have the numbers of the former ones.
void fill(const Database& database, const std::vector<std::string>& organizations, const std::string& text) {
  for (const std::string& id : organizations) {
    database.trusted_host().create_organization(id, OrganizationId(id));
    const Session session = database.trusted_host().system_session(OrganizationId(id), Environment::development);
    session.entity_types().define({{"slug", "note"}, {"name", "Note"}});
    session.entities("note").create({{"text", text + " of " + id}});
  }
}

void replace(RawPostgres& server, const std::string& name, const std::string& by) {
  for (const std::string& one : {name, by})
    server.run(fmt::format("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", one));
  server.run(fmt::format("ALTER DATABASE {0} RENAME TO {0}_before", name));
  server.run(fmt::format("ALTER DATABASE {} RENAME TO {}", by, name));
}

}  // namespace

TEST_CASE("a database that another one has replaced is neither read nor written by who knew it", "[postgres][wall]") {
  const std::string url = std::getenv("STRUERE_POSTGRESQL_URL");
  RawPostgres server(url);
  const PostgresDatabase place;
  const Database database = Database::open(place.application());
  fill(database, {"acme", "globex"}, "the first");
  const EntityRepository notes = notes_of(database);
  CHECK(notes.list()[0].data().at("text") == "the first of acme");

  const std::string other = place.name() + "_other";
  conformance::make_ready_database(url, other);
  fill(Database::open(conformance::url_of_database(place.application(), other)), {"globex", "acme"}, "the second");
  replace(server, place.name(), other);
  for (const auto& use : std::vector<std::function<void()>>{[&] { (void)notes.list(); }, [&] { (void)notes.count(); },
                                                            [&] {
                                                              notes.create({{"text", "lost"}});
                                                            },
                                                            [&] { database.trusted_host().require_storage(); }}) {
    try {
      use();
      FAIL_CHECK("the other database was used");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::storage);
      CHECK_FALSE(error.is_transient());
      CHECK(std::string_view(error.what()).find("removed or replaced") != std::string_view::npos);
    }
  }
  const Database again = Database::open(place.application());
  CHECK(notes_of(again).count() == 1);
  CHECK(notes_of(again).list()[0].data().at("text") == "the second of acme");
  server.run(fmt::format("DROP DATABASE {}_before WITH (FORCE)", place.name()));
}

TEST_CASE("a backup that was changed in another way comes to another generation", "[postgres]") {
  const std::string url = std::getenv("STRUERE_POSTGRESQL_URL");
  RawPostgres server(url);
  const PostgresDatabase place;
  fill(Database::open(place.application()), {"acme"}, "a text");
  const std::string backup = place.name() + "_backup";
  server.run(
      fmt::format("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", place.name()));
  server.run(fmt::format("CREATE DATABASE {} TEMPLATE {}", backup, place.name()));
  const auto generation_after = [&](const std::string& name, const char* role) {
    const Database database = Database::open(conformance::url_of_database(place.application(), name));
    database.trusted_host()
        .system_session(OrganizationId("acme"), Environment::development)
        .roles()
        .define(Json{{"name", role}, {"policies", Json::array()}});
    return RawPostgres(conformance::url_of_database(place.superuser(), name))
        .value("SELECT string_agg(generation::text, ' ' ORDER BY scope_id) FROM struere.scope_heads");
  };
  const std::string here = generation_after(place.name(), "reader"), there = generation_after(backup, "writer");
  CHECK(here != there);
  server.run(fmt::format("DROP DATABASE {} WITH (FORCE)", backup));
}
