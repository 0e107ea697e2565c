// Each mistake that the doctor knows is made, and found; and where there is none, none is.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "struere/definitions/definitions.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using Check = Finding::Check;

constexpr Timestamp day = 24LL * 60 * 60'000;

// "error chain development" and so on, in order.
std::vector<std::string> found_in(const World& world, DoctorOptions options = {}) {
  options.clock = &world.clock;
  std::vector<std::string> out;
  for (const Finding& finding : examine(*world.database, options)) {
    CHECK_FALSE(finding.message.empty());
    out.push_back(fmt::format("{} {}{}{}", to_string(finding.severity), to_string(finding.check),
                              finding.environment ? fmt::format(" {}", to_string(*finding.environment)) : "",
                              finding.subject.empty() ? "" : " " + finding.subject));
  }
  return out;
}

using Findings = std::vector<std::string>;

void define_sound_world(World& world) {
  world.define_type({{"slug", "session"}, {"searchFields", {"subject"}}});
  world.define_role(
      R"({"name": "planner", "policies": [{"resource": "session", "actions": ["list"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.team", "operator": "eq", "value": "north"}]})"_json);
  world.create("session", {{"subject", "maths"}, {"team", "north"}});
}

}  // namespace

TEST_CASE("a sound database has nothing to be told of", "[doctor]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    define_sound_world(world);
    world.system().api_keys().create({.name = "app", .roles = {"planner"}});
    CHECK(found_in(world) == Findings{});
  }
}

TEST_CASE("a key that ended with its maker", "[doctor]") {
  World world(any_shared_storage());
  define_sound_world(world);
  world.define_role(R"({"name": "keeper",
    "policies": [{"resource": "api_keys", "actions": ["*"], "effect": "allow"}]})"_json);
  const CreatedApiKey hers =
      world.user("ana", {"keeper", "planner"}).api_keys().create({.name = "hers", .roles = {"keeper", "planner"}});
  const ApiKeyId key =
      world.database->authenticate(hers.secret).api_keys().create({.name = "of hers", .roles = {"planner"}}).key.id;
  CHECK(found_in(world) == Findings{});
  world.host().remove_member(OrganizationId("acme"), UserId("ana"));  // which revokes her own
  CHECK(found_in(world) == Findings{"note key_ended development " + key.str()});
}

TEST_CASE("keys that are no good any more, or not for long", "[doctor]") {
  World world(any_shared_storage());
  define_sound_world(world);
  const auto keys = world.system().api_keys();
  const auto make = [&](std::vector<std::string> roles, std::optional<Timestamp> expires = {}) {
    return keys.create({.name = "k", .roles = std::move(roles), .expires_at = expires, .allow_unknown_roles = true})
        .key.id;
  };
  const ApiKeyId expired = make({"planner"}, world.clock.now() + day);
  const ApiKeyId soon = make({"planner"}, world.clock.now() + 20 * day);
  const ApiKeyId pointless = make({"planer"});
  const ApiKeyId revoked = make({"planner"}, world.clock.now() + day);
  keys.revoke(revoked);
  const CreatedApiKey used = keys.create({.name = "used", .roles = {"planner"}});
  CHECK(found_in(world) == Findings{"warning key_expires_soon development " + expired.str(),
                                    "warning key_grants_nothing development " + pointless.str()});
  world.clock.advance(10 * day);
  CHECK(found_in(world) == Findings{"warning key_expires_soon development " + soon.str(),
                                    "warning key_grants_nothing development " + pointless.str(),
                                    "note key_expired development " + expired.str()});
  world.clock.advance(30 * day);
  (void)world.database->authenticate(used.secret);
  const auto is_noted = [&] {
    return std::ranges::any_of(keys.list(), [](const ApiKey& key) { return key.last_used_at.has_value(); });
  };
  for (int i = 0; i < 500 && !is_noted(); ++i)  // PostgreSQL has another connection for it
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const ApiKeyId fresh = make({"planner"});
  CHECK(found_in(world) == Findings{"warning key_grants_nothing development " + pointless.str(),
                                    "note key_expired development " + expired.str(),
                                    "note key_expired development " + soon.str()});
  world.clock.advance(31 * day);
  CHECK(found_in(world).back() == "note key_unused development " + fresh.str());
}

TEST_CASE("roles that grant nothing, and such as speak of what is not there", "[doctor]") {
  World world(StorageKind::sqlite);
  define_sound_world(world);
  const Environment production = Environment::production;
  world.define_type({{"slug", "session"}, {"boundToRole", "teacher"}}, production);
  world.define_role({{"name", "empty"}}, production);
  world.define_role(R"({"name": "denied", "policies": [{"resource": "session", "actions": ["*"], "effect": "deny"},
    {"resource": "session", "actions": ["list"], "effect": "allow"}]})"_json,
                    production);
  world.define_role(
      R"({"name": "reader", "policies": [{"resource": "events", "actions": ["read"], "effect": "allow"}]})"_json,
      production);
  world.define_role(R"({"name": "all", "policies": [{"resource": "*", "actions": ["*"], "effect": "allow"},
    {"resource": "users", "actions": ["*"], "effect": "deny"}]})"_json,
                    production);
  CHECK(found_in(world) == Findings{"warning role_grants_nothing production denied",
                                    "warning role_grants_nothing production empty",
                                    "warning unknown_role production session"});

  RawDatabase raw(world.folder.file());
  raw.run("UPDATE scope_rules SET rule = '{\"field\": \"data.team\", \"operator\": \"nonsense\", \"value\": 1}'");
  raw.run("UPDATE policies SET resource = 'sessoin' WHERE resource = 'events'");
  raw.run("UPDATE scopes SET generation = generation + 1");
  const Findings found = found_in(world);
  CHECK(found.at(0) == "error role_broken development planner");
  CHECK(std::ranges::count(found, "warning role_grants_nothing development planner") == 1);
  CHECK(std::ranges::count(found, "warning role_grants_nothing production reader") == 1);
  CHECK(std::ranges::count(found, "warning unknown_type production reader") == 1);
}

TEST_CASE("a stored schema that this version refuses stops the writes of its type, and is told", "[doctor][schema]") {
  World world(StorageKind::sqlite);
  define_sound_world(world);
  RawDatabase raw(world.folder.file());
  raw.run(
      "UPDATE entity_types SET schema = '{\"properties\":{\"a\":{\"pattern\":\"(?=secret)\"}}}' WHERE slug = "
      "'session'");
  raw.run("UPDATE scopes SET generation = generation + 1");
  const Findings found = found_in(world);
  CHECK(std::ranges::count(found, "error schema_refused development session") == 1);
  const auto create = [&] { return error_of([&] { world.system().entities("session").create({{"b", 1}}); }); };
  CHECK(create().starts_with("invalid_definition: the schema of `session`"));
  CHECK(create().find("secret") == std::string::npos);
}

TEST_CASE("rules without a field key, and keys that are missing", "[doctor]") {
  World world(StorageKind::sqlite);
  define_sound_world(world);
  const auto role_with = [&](const char* name, const char* rules) {
    world.define_role(Json::parse(fmt::format(
        R"({{"name": "{}", "policies": [{{"resource": "session", "actions": ["list"], "effect": "allow"}}], "scopeRules": [{}]}})",
        name, rules)));
  };
  role_with("slow", R"({"entityType": "session", "field": "data.price", "operator": "gt", "value": 5})");
  role_with("quick", R"({"entityType": "session", "field": "data.price", "operator": "gt", "value": 5},
                        {"entityType": "session", "field": "data.team", "operator": "eq", "value": "south"})");
  CHECK(found_in(world) == Findings{"note rule_without_index development slow"});
  CHECK(found_in(world, {.many_entities = 1}) == Findings{"warning rule_without_index development slow"});

  role_with("slow", R"({"entityType": "session", "field": "data.a.b", "operator": "eq", "value": 5})");
  CHECK(found_in(world) == Findings{});
  RawDatabase raw(world.folder.file());
  raw.run("UPDATE field_keys SET state = 'building' WHERE fields = '[\"data.a.b\"]'");
  CHECK(found_in(world) ==
        Findings{"note rule_without_index development slow", "note index_missing development session"});
  raw.run("UPDATE field_keys SET state = 'whole'");
  CHECK(found_in(world) == Findings{});
  // More than a type may have are told.
  Json properties = Json::object();
  for (int i = 0; i < 16; ++i) properties["f" + std::to_string(i)] = {{"x-index", true}};
  world.define_type({{"slug", "session"}, {"schema", {{"properties", properties}}}});
  CHECK(found_in(world) == Findings{"note index_missing development session"});
}

TEST_CASE("trigger runs that nobody does", "[doctor]") {
  World world(StorageKind::sqlite);
  define_sound_world(world);
  world.system().triggers().define(
      R"({"slug": "remind", "on": {"entityType": "session", "action": "created"}, "retry": {"maxAttempts": 1},
                  "actions": [{"tool": "send-mail"}]})"_json);
  world.create("session", {{"subject", "art"}});
  CHECK(found_in(world) == Findings{});
  world.clock.advance(11 * 60'000);
  CHECK(found_in(world) == Findings{"warning run_overdue development remind"});
  RawDatabase(world.folder.file()).run("UPDATE trigger_runs SET status = 'running'");
  CHECK(found_in(world) == Findings{"warning run_abandoned development remind"});
  TriggerWorker worker(*world.database);
  worker.add_tool("send-mail", [](const ToolCall&) -> Json { throw std::runtime_error("no such mailbox"); });
  CHECK(worker.run_due().dead == 1);
  CHECK(found_in(world) == Findings{"warning run_dead development remind"});
}

TEST_CASE("an altered log and a damaged file are errors, and tell of their organization alone", "[doctor]") {
  World world(StorageKind::sqlite);
  define_sound_world(world);
  world.add_organization("other");
  world.define_type({{"slug", "session"}}, Environment::production, "other");
  CHECK(error_code_of([&] { (void)examine(*world.database, {.organization = OrganizationId("none")}); }) ==
        ErrorCode::not_found);
  RawDatabase raw(world.folder.file());
  raw.run(
      "UPDATE events SET payload = '{}' WHERE type LIKE 'entity-type.%' AND scope_id = "
      "(SELECT id FROM scopes WHERE organization_id = 'other' AND environment = 'production')");
  CHECK(found_in(world) == Findings{"error chain production"});
  CHECK(found_in(world, {.organization = OrganizationId("acme")}) == Findings{});
  SECTION("a reference") {
    raw.run(
        "PRAGMA foreign_keys = OFF; UPDATE entity_types SET type_key = 77 WHERE scope_id = "
        "(SELECT id FROM scopes WHERE organization_id = 'acme' AND environment = 'development')");
    const auto faults = world.host().check_storage().faults;
    REQUIRE_FALSE(faults.empty());
    CHECK(faults[0].find("`entity_types`") != std::string::npos);
    CHECK(found_in(world, {.organization = OrganizationId("other")}).at(0) == "error storage");
  }
  SECTION("an index of words that cannot be opened") {
    raw.run("DELETE FROM entity_search_data");
    CHECK_FALSE(world.host().check_storage().faults.empty());
  }
  SECTION("data that is no JSON") {
    world.define_type({{"slug", "plain"}});
    world.create("plain", {{"text", "words"}});
    raw.run(
        "UPDATE entities SET data = 'not JSON' WHERE id IN (SELECT id FROM entities ORDER BY created_at DESC LIMIT 1)");
    const auto faults = world.host().check_storage().faults;
    CHECK(std::ranges::any_of(
        faults, [](const std::string& fault) { return fault.find("the data of 1 entities is not JSON") == 0; }));
  }
  SECTION("the index of words") {
    raw.run("DELETE FROM entity_search_docsize");
    const auto faults = world.host().check_storage().faults;
    CHECK(std::ranges::any_of(
        faults, [](const std::string& fault) { return fault.find("index of words") != std::string::npos; }));
  }
  SECTION("an index that lacks a row") {
    // As a disk would: the page of the index is overwritten by an empty one.
    const std::string page = raw.value("SELECT rootpage FROM sqlite_schema WHERE name = 'entities_by_type'");
    const std::size_t size = std::stoul(raw.value("PRAGMA page_size"));
    raw.run("PRAGMA wal_checkpoint(TRUNCATE)");
    std::fstream file(world.folder.file(), std::ios::binary | std::ios::in | std::ios::out);
    std::string empty(size, '\0');
    empty[0] = 10;  // a leaf of an index
    empty[5] = static_cast<char>(size >> 8 & 0xff);
    file.seekp(static_cast<std::streamoff>((std::stoul(page) - 1) * size));
    file.write(empty.data(), static_cast<std::streamsize>(size));
    file.close();
    const auto opened = Database::open(world.folder.file());
    const auto faults = opened.trusted_host().check_storage().faults;
    REQUIRE_FALSE(faults.empty());
    CHECK(faults[0].find("entities_by_type") != std::string::npos);
  }
}

TEST_CASE("rows that the schema of their type refuses, where they are asked for", "[doctor]") {
  World world(StorageKind::memory);
  const auto define = [&](const char* type) {
    DefinitionSet wanted;
    wanted.add(DefinitionKind::entity_type,
               {{"slug", "order"}, {"schema", {{"properties", {{"size", {{"type", type}}}}}}}});
    const Definitions definitions(world.system());
    definitions.apply(definitions.plan(wanted, {.accept_invalid_data = true}));
  };
  define("integer");
  for (int i = 0; i < 3; ++i) world.system().entities("order").create({{"size", i}});
  CHECK(found_in(world, {.rows = true}).empty());
  define("string");
  world.system().entities("order").create({{"size", "large"}});
  CHECK(found_in(world).empty());
  CHECK(found_in(world, {.rows = true}) == Findings{"warning row_invalid development order"});
  const std::string message = examine(*world.database, {.rows = true}).at(0).message;
  CHECK(message.find("3 rows of `order`") != std::string::npos);
  CHECK(message.find("at `data.size`") != std::string::npos);
  world.define_type({{"slug", "order"}});
  world.system().entities("order").create(Json::object());
  DefinitionSet wanted;
  wanted.add(DefinitionKind::entity_type, {{"slug", "order"}, {"schema", {{"required", {"size"}}}}});
  const Definitions definitions(world.system());
  definitions.apply(definitions.plan(wanted, {.accept_invalid_data = true}));
  CHECK(examine(*world.database, {.rows = true}).at(0).message.ends_with(", at `data`"));
}

TEST_CASE("damaged rows are named, beside all that is found without them", "[doctor]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "order"}, {"schema", {{"required", {"size"}}}}});
  world.define_role({{"name", "empty"}});
  std::vector<EntityId> notes;
  for (int i = 0; i < 25; ++i) notes.push_back(world.create("note", {{"n", i}}));
  const EntityId order = world.create("order", {{"size", 1}});
  world.create("note", {{"n", "whole"}});
  RawDatabase raw(world.folder.file());
  raw.run("UPDATE entities SET data = '{\"n\":' WHERE id IN (SELECT id FROM entities ORDER BY created_at LIMIT 25)");
  raw.run("UPDATE entities SET data = '[1]' WHERE id = '" + order.str() + "'");
  const auto findings = examine(*world.database, {.rows = true});
  const auto message_of = [&](Check check, const std::string& subject) {
    const auto found = std::ranges::find_if(findings, [&](const Finding& finding) {
      return finding.check == check && finding.subject == subject && finding.environment == Environment::development;
    });
    return found == findings.end() ? std::string() : found->message;
  };
  const std::string told = message_of(Check::row_damaged, "note");
  INFO(told);
  CHECK(told.find("25 rows of `note`") != std::string::npos);
  CHECK(std::ranges::count_if(notes, [&](const EntityId& id) { return told.find(id.str()) != std::string::npos; }) ==
        20);
  CHECK(told.ends_with(" and 5 more"));
  CHECK(message_of(Check::row_damaged, "order").ends_with(order.str()));
  CHECK_FALSE(message_of(Check::role_grants_nothing, "empty").empty());
  CHECK(message_of(Check::row_invalid, "note").empty());
  for (const Finding& finding : examine(*world.database))  // all that is found without rows is found with them
    CHECK(std::ranges::any_of(findings, [&](const Finding& other) { return other.message == finding.message; }));
}

TEST_CASE("a log that was written by a clock of the future", "[doctor]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    define_sound_world(world);
    world.clock.advance(-59'000);
    CHECK(found_in(world) == Findings{});
    world.clock.advance(59'000 + 3 * day);
    world.create("session", {{"subject", "art"}, {"team", "south"}});
    world.clock.advance(10 - 2 * day);
    CHECK(found_in(world) == Findings{"warning time_ahead development"});
    DoctorOptions options;
    options.clock = &world.clock;
    const std::string message = examine(*world.database, options).at(0).message;
    INFO(message);
    CHECK(message.find("2 days ahead") != std::string::npos);
    CHECK(message.find("`createdAt` cannot be trusted") != std::string::npos);
    world.clock.advance(2 * day);
    CHECK(found_in(world) == Findings{});
  }
}

TEST_CASE("a unique key with a path that a role masks, and runs that wait for a tool", "[doctor]") {
  World world(StorageKind::memory);
  world.define_type({{"slug", "safe"}, {"unique", {{"room", "pin"}, {"number"}}}});
  const Json policies = R"([{"resource": "safe", "actions": ["read", "list"], "effect": "allow"}])"_json;
  const auto define = [&](const char* name, const Json& masks, const Json& visible) {
    world.define_role({{"name", name}, {"policies", policies}, {"fieldMasks", masks}, {"visibleFields", visible}});
  };
  define("all", Json::array(), Json::array());
  define("guard", R"([{"entityType": "safe", "fieldPath": "data.note", "maskType": "hide"}])"_json, Json::array());
  CHECK(found_in(world).empty());
  define("guard", R"([{"entityType": "safe", "fieldPath": "data.pin", "maskType": "redact"}])"_json, Json::array());
  CHECK(found_in(world) == Findings{"warning unique_key_masked development safe"});
  define("visitor", Json::array(), R"([{"entityType": "safe", "fields": ["data.room"]}])"_json);
  CHECK(found_in(world) == Findings{"warning unique_key_masked development safe",    // pin
                                    "warning unique_key_masked development safe"});  // number

  World waiting(StorageKind::memory);
  waiting.define_type({{"slug", "note"}});
  waiting.system().triggers().define(
      R"({"slug": "mail", "on": {"entityType": "note", "action": "created"}, "actions": [{"tool": "send"}]})"_json);
  waiting.system().entities("note").create(Json::object());
  CHECK(found_in(waiting).empty());
  CHECK(TriggerWorker(*waiting.database).run_due().attempts() == 0);
  CHECK(found_in(waiting) == Findings{"warning run_waiting development mail"});
}

TEST_CASE("a stored field that no schema names any more and a role once masked", "[doctor]") {
  for (const StorageKind kind : storage_kinds()) {
    World world(kind);
    const auto define = [&](const char* field, std::initializer_list<const char*> masked) {
      world.define_type(
          {{"slug", "note"}, {"schema", {{"type", "object"}, {"properties", {{field, Json::object()}}}}}});
      Json masks = Json::array();
      for (const char* const path : masked)
        masks.push_back({{"entityType", "note"}, {"fieldPath", path}, {"maskType", "hide"}});
      world.define_role({{"name", "author"},
                         {"policies", R"([{"resource": "note", "actions": ["read"], "effect": "allow"}])"_json},
                         {"fieldMasks", masks}});
    };
    define("secret", {"data.secret"});
    world.create("note", {{"secret", "value"}});
    CHECK(found_in(world) == Findings{});
    define("secret", {});  // the schema has it: a decision of its admin
    CHECK(found_in(world) == Findings{});
    define("token", {"data.token"});
    CHECK(found_in(world) == Findings{"warning masked_field_shown development author"});
    define("token", {"data.token", "data.secret"});
    CHECK(found_in(world) == Findings{});
  }
}
