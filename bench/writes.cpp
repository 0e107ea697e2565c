#include "operations.hpp"

using namespace struere;

namespace bench {

void add_writes(Race& race, Fixture& fixture) {
  Fixture* const f = &fixture;
  race.add("create, NORMAL", struere_itself, [=] { f->written.create(f->fresh()); });
  race.add(
      "create, NORMAL", "by hand", [=] { f->hand.create(f->fresh()); }, 1.5);
  race.add("create, FULL", struere_itself, [=] { f->written_full.create(f->fresh()); });
  race.add(
      "create, FULL", "by hand", [=] { f->hand_full.create(f->fresh()); }, 1.1);

  const EntityRepository sessions_full = actor_of(f->full, f->data.teacher).entities("session");
  const auto some = [f]() -> const EntityId& { return f->entity_ids[f->next++ % f->entity_ids.size()]; };
  race.add("update, NORMAL", struere_itself, [=] { f->sessions.update(some(), f->patch()); });
  race.add(
      "update, NORMAL", "by hand", [=] { f->hand.update(f->some_id(), f->patch()); }, 1.5);
  race.add("update, FULL", struere_itself, [=] { sessions_full.update(some(), f->patch()); });
  race.add(
      "update, FULL", "by hand", [=] { f->hand_full.update(f->some_id(), f->patch()); }, 1.1);
}

}  // namespace bench
