// Units of work (SPEC 6): several operations, each checked as if alone, as one transaction.
#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>

#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json role_of_policies(const std::string& name, const Json& policies) {
  return {{"name", name}, {"policies", policies}};
}

struct NoteWorld : World {
  explicit NoteWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}});
    define_role(role_of_policies(
        "writer", {{{"resource", "note"}, {"actions", {"create", "read", "list"}}, {"effect", "allow"}}}));
  }
};

}  // namespace

TEST_CASE("a unit sees what it wrote, and others see it once it is whole", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  const EntityId id = system.transaction([&](Session& unit) {
    const EntityId made = unit.entities("note").create({{"n", 1}}).id;
    unit.entities("note").update(made, {{"n", 2}});
    CHECK(unit.entities("note").get(made).data() == Json{{"n", 2}});
    CHECK(unit.entities("note").count() == 1);
    return made;
  });
  CHECK(system.entities("note").get(id).version() == 2);
  CHECK(system.events().list({.entity = id}).events.size() == 2);
  CHECK(system.events().verify().ok);
}

TEST_CASE("the first error undoes the unit and is its answer, even if the body catches it", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  const auto events = system.events().list({.limit = 1000}).events.size();
  CHECK_ERROR(not_found, system.transaction([](Session& unit) {
    unit.entities("note").create({{"n", 1}});
    try {
      unit.entities("note").get(EntityId("nobody"));  // a question's error counts as well
    } catch (const Error&) {
    }
    try {
      unit.entities("note").create({{"n", 2}});
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::not_found);
    }
  }));
  CHECK(system.entities("note").count() == 0);
  CHECK(system.events().list({.limit = 1000}).events.size() == events);
  // What is expected is no error: `find`, `can`.
  system.transaction([](Session& unit) {
    CHECK_FALSE(unit.entities("note").find(EntityId("nobody")));
    CHECK_FALSE(unit.entities("none").find(EntityId("nobody")));
    unit.entities("note").create({{"n", 3}});
  });
  CHECK(system.entities("note").count() == 1);
}

TEST_CASE("an argument that is refused before anything is looked at undoes the unit as well", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  const EntityId note = system.entities("note").create({{"n", 1}}).id;
  const std::vector<EntityId> too_many(most_rows_written + 1, note);
  const auto undone = [&](const auto& refused, ErrorCode code = ErrorCode::invalid_data) {
    CHECK(error_code_of([&] {
            system.transaction([&](Session& unit) {
              unit.entities("note").create({{"n", 2}});
              try {
                refused(unit);
              } catch (const Error&) {
              }
              // The unit has failed, and says why.
              CHECK(error_code_of([&] { (void)unit.can(Action::read, "note"); }) == code);
            });
          }) == code);
    CHECK(system.entities("note").count() == 1);
  };
  undone([&](Session& unit) { unit.relations().link(note, "not a type", note); });
  undone([&](Session& unit) { unit.relations().unlink(note, "", note); });
  undone([&](Session& unit) { (void)unit.relations().related(note, "a b", RelationDirection::out); });
  undone([&](Session& unit) { unit.entities("note").remove_all(too_many); });
  undone([&](Session& unit) { unit.entities("note").update_all(too_many, {{"n", 3}}); });
  undone([](Session& unit) { unit.transaction([](Session&) {}); }, ErrorCode::conflict);
  undone([](Session& unit) { (void)unit.impersonate({.roles = std::vector<std::string>{}}); }, ErrorCode::conflict);
  undone([](Session& unit) { (void)unit.events().subscribe(); }, ErrorCode::conflict);
}

TEST_CASE("what the body throws itself undoes the unit and is thrown on", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  CHECK_THROWS_AS(system.transaction([](Session& unit) {
    unit.entities("note").create({{"n", 1}});
    throw std::runtime_error("no");
  }),
                  std::runtime_error);
  CHECK_THROWS_AS(system.transaction([](Session& unit) {
    unit.entities("note").create({{"n", 1}});
    throw 42;
  }),
                  int);
  CHECK(system.entities("note").count() == 0);
  system.entities("note").create({{"n", 2}});  // nobody is blocked
  CHECK(system.entities("note").count() == 1);
}

TEST_CASE("a denial inside a unit is recorded after it was undone", "[unit]") {
  NoteWorld world(any_storage());
  const Session ana = world.user("ana", {"writer"});
  CHECK_ERROR(permission_denied, ana.transaction([](Session& unit) {
    const EntityId id = unit.entities("note").create({{"n", 1}}).id;
    unit.entities("note").remove(id);
  }));
  CHECK(world.system().entities("note").count() == 0);
  CHECK(world.system().events().list({.type = "access.denied"}).events.size() == 1);
  CHECK(world.system().events().list({.type = "note.created"}).events.empty());
}

TEST_CASE("definitions inside a unit hold for what follows in it, and for nobody if it is undone", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system(), ana = world.user("ana", {"writer"});
  const Json deny = role_of_policies("writer", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "deny"}}});
  CHECK_THROWS_AS(system.transaction([&](Session& unit) {
    unit.entity_types().define({{"slug", "task"}});
    unit.entities("task").create({{"n", 1}});
    unit.roles().define(deny);
    throw std::runtime_error("no");
  }),
                  std::runtime_error);
  CHECK_ERROR(not_found, system.entities("task").count());
  // The next change counts the generation to where the unit's was: the rules of that must not be the unit's.
  system.entity_types().define({{"slug", "other"}});
  system.entity_types().define({{"slug", "third"}});
  CHECK(ana.entities("note").list().empty());
  CHECK(ana.can(Action::list, "note"));
  system.transaction([&](Session& unit) {
    unit.roles().define(deny);
    unit.entity_types().define({{"slug", "task"}});
    unit.entities("task").create({{"n", 1}});
  });
  CHECK_ERROR(permission_denied, ana.entities("note").list());
  CHECK(system.entities("task").count() == 1);
}

TEST_CASE("all times of a unit are those of its beginning", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  system.transaction([&](Session& unit) {
    const auto notes = unit.entities("note");
    const auto first = notes.get(notes.create({{"n", 1}}).id);
    world.clock.advance(1000);
    const auto second = notes.get(notes.create({{"n", 2}}).id);
    CHECK(first.created_at() == second.created_at());
  });
}

TEST_CASE("a transaction inside a transaction, another session, another thread and a kept session are refused in words",
          "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system(), ana = world.user("ana", {"writer"});
  std::optional<Session> kept;
  const auto refused = [&](const auto& body) {
    CHECK_ERROR(conflict, system.transaction([&](Session& unit) { body(unit); }));
  };
  refused([](Session& unit) { unit.transaction([](Session&) {}); });
  refused([&](Session&) { (void)ana.entities("note").list(); });
  refused([&](Session&) { (void)ana.can(Action::list, "note"); });
  refused([&](Session&) { (void)world.database->authenticate("sk_dev_x"); });
  refused([&](Session&) { ana.transaction([](Session&) {}); });
  refused([&](Session&) { world.host().put_member(OrganizationId("acme"), UserId("ana")); });
  refused([&](Session&) { (void)world.host().remove_member(OrganizationId("acme"), UserId("ana")); });
  refused([&](Session&) { (void)world.host().check_storage(); });
  refused([&](Session&) { (void)world.host().members(OrganizationId("acme")); });
  refused([&](Session&) { (void)TriggerWorker(*world.database).run_due(); });
  // Also where the body catches it.
  refused([&](Session& unit) {
    unit.entities("note").create({{"n", 1}});
    try {
      ana.entities("note").create({{"n", 2}});
    } catch (const Error&) {
    }
  });
  refused([&](Session& unit) {
    std::optional<Error> error;
    std::jthread([&] {
      try {
        (void)unit.entities("note").count();
      } catch (const Error& thrown) {
        error = thrown;
      }
    }).join();
    REQUIRE(error);
    throw *error;
  });
  system.transaction([&](Session& unit) { kept = unit; });
  CHECK_ERROR(conflict, kept->entities("note").list());
  CHECK_ERROR(conflict, kept->can(Action::list, "note"));
  CHECK_ERROR(conflict, kept->relations().link(EntityId("a"), "knows", EntityId("b")));
  CHECK(system.entities("note").count() == 0);
}

TEST_CASE("a tool's session inside a unit acts as the tool, in the unit", "[unit]") {
  NoteWorld world(any_storage());
  const Session system = world.system();
  system.agents().define({.slug = "helper", .name = "Helper"});
  system.agents().configure("helper", {.system_prompt = "p", .model = "m", .tools = {"t"}});
  system.agents().permit_tool("helper", "t", {.allowed_actions = std::vector{Action::read}});
  CHECK_ERROR(permission_denied, system.transaction([](Session& unit) {
    const EntityId id = unit.entities("note").create({{"n", 1}}).id;
    const Session tool = unit.agents().tool_session("helper", "t");
    CHECK(tool.entities("note").get(id).data() == Json{{"n", 1}});
    tool.entities("note").remove(id);
  }));
  CHECK(system.entities("note").count() == 0);
}

TEST_CASE("a session keeps the database open", "[unit][session]") {
  const auto host = Database::in_memory().trusted_host();
  const Session system = host.system_session(host.create_organization("A").id, Environment::development);
  system.entity_types().define({{"slug", "note"}});
  CHECK(system.entities("note").count() == 0);
}

TEST_CASE("an actor of one database is nothing to another, whatever their ids", "[session]") {
  World one(StorageKind::memory), two(StorageKind::memory);
  for (World* const world : {&one, &two}) world->define_type({{"slug", "note"}});
  CHECK_ERROR(permission_denied, one.system().explain(two.system(), Action::list, "note"));
}

TEST_CASE("what was moved from can still be used", "[repository]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  Session session = world.system();
  const Session moved = std::move(session);
  CHECK(session.entities("note").count() == 0);  // NOLINT(bugprone-use-after-move): that is what is tried
  TrustedHost host = world.host();
  const TrustedHost moved_host = std::move(host);
  CHECK(host.organizations().size() == moved_host.organizations().size());  // NOLINT(bugprone-use-after-move)
  ActorContext actor = moved.actor();
  const ActorContext moved_actor = std::move(actor);
  CHECK(actor.id() == moved_actor.id());  // NOLINT(bugprone-use-after-move)
  world.system().transaction([](Session& unit) {
    const Session mine = std::move(unit);
    mine.entities("note").create(Json::object());
    unit.entities("note").create(Json::object());  // NOLINT(bugprone-use-after-move)
  });
  CHECK(moved.entities("note").count() == 2);
}
