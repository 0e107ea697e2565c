// SPEC 1: shared tables serve both environments. Nothing that an actor of development may write in them changes what
// production does.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <functional>
#include <set>

#include "struere/spi/record.hpp"
#include "support/any_storage.hpp"
#include "support/environments.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const OrganizationId acme_shared("acme");

class SharedWorld : public World {
 public:
  explicit SharedWorld(StorageKind kind) : World(kind) {
    for (const Environment environment : {development, production}) {
      define_type({{"slug", "note"}}, environment);
      define_role({{"name", "all"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}},
                  environment);
      define_role(
          {{"name", "reader"}, {"policies", {{{"resource", "note"}, {"actions", {"read"}}, {"effect", "allow"}}}}},
          environment);
      user("ana", {"all"}, environment);
    }
    const AgentRepository agents = system().agents();
    agents.define({.slug = "tutor", .name = "Tutor"});
    for (const Environment environment : {development, production})
      system(environment)
          .agents()
          .configure("tutor", {.system_prompt = "p", .model = "m", .tools = {"plan", "look"}, .roles = {"reader"}});
    agents.permit_tool(
        "tutor", "look",
        {.identity = ToolIdentity::configured, .role = "reader", .allowed_actions = std::vector{Action::read}});
  }

  static std::string told(const Session& session) {
    const ActorContext& actor = session.actor();
    std::string out = fmt::format("{} {} admin={}", to_string(actor.type()), actor.id(), actor.is_org_admin());
    for (const ActorRole& role : actor.roles()) out += " " + role.name;
    if (const Restriction* const restriction = actor.restriction()) {
      for (const Action action : restriction->allowed_actions.value_or(std::vector<Action>()))
        out += fmt::format(" +{}", to_string(action));
      for (const std::string& field : restriction->denied_fields) out += " !" + field;
    }
    return out;
  }

  // All that the shared tables have to do with what production does.
  std::vector<std::string> production_does() const {
    std::vector<std::string> out;
    const auto tell = [&](auto&& answer) {
      try {
        out.push_back(answer());
      } catch (const Error& error) {
        out.push_back(std::string(to_string(error.code())));
      }
    };
    const Session ana = host().user_session(UserId("ana"), acme_shared, production);
    tell([&] { return told(ana); });
    for (const char* const slug : {"tutor", "other"}) {
      tell([&] { return told(host().agent_session(slug, acme_shared, production)); });
      for (const char* const tool : {"plan", "look"}) {
        tell([&] { return std::to_string(ana.agents().can_use_tool(slug, tool).allowed()); });
        tell([&] { return told(ana.agents().tool_session(slug, tool)); });
      }
    }
    tell([&] { return ana.agents().config("tutor").system_prompt; });
    return out;
  }
};

void attempt(const std::function<void()>& write) {
  try {
    write();
  } catch (const Error&) {  // refused: as good as harmless
  }
}

}  // namespace

TEST_CASE("nothing that development may write in a shared table changes what production does",
          "[agents][environments]") {
  // A table that joins them is looked at here, too. Memberships and the sessions of operators are
  // written by the host, not by a session.
  std::set<std::string_view> shared;
  for (const RecordShape& shape : record_shapes())
    if (shape.owner == RecordOwner::organization) shared.insert(shape.name);
  CHECK(shared == std::set<std::string_view>{"memberships", "operator_sessions", "agents", "tool_permissions"});

  SharedWorld world(any_storage());
  const auto before = world.production_does();
  const Session key =
      world.database->authenticate(world.system().api_keys().create({.name = "k", .roles = {"all"}}).secret);
  world.system().agents().permit_tool("tutor", "plan", {.identity = ToolIdentity::system});
  const Session tool =
      world.host().user_session(UserId("ana"), acme_shared, development).agents().tool_session("tutor", "plan");
  REQUIRE(tool.actor().type() == ActorType::system);
  world.system().agents().forget_tool("tutor", "plan");
  CHECK(world.production_does() == before);

  for (const Session& actor : {key, world.user("ana"), tool}) {
    const AgentRepository agents = actor.agents();
    attempt([&] { agents.define({.slug = "tutor", .name = "Mine", .description = "x"}); });
    attempt([&] { agents.define({.slug = "other", .name = "Other"}); });
    attempt(
        [&] { agents.configure("tutor", {.system_prompt = "mine", .model = "x", .status = AgentStatus::inactive}); });
    for (const char* const name : {"plan", "look"}) {
      for (const ToolIdentity identity : {ToolIdentity::inherit, ToolIdentity::system})
        attempt([&] { agents.permit_tool("tutor", name, {.identity = identity}); });
      attempt([&] { agents.permit_tool("tutor", name, {.identity = ToolIdentity::configured, .role = "all"}); });
      attempt([&] { agents.forget_tool("tutor", name); });
    }
    CHECK(world.production_does() == before);
  }
  CHECK_FALSE(world.user("ana").agents().can_use_tool("tutor", "plan"));  // here it was switched off
}

TEST_CASE("whether an agent is active is said in each environment", "[agents][environments]") {
  SharedWorld world(any_storage());
  const AgentRepository here = world.system().agents();
  const AgentConfig off =
      here.configure("tutor", {.system_prompt = "p", .model = "m", .tools = {"plan"}, .status = AgentStatus::inactive});
  CHECK(off.status == AgentStatus::inactive);
  CHECK_ERROR(not_found, world.host().agent_session("tutor", acme_shared, development));
  CHECK_NOTHROW(world.host().agent_session("tutor", acme_shared, production));
  // Not said: as before.
  CHECK(here.configure("tutor", {.system_prompt = "q", .model = "m"}).status == AgentStatus::inactive);
  CHECK(here.configure("tutor", {.system_prompt = "q", .model = "m", .status = AgentStatus::active}).status ==
        AgentStatus::active);
  CHECK_NOTHROW(world.host().agent_session("tutor", acme_shared, development));
}

TEST_CASE("what both environments share is changed by no tool, whoever it acts as", "[agents][tools]") {
  SharedWorld world(any_storage());
  const AgentRepository agents = world.system().agents();
  agents.permit_tool("tutor", "plan", {.identity = ToolIdentity::system});
  const Session tool = world.user("ana").agents().tool_session("tutor", "plan");
  CHECK_ERROR(permission_denied, tool.agents().permit_tool("tutor", "look", {}));
  CHECK_ERROR(permission_denied, tool.agents().forget_tool("tutor", "look"));
  CHECK(tool.entities("note").create({{"n", 1}}).row);  // in its own scope it is the system
}
