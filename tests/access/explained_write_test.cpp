// explain() reads the plan that operations carry out: a tool's denied fields and the masks over a write are in it.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct ExplainedWorld : World {
  explicit ExplainedWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}});
    define_role(R"({"name": "writer", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"},
                                                   {"resource": "agents", "actions": ["read"], "effect": "allow"}],
      "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.card", "maskType": "hide"}]})"_json);
  }
  // As whom a tool acts whose permission hides `data.secret`.
  Session tool_of(const Session& caller) const {
    const AgentRepository agents = system().agents();
    agents.define({.slug = "bot", .name = "Bot"});
    agents.configure("bot", {.system_prompt = "p", .model = "m", .tools = {"write"}, .roles = {}});
    agents.permit_tool("bot", "write", {.denied_fields = {"data.secret"}});
    return caller.agents().tool_session("bot", "write");
  }
};

}  // namespace

TEST_CASE("what a tool may not see is hidden in its explanation, and named", "[explain]") {
  ExplainedWorld world(any_storage());
  const EntityId id = world.create("note", {{"owner", "ana"}, {"secret", 1}, {"card", 2}, {"open", 3}});
  const auto treatment = [&](const Session& about) {
    std::string out;
    for (const ExplainedField& field : world.system().explain(about, Action::read, "note", id).fields)
      if (field.path.starts_with("data.") && field.treatment != "clear") out += field.path + " " + field.by + "\n";
    return out;
  };
  const Session ana = world.user("ana", {"writer"});
  CHECK(treatment(world.tool_of(ana)) ==
        "data.card hidden by role `writer`: hide data.card\n"
        "data.secret hidden by the tool's permission: hide data.secret; clear by role `writer`: \n");
  CHECK(treatment(world.tool_of(world.system())) == "data.secret hidden by the tool's permission: hide data.secret\n");
  CHECK(treatment(world.system()).empty());
}

TEST_CASE("explain of a write names the grants and the fields that refuse it", "[explain]") {
  ExplainedWorld world(any_storage());
  const EntityId id = world.create("note", {{"owner", "ana"}});
  const Session ana = world.user("ana", {"writer"}), system = world.system();
  const auto create = [&](const Json& data) {
    return system.explain(ana, Action::create, "note", {}, ProposedWrite{data});
  };
  CHECK(create({{"owner", "ana"}}).write_allowed);
  const Explanation masked = create({{"owner", "ana"}, {"card", 1}});
  CHECK_FALSE(masked.write_allowed);
  CHECK(masked.grants.at(0).masked == std::vector<std::string>{"data.card"});
  CHECK(masked.text().find("it masks data.card, which is written") != std::string::npos);
  CHECK(masked.to_json().at("write") == "refused");
  const Explanation foreign = create({{"owner", "bo"}});
  CHECK_FALSE(foreign.write_allowed);
  CHECK_FALSE(foreign.grants.at(0).admits);

  const auto update = [&](const Json& patch) {
    return system.explain(ana, Action::update, "note", id, ProposedWrite{patch});
  };
  CHECK(update({{"n", 1}}).write_allowed);
  const Explanation given_away = update({{"owner", "bo"}});
  CHECK(given_away.grants.at(0).admits);
  CHECK_FALSE(given_away.grants.at(0).admits_after);
  CHECK(given_away.grants.at(0).rules.at(0).compared == R"(data.owner is "bo", eq actor.userId = "ana": false)");
  CHECK(given_away.text().find("it does not admit the row as it would be") != std::string::npos);
  CHECK(update({{"card", nullptr}}).grants.at(0).masked == std::vector<std::string>{"data.card"});
  CHECK(system.entities("note").get(id).version() == 1);  // nothing was written

  CHECK_ERROR(invalid_data, create(Json::array()));
  CHECK_ERROR(invalid_data, system.explain(ana, Action::read, "note", id, ProposedWrite{{}}));
  CHECK_ERROR(invalid_data, system.explain(ana, Action::update, "note", {}, ProposedWrite{{}}));
  CHECK_ERROR(permission_denied, ana.explain(ana, Action::create, "note", {}, ProposedWrite{{{"owner", "ana"}}}));
}

TEST_CASE("a refusal names the written field to who passes policies, and to nobody else", "[explain][masks]") {
  ExplainedWorld world(any_storage());
  const auto refusal = [&](const Session& actor, const Json& data) {
    return error_of([&] { actor.entities("note").create(data); });
  };
  const Session ana = world.user("ana", {"writer"});
  CHECK(refusal(ana, {{"owner", "ana"}, {"card", 1}}).find("card") == std::string::npos);
  CHECK(refusal(world.tool_of(world.system()), {{"secret", 1}}) ==
        "permission_denied: the tool's permission denies what is written: data.secret");
}
