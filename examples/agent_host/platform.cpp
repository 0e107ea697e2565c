#include "platform.hpp"

using namespace struere;

namespace {

const OrganizationId studio("studio");

Session system_of(const Database& database, Environment environment) {
  return database.trusted_host().system_session(studio, environment);
}

// Both environments get the same definitions here; they could differ.
void define_access(const Session& system) {
  system.entity_types().define(R"({
    "slug": "session", "searchFields": ["subject"],
    "schema": {"type": "object", "required": ["subject", "day"],
               "properties": {"subject": {"type": "string"}, "day": {"type": "string"}, "price": {"type": "number"}}}})"_json);
  system.entity_types().define(R"({"slug": "notice", "schema": {"type": "object", "required": ["text"]}})"_json);
  // A chat user may talk and look at sessions, but never at their price.
  system.roles().define(R"({
    "name": "chat",
    "policies": [{"resource": "agents", "actions": ["read"], "effect": "allow"},
                 {"resource": "threads", "actions": ["create", "read", "update"], "effect": "allow"},
                 {"resource": "executions", "actions": ["create"], "effect": "allow"},
                 {"resource": "session", "actions": ["list", "read"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.price", "maskType": "hide"}]})"_json);
  // The role of the tool that moves sessions.
  system.roles().define(R"({
    "name": "planner",
    "policies": [{"resource": "session", "actions": ["list", "read", "update"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.price", "maskType": "hide"}]})"_json);
  // A trigger that writes a notice for each moved session.
  system.triggers().define(R"({
    "slug": "tell-of-moves",
    "on": {"entityType": "session", "action": "updated",
           "condition": [{"field": "data.day", "operator": "exists", "value": true}]},
    "actions": [{"tool": "entity.create",
                 "args": {"type": "notice",
                          "data": {"text": "{{trigger.data.subject}} moved from {{trigger.previousData.day}} to {{trigger.data.day}}"}}},
                {"tool": "event.emit",
                 "args": {"type": "session.moved", "entityId": "{{trigger.entityId}}", "payload": {"to": "{{trigger.data.day}}"}}}]})"_json);
}

}  // namespace

void set_up(const Database& database) {
  database.trusted_host().create_organization("Studio", studio);
  const Session development = system_of(database, Environment::development),
                production = system_of(database, Environment::production);
  for (const Session& system : {development, production}) define_access(system);

  // One agent for both; each environment has its own prompt, model and tools.
  production.agents().define({.slug = "assistant", .name = "Booking assistant"});
  development.agents().configure("assistant",
                                 {.system_prompt = "You are being tested. Say what you did, in a few words.",
                                  .model = "scripted-small",
                                  .tools = {"find-sessions", "move-session"}});
  production.agents().configure("assistant", {.system_prompt = "You speak for the studio. Be friendly and brief.",
                                              .model = "scripted-large",
                                              .tools = {"find-sessions", "move-session"}});
  // The first tool acts as its caller. The second acts as its caller with another role, and may only read and update.
  production.agents().permit_tool("assistant", "move-session",
                                  {.identity = ToolIdentity::configured,
                                   .role = "planner",
                                   .allowed_actions = std::vector{Action::list, Action::read, Action::update}});

  for (const char* const subject : {"Sample maths", "Sample art"})
    development.entities("session").create({{"subject", subject}, {"day", "Monday"}, {"price", 1}});
  for (const char* const subject : {"Maths with Kim", "Art with Lee", "Piano with Noor"})
    production.entities("session").create({{"subject", subject}, {"day", "Tuesday"}, {"price", 40}});
}

std::string new_key(const Database& database, Environment environment) {
  return system_of(database, environment).api_keys().create({.name = "chat widget", .roles = {"chat"}}).secret;
}
