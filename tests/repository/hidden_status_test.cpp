// SPEC 6: whether a reference is refused tells nothing of a status that the actor does not see.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a reference does not tell a hidden or redacted status", "[entities][masks][references]") {
  World world(any_storage());
  const std::string mask = GENERATE("hide", "redact");
  world.define_type({{"slug", "student"}});
  world.define_type(R"({"slug": "session", "schema": {"type": "object", "properties":
    {"studentId": {"type": "string", "references": "student"}}}})"_json);
  Json role = R"({"name": "clerk", "policies": [{"resource": "*", "actions": ["*"], "effect": "allow"}]})"_json;
  world.define_role(role);
  role["name"] = "blind";
  role["fieldMasks"] = {{{"entityType", "student"}, {"fieldPath", "status"}, {"maskType", mask}}};
  world.define_role(role);
  const auto students = world.system().entities("student");
  const EntityId active = world.create("student", {{"n", 1}}), paused = world.create("student", {{"n", 2}}),
                 gone = world.create("student", {{"n", 3}});
  students.update(paused, Json::object(), {.status = "paused"});
  students.remove(gone);

  const auto clerk = world.user("ana", {"clerk"}).entities("session");
  CHECK_NOTHROW(clerk.create({{"studentId", active.str()}}));
  CHECK_ERROR(invalid_reference, clerk.create({{"studentId", paused.str()}}));

  const auto blind = world.user("bo", {"blind"}).entities("session");
  const EntityId session = blind.create({{"studentId", active.str()}}).id;
  CHECK_NOTHROW(blind.create({{"studentId", paused.str()}}));
  CHECK_NOTHROW(blind.update(session, {{"studentId", paused.str()}}));
  CHECK_ERROR(invalid_reference, blind.create({{"studentId", gone.str()}}));
  // One role that shows the status is enough to be told it.
  const auto both = world.user("cy", {"clerk", "blind"}).entities("session");
  CHECK_ERROR(invalid_reference, both.create({{"studentId", paused.str()}}));
}
