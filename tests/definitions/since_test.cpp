// Under the write lock a plan looks only at what was written since it was checked: at all of that.
#include <catch2/catch.hpp>

#include "definitions/each_entity.hpp"
#include "definitions/planner.hpp"
#include "repository/entity_writer.hpp"
#include "storage/people.hpp"
#include "struere/definitions/definitions.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json note(const char* type_of_n) {
  return {{"slug", "note"},
          {"schema", {{"type", "object"}, {"properties", {{"n", {{"type", type_of_n}}}, {"secret", Json::object()}}}}}};
}

DefinitionSet defined(const Json& type, const Json& masks) {
  DefinitionSet out;
  out.add(DefinitionKind::entity_type, type);
  out.add(DefinitionKind::role,
          {{"name", "reader"},
           {"policies", Json::array({{{"resource", "note"}, {"actions", Json::array({"read"})}, {"effect", "allow"}}})},
           {"fieldMasks", masks}});
  return out;
}

}  // namespace

TEST_CASE("what was written since a plan was checked is looked at under the lock, and nothing else", "[definitions]") {
  World world;
  const ActorContext system = world.system().actor();
  const TemporaryFolder folder;
  Engine engine(GENERATE(true, false) ? open_memory_storage()
                                      : open_sqlite_storage(folder.file(), {.durability = Durability::normal}),
                world.clock, world.ids, DenialRecording::off);
  insert_organization(*engine.storage, {OrganizationId("acme"), "Acme", 0});
  const Json hide = Json::array({{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}});
  const auto write = [&](auto&& body) {
    GuardedOperation operation(engine, system, Access::write);
    body(operation);
    operation.commit();
  };
  const auto create = [&](const Json& data) {
    write([&](GuardedOperation& operation) { EntityWriter(operation, "note").create(WrittenJson(data), {}); });
  };
  write([&](GuardedOperation& operation) {
    write_changes(operation, make_plan(operation, defined(note("string"), hide).normal_form(), {}));
  });
  create({{"n", "1"}, {"secret", 1}});

  const auto plan_of = [&](const DefinitionSet& wanted) {
    GuardedOperation operation(engine, system, Access::read);
    return std::pair(make_plan(operation, wanted.normal_form(), {}), operation.transaction().chain_head().sequence);
  };
  // Only to show what is looked at: with `since`, the row that is there already stands against nothing.
  // Not structured bindings, which clang 14 does not let a lambda capture.
  const auto stricter_since = plan_of(defined(note("integer"), hide));
  const auto& stricter = stricter_since.first;
  const auto before = stricter_since.second;
  CHECK(stricter.obstacles.size() == 1);
  write([&](GuardedOperation& operation) { CHECK_NOTHROW(check_plan(operation, stricter, before)); });
  create({{"n", "2"}});
  write([&](GuardedOperation& operation) { CHECK_ERROR(conflict, check_plan(operation, stricter, before)); });

  const auto shown_since = plan_of(defined(note("string"), Json::array()));
  const auto& shown = shown_since.first;
  const auto later = shown_since.second;
  CHECK(shown.reveals.size() == 1);
  write([&](GuardedOperation& operation) { CHECK_NOTHROW(check_plan(operation, shown, later)); });
  create({{"secret", 2}});
  write([&](GuardedOperation& operation) { CHECK_ERROR(conflict, check_plan(operation, shown, later)); });
}
