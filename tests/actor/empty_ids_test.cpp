// "Not given" and "empty" are two things: an empty id or name is that of nobody, and never the system's.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("an empty key, user, agent or organization is nobody", "[keys][actors]") {
  World world(any_storage());
  world.user("ana");
  const OrganizationId acme("acme"), none("");
  const TrustedHost host = world.host();
  CHECK_ERROR(unauthenticated, world.database->authenticate(""));
  for (const Environment environment : {Environment::development, Environment::production}) {
    CHECK_ERROR(not_found, host.user_session(UserId(""), acme, environment));
    CHECK_ERROR(not_found, host.user_session(UserId("ana"), none, environment));
    CHECK_ERROR(not_found, host.agent_session("", acme, environment));
    CHECK_ERROR(not_found, host.agent_session("", none, environment));
    CHECK_ERROR(not_found, host.system_session(none, environment));
  }
  CHECK_ERROR(not_found, host.put_member(none, UserId("ana")));
  CHECK_ERROR(not_found, host.put_member(acme, UserId("")));
  CHECK_FALSE(host.remove_member(acme, UserId("")));
  CHECK(host.members(none).empty());
  CHECK_ERROR(invalid_data, host.create_user("x", UserId("")));
  CHECK_ERROR(invalid_data, host.create_organization("x", none));
}

TEST_CASE("an empty id or name in an operation names nothing", "[actors]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role({{"name", "reader"}});
  world.create("note", {{"n", 1}});
  world.user("ana", {"reader"});
  const Session system = world.system();
  CHECK_ERROR(not_found, system.entities("").list());
  CHECK_ERROR(not_found, system.entities("").create(Json::object()));
  CHECK_ERROR(not_found, system.entities("note").get(EntityId("")));
  CHECK_ERROR(not_found, system.relations().related(EntityId(""), "r"));
  CHECK(system.events().list({.type = ""}).events.empty());
  CHECK(system.events().list({.actor = ""}).events.empty());
  CHECK(system.events().list({.entity = EntityId("")}).events.empty());
  CHECK_ERROR(not_found, system.roles().assign(UserId(""), "reader"));
  CHECK_ERROR(not_found, system.roles().assign(UserId("ana"), ""));
  CHECK_ERROR(not_found, system.roles().remove(""));
  CHECK_ERROR(not_found, system.entity_types().remove(""));
  CHECK_ERROR(not_found, system.api_keys().revoke(ApiKeyId("")));
  CHECK_ERROR(not_found, system.api_keys().rotate(ApiKeyId("")));
  CHECK_ERROR(invalid_data, system.api_keys().create({.name = "k", .roles = {""}}));
  CHECK_ERROR(not_found, system.agents().get(""));
  CHECK_FALSE(system.agents().can_use_tool("", ""));
  CHECK_ERROR(not_found, system.threads().get(ThreadId("")));
  CHECK_FALSE(system.threads().find(""));
  CHECK_ERROR(invalid_data, system.threads().open({.external_id = ""}));
  CHECK_ERROR(invalid_reference, system.threads().create({.agent = ""}));
  CHECK_ERROR(invalid_reference, system.executions().record({.thread = ThreadId(""), .model = "m"}));
  CHECK(system.executions().list({.agent = ""}).executions.empty());
  CHECK_ERROR(not_found, system.packs().get(""));
  CHECK_ERROR(not_found, system.triggers().remove(""));
  CHECK(system.triggers().runs({.trigger = ""}).runs.empty());
}
