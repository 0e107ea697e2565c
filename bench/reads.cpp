#include "operations.hpp"

using namespace struere;

namespace bench {

void add_reads(Race& race, Fixture& fixture) {
  Fixture* const f = &fixture;
  const auto some = [f](const std::vector<EntityId>& ids) -> const EntityId& { return ids[f->next++ % ids.size()]; };

  race.add("get, masked", struere_itself, [=] { f->sessions.get(some(f->entity_ids)); });
  race.add(
      "get, masked", "by hand", [=] { f->hand.get(f->some_id(), true); }, 1.3);
  race.add("get, masked", "as users write it", [=] { f->users.get(f->some_id()); });
  race.add("get, unmasked", struere_itself, [=] { f->unmasked.get(some(f->unmasked_ids)); });
  race.add(
      "get, unmasked", "by hand", [=] { f->hand_unmasked.get(some(f->unmasked_ids).str(), false); }, 1.3);

  race.add("page of 50, masked", struere_itself, [=] { f->sessions.list(); });
  race.add(
      "page of 50, masked", "by hand", [=] { f->hand.page(true, nullptr); }, 1.15);
  race.add(
      "page of 50, masked", "as users write it", [=] { f->users.page(); }, 1.0 / 3);
  race.add("page of 50, unmasked", struere_itself, [=] { f->unmasked.list(); });
  race.add(
      "page of 50, unmasked", "by hand", [=] { f->hand_unmasked.page(false, nullptr); }, 1.1);
  race.add("page 10 by cursor", struere_itself, [=] { f->sessions.list({.after = f->ninth}); });
  race.add(
      "page 10 by cursor", "by hand", [=] { f->hand.page(true, &f->last_of_ninth); }, 1.15);
  race.add("filtered page", struere_itself, [=] { f->sessions.list(cancelled_ones()); });
  race.add(
      "filtered page", "by hand", [=] { f->hand.page(true, nullptr, "\"cancelled\""); }, 1.3);
  race.add("count of 500", struere_itself, [=] { f->sessions.count(); });
  race.add(
      "count of 500", "by hand", [=] { f->hand.count(); }, 1.15);

  race.add("get, by a relation", struere_itself, [=] { f->booked.get(some(f->booked_ids)); });
  race.add("get, by a relation", "by hand", [=] { f->hand.booked(some(f->booked_ids).str()); });
  race.add("page of 50, by a relation", struere_itself, [=] { f->booked.list(); });
  race.add("page of 50, by a relation", "by hand", [=] { f->hand.page_of_booked(); });

  race.add("authenticate", struere_itself, [=] { f->normal.authenticate(f->data.api_key); });
  race.add(
      "authenticate", "by hand", [=] { f->hand.authenticate(f->data.api_key); }, 1.5);

#ifdef STRUERE_BENCH_POSTGRES
  if (!f->postgres) return;
  race.add(
      "get, masked", "PostgreSQL", [=] { f->postgres->get(f->some_id()); }, 1.0 / 3);
  race.add(
      "page of 50, masked", "PostgreSQL", [=] { f->postgres->page(); }, 1.0 / 3);
  race.add(
      "filtered page", "PostgreSQL", [=] { f->postgres->page("cancelled"); }, 1.0 / 3);
  race.add(
      "count of 500", "PostgreSQL", [=] { f->postgres->count(); }, 1.0 / 3);

  const EntityRepository copied = *f->sessions_on_postgres;
  race.add("get, masked, struere on PostgreSQL", struere_itself, [=] { copied.get(some(f->entity_ids)); });
  race.add("get, masked, struere on PostgreSQL", "PostgreSQL", [=] { f->postgres->get(f->some_id()); });
  race.add("page of 50, masked, struere on PostgreSQL", struere_itself, [=] { copied.list(); });
  race.add("page of 50, masked, struere on PostgreSQL", "PostgreSQL", [=] { f->postgres->page(); });
  race.add("filtered page, struere on PostgreSQL", struere_itself, [=] { copied.list(cancelled_ones()); });
  race.add("filtered page, struere on PostgreSQL", "PostgreSQL", [=] { f->postgres->page("cancelled"); });
  race.add("count of 500, struere on PostgreSQL", struere_itself, [=] { copied.count(); });
  race.add("count of 500, struere on PostgreSQL", "PostgreSQL", [=] { f->postgres->count(); });
#endif
}

void add_reads_beside_more(Race& race, Fixture& fixture, const std::string& path) {
  const Database larger = Database::open(path, {.sqlite = fixture.settings});
  const EntityRepository sessions = actor_of(larger, fixture.data.teacher).entities("session");
  std::vector<EntityId> ids;
  for (const Entity& row : sessions.list({.limit = 500})) ids.push_back(row.id());
  const std::string beside = ", beside a scope 10 times as large", alone = "without that scope";
  Fixture* const f = &fixture;
  race.add("get" + beside, struere_itself, [=] { sessions.get(ids[f->next++ % ids.size()]); });
  race.add(
      "get" + beside, alone, [=] { f->sessions.get(f->entity_ids[f->next++ % f->entity_ids.size()]); }, 1.05);
  race.add("page" + beside, struere_itself, [=] { sessions.list(); });
  race.add(
      "page" + beside, alone, [=] { f->sessions.list(); }, 1.05);
  race.add("count" + beside, struere_itself, [=] { sessions.count(); });
  race.add(
      "count" + beside, alone, [=] { f->sessions.count(); }, 1.05);
}

}  // namespace bench
