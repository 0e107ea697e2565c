// A purge on PostgreSQL counts what it would change before it changes it, as one on SQLite does.
#include <catch2/catch.hpp>

#include <string>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("on PostgreSQL a purge of an entity with very many relations waits for a host that says so",
          "[purge][bounds][postgres]") {
  PostgresDatabase server;
  const Database database = Database::open(server.application());
  const OrganizationId acme("acme");
  database.trusted_host().create_organization("acme", acme);
  const Session system = database.trusted_host().system_session(acme, Environment::production);
  system.entity_types().define({{"slug", "note"}});
  const EntityRepository notes = system.entities("note");
  const EntityId hub = notes.create(Json::object()).id, other = notes.create(Json::object()).id;
  const auto add = [&](const EntityId& from, const EntityId& to, int count) {
    RawPostgres(server.superuser())
        .run("INSERT INTO struere.entity_relations(scope_id, from_id, type, to_id) SELECT scope_id, '" + from.str() +
             "', 'many' || i, '" + to.str() + "' FROM struere.entities, generate_series(1, " + std::to_string(count) +
             ") i WHERE id = '" + hub.str() + "'");
  };
  // Relations that begin and that end there, and events that name it as the other end: none of them is too many alone.
  add(hub, other, 24'990);
  add(other, hub, 24'990);
  for (int i = 0; i < 12; ++i) system.relations().link(other, "r" + std::to_string(i), hub);
  CHECK(error_of([&] { notes.purge(hub); }).find("more than 50000 entities, relations or events") != std::string::npos);
  CHECK(notes.find(hub));
  CHECK(system.relations().related(other, "r0").size() == 1);
  system.relations().unlink(other, "many1", hub);  // the event of it counts
  CHECK_ERROR(conflict, notes.purge(hub));
  notes.purge(hub, {.hold_writers = true});
  CHECK_FALSE(notes.find(hub));
  CHECK(system.relations().related(other, "r0").empty());
  CHECK(RawPostgres(server.superuser()).value("SELECT count(*) FROM struere.entity_relations") == "0");
  CHECK(system.events().verify().ok);
}
