// Agents: shared identity, configuration of each environment, and as whom their tools act.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Two environments that configure one agent in their own way, and data to act on.
class AgentWorld : public World {
 public:
  explicit AgentWorld(StorageKind kind) : World(kind) {
    for (const Environment environment : {Environment::development, Environment::production}) {
      define_type({{"slug", "session"}}, environment);
      define_role({{"name", "planner"},
                   {"policies",
                    {{{"resource", "session"}, {"actions", {"*"}}, {"effect", "allow"}},
                     {{"resource", "agents"}, {"actions", {"read"}}, {"effect", "allow"}}}}},
                  environment);
      define_role({{"name", "reader"},
                   {"policies", {{{"resource", "session"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
                   {"scopeRules",
                    {{{"entityType", "session"}, {"field", "data.team"}, {"operator", "eq"}, {"value", "north"}}}}},
                  environment);
    }
    agents().define({.slug = "tutor", .name = "Tutor", .description = "Plans lessons"});
    agents().configure("tutor",
                       {.system_prompt = "Be kind.", .model = "small", .tools = {"plan", "look"}, .roles = {"reader"}});
    north = create("session", {{"team", "north"}, {"card", "4111"}});
    south = create("session", {{"team", "south"}, {"card", "5555"}});
  }

  AgentRepository agents(Environment environment = Environment::development) const {
    return system(environment).agents();
  }
  void permit(const NewToolPermission& permission) const { agents().permit_tool("tutor", "plan", permission); }

  EntityId north, south;
};

}  // namespace

TEST_CASE("an agent is one for both environments, its configuration is of each", "[agents]") {
  AgentWorld world(any_storage());
  const AgentRepository development = world.agents(), production = world.agents(Environment::production);
  CHECK(production.get("tutor").id == development.get("tutor").id);
  CHECK_ERROR(not_found, production.config("tutor"));
  production.configure("tutor", {.system_prompt = "Be careful.", .model = "large"});
  CHECK(development.config("tutor").system_prompt == "Be kind.");
  CHECK(production.config("tutor").system_prompt == "Be careful.");

  world.clock.advance(1);
  const AgentConfig second = development.configure("tutor", {.system_prompt = "Be brief.", .model = "small"});
  CHECK(second.version == 2);
  CHECK(development.config("tutor").system_prompt == "Be brief.");
  const auto history = development.history("tutor");
  REQUIRE(history.size() == 2);
  CHECK(history[1].system_prompt == "Be kind.");
  CHECK(history[1].tools == std::vector<std::string>{"plan", "look"});
  CHECK(production.history("tutor").size() == 1);

  development.define({.slug = "tutor", .name = "Tutor II"});
  CHECK(production.get("tutor").name == "Tutor II");
  CHECK(production.list().size() == 1);
}

TEST_CASE("an agent of another organization is none", "[agents]") {
  AgentWorld world(any_storage());
  world.add_organization("globex");
  const AgentRepository theirs = world.system(Environment::development, "globex").agents();
  CHECK_ERROR(not_found, theirs.get("tutor"));
  CHECK_ERROR(not_found, theirs.configure("tutor", {.system_prompt = "", .model = "m"}));
  CHECK(theirs.list().empty());
  CHECK(theirs.define({.slug = "tutor", .name = "Theirs"}).id != world.agents().get("tutor").id);
}

TEST_CASE("agents are governed by policies", "[agents]") {
  AgentWorld world(any_storage());
  const AgentRepository agents = world.user("ana", {"planner"}).agents();
  CHECK(agents.get("tutor").slug == "tutor");
  CHECK_ERROR(permission_denied, agents.list());
  CHECK_ERROR(permission_denied, agents.define({.slug = "tutor", .name = "Mine"}));
  CHECK_ERROR(permission_denied, agents.define({.slug = "other", .name = "Mine"}));
  CHECK_ERROR(permission_denied, agents.configure("tutor", {.system_prompt = "", .model = "m"}));
  CHECK_ERROR(permission_denied, agents.permit_tool("tutor", "plan", {.identity = ToolIdentity::system}));
  world.define_role(
      {{"name", "builder"}, {"policies", {{{"resource", "agents"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  const AgentRepository builder = world.user("ben", {"builder"}).agents();
  CHECK_ERROR(permission_denied, builder.configure("tutor", {.system_prompt = "", .model = "m", .roles = {"planner"}}));
  CHECK(builder.configure("tutor", {.system_prompt = "", .model = "m", .roles = {"builder"}}).version == 2);
  CHECK_ERROR(invalid_data,
              world.agents().configure("tutor", {.system_prompt = "", .model = "m", .roles = {"plannr"}}));
  // What a tool may do is for those who pass policies: it could be the system.
  CHECK_ERROR(permission_denied, builder.permit_tool("tutor", "plan", {.identity = ToolIdentity::system}));
  CHECK_ERROR(invalid_data, builder.define({.slug = "No Slug", .name = "x"}));
  CHECK_ERROR(invalid_data, builder.define({.slug = "fine", .name = ""}));
  CHECK_ERROR(invalid_data, builder.configure("tutor", {.system_prompt = "\xff", .model = "m"}));
}

TEST_CASE("an agent is an actor with the roles of its configuration there", "[agents]") {
  AgentWorld world(any_storage());
  const Session agent = world.host().agent_session("tutor", OrganizationId("acme"), Environment::development);
  CHECK(agent.actor().type() == ActorType::agent);
  CHECK(agent.entities("session").count() == 1);
  CHECK_ERROR(not_found, world.host().agent_session("tutor", OrganizationId("acme"), Environment::production));
  CHECK_ERROR(not_found, world.host().agent_session("nobody", OrganizationId("acme"), Environment::development));
  CHECK_ERROR(not_found, world.host().agent_session("tutor", OrganizationId("none"), Environment::development));
  world.agents().configure("tutor",
                           {.system_prompt = "", .model = "m", .tools = {"plan"}, .status = AgentStatus::inactive});
  CHECK_ERROR(not_found, world.host().agent_session("tutor", OrganizationId("acme"), Environment::development));
}

TEST_CASE("a tool is used if the agent is active and its configuration here has it", "[agents][tools]") {
  AgentWorld world(any_storage());
  const Session ana = world.user("ana", {"planner"});
  const AgentRepository agents = ana.agents();
  CHECK(agents.can_use_tool("tutor", "plan"));
  CHECK_FALSE(agents.can_use_tool("tutor", "delete-everything"));
  CHECK_FALSE(agents.can_use_tool("nobody", "plan"));
  CHECK_ERROR(permission_denied, agents.tool_session("tutor", "delete-everything"));
  const Session elsewhere = world.user("ana", {"planner"}, Environment::production);
  CHECK_FALSE(elsewhere.agents().can_use_tool("tutor", "plan"));          // no configuration there
  CHECK_FALSE(world.user("ben").agents().can_use_tool("tutor", "plan"));  // may not read agents
  world.agents().configure("tutor",
                           {.system_prompt = "", .model = "m", .tools = {"plan"}, .status = AgentStatus::inactive});
  CHECK_FALSE(agents.can_use_tool("tutor", "plan"));
}

TEST_CASE("a tool acts as its permission says, in the caller's scope", "[agents][tools]") {
  AgentWorld world(any_storage());
  const Session ana = world.user("ana", {"planner"});
  const auto identity = [&] { return ana.agents().tool_session("tutor", "plan"); };
  const auto count = [&] { return identity().entities("session").count(); };

  CHECK(identity().actor().id() == "ana");  // none recorded: the caller
  CHECK(count() == 2);
  world.permit({.identity = ToolIdentity::configured, .role = "reader"});
  CHECK(identity().actor().id() == "ana");
  CHECK(count() == 1);
  CHECK_ERROR(permission_denied, identity().entities("session").create({{"team", "north"}}));
  world.permit({.identity = ToolIdentity::configured, .role = "no-such-role"});
  CHECK_ERROR(permission_denied, count());
  world.permit({.identity = ToolIdentity::system});
  CHECK(identity().actor().type() == ActorType::system);
  CHECK(identity().actor().scope() == ana.actor().scope());
  CHECK(count() == 2);
  CHECK(world.agents().forget_tool("tutor", "plan"));
  CHECK_FALSE(world.agents().forget_tool("tutor", "plan"));
  CHECK(identity().actor().id() == "ana");

  // One role means one role, even of an admin and of the system.
  world.permit({.identity = ToolIdentity::configured, .role = "reader"});
  const Session admin = world.user("omar", {}, Environment::development, "acme", MembershipRole::admin);
  for (const Session& caller : {admin, world.system()}) {
    const Session narrowed = caller.agents().tool_session("tutor", "plan");
    CHECK_FALSE(narrowed.actor().passes_policies());
    CHECK(narrowed.entities("session").count() == 1);
  }
}

TEST_CASE("what a tool is denied it is denied whoever it acts as", "[agents][tools]") {
  AgentWorld world(any_storage());
  const Session caller = GENERATE(0, 1) == 0 ? world.user("ana", {"planner"}) : world.system();
  world.permit({.identity = GENERATE(ToolIdentity::inherit, ToolIdentity::system),
                .allowed_actions = std::vector{Action::list, Action::read, Action::update},
                .denied_fields = {"data.card", "updatedAt"}});
  const Session tool = caller.agents().tool_session("tutor", "plan");
  const EntityRepository sessions = tool.entities("session");

  const Entity row = sessions.get(world.north);
  CHECK_FALSE(row.data().contains("card"));
  CHECK_FALSE(row.updated_at());
  CHECK(sessions.count({.where = field("data.card") == "4111"}) == 0);
  CHECK_ERROR(permission_denied, sessions.update(world.north, {{"card", "0000"}}));
  CHECK(sessions.update(world.north, {{"room", 4}}).row);
  CHECK_ERROR(permission_denied, sessions.create({{"team", "north"}}));
  CHECK_ERROR(permission_denied, sessions.remove(world.north));
  CHECK_FALSE(tool.can(Action::remove, "session"));
  for (const Event& event : tool.events().list().events) CHECK(event.json().find("4111") == std::string::npos);

  // Nor is there a way around: by definitions, keys, explanations, or another tool.
  CHECK_ERROR(permission_denied, tool.roles().define({{"name", "mine"}}));
  CHECK_ERROR(permission_denied, tool.triggers().list());
  CHECK_ERROR(permission_denied, tool.explain(world.system(), Action::read, "session", world.north));
  CHECK_ERROR(permission_denied, tool.api_keys().create({.name = "k", .roles = {"planner"}}));
  CHECK_ERROR(permission_denied, tool.agents().permit_tool("tutor", "plan", {}));
  CHECK_ERROR(permission_denied, tool.agents().define({.slug = "tutor", .name = "Other"}));
  CHECK_ERROR(permission_denied,
              tool.agents().configure("tutor",
                                      {.system_prompt = "obey", .model = "m", .tools = {"plan", "look"}, .roles = {}}));
  world.agents().permit_tool("tutor", "look", {.identity = ToolIdentity::system});
  const Session nested = tool.agents().tool_session("tutor", "look");
  CHECK_FALSE(nested.entities("session").get(world.north).data().contains("card"));
  CHECK_ERROR(permission_denied, nested.entities("session").remove(world.north));
}

TEST_CASE("who may update agents gives none a tool that acts as more than they do", "[agents][tools]") {
  AgentWorld world(any_storage());
  world.define_role(R"({"name": "clerk", "policies": [{"resource": "agents", "actions": ["read", "update"], "effect":
    "allow"}]})"_json);
  world.agents().permit_tool("tutor", "wipe", {.identity = ToolIdentity::system});
  world.agents().permit_tool("tutor", "look", {.identity = ToolIdentity::configured, .role = "planner"});
  world.agents().permit_tool("tutor", "own", {.identity = ToolIdentity::configured, .role = "clerk"});
  const Session clerk = world.user("carl", {"clerk"});
  const auto configure = [&](std::vector<std::string> tools, AgentStatus status = AgentStatus::active) {
    clerk.agents().configure(
        "tutor", {.system_prompt = "p", .model = "m", .tools = std::move(tools), .roles = {}, .status = status});
  };
  configure({"own", "never-permitted"});
  for (const char* const tool : {"wipe", "look"}) CHECK_ERROR(permission_denied, configure({tool}));
  CHECK_ERROR(permission_denied, configure({"wipe"}, AgentStatus::inactive));
  CHECK_FALSE(clerk.agents().can_use_tool("tutor", "wipe"));

  // What the agent can use already, it keeps; once it could not, it stays away.
  world.agents().configure("tutor", {.system_prompt = "p", .model = "m", .tools = {"wipe"}, .roles = {}});
  configure({"wipe", "own"});
  configure({"wipe"}, AgentStatus::inactive);
  CHECK_ERROR(permission_denied, configure({"wipe"}));
}

TEST_CASE("two tools that are denied different fields have nothing in common", "[agents][tools]") {
  AgentWorld world(any_storage());
  const EntityId row = world.create("session", {{"a", "secret"}, {"b", "secret"}, {"a-data", {{"b", "open"}}}});
  const auto seen = [&](const std::string& tool) {
    const Session identity = world.agents().tool_session("tutor", tool);
    return identity.entities("session").get(row).json();
  };
  // Written one after the other, these read alike.
  world.agents().permit_tool("tutor", "look", {.denied_fields = {"data.a-data.b"}});
  world.agents().permit_tool("tutor", "plan", {.denied_fields = {"data.a", "data.b"}});
  CHECK(seen("look").find("secret") != std::string::npos);
  CHECK(seen("plan") == R"({"a-data":{"b":"open"}})");
}

TEST_CASE("a tool's permission with a mistake is refused", "[agents][tools]") {
  AgentWorld world(StorageKind::memory);
  CHECK_ERROR(invalid_definition, world.permit({.identity = ToolIdentity::configured}));
  CHECK_ERROR(invalid_definition, world.permit({.identity = ToolIdentity::system, .role = "reader"}));
  CHECK_ERROR(invalid_definition, world.permit({.denied_fields = {"card"}}));
  CHECK_ERROR(invalid_definition, world.permit({.denied_fields = {"id"}}));
  CHECK_ERROR(not_found, world.agents().permit_tool("nobody", "plan", {}));
  CHECK(world.agents().tool_permissions("tutor").empty());
}
