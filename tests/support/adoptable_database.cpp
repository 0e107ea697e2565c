#include "support/adoptable_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/digest.hpp"
#include "support/raw_database.hpp"

namespace struere::test {
namespace {

constexpr const char* shared_tables = R"(
  CREATE TABLE organizations(id TEXT PRIMARY KEY, name TEXT, created_at INTEGER);
  CREATE TABLE users(id TEXT PRIMARY KEY, name TEXT, created_at INTEGER);
  CREATE TABLE memberships(organization_id TEXT, user_id TEXT REFERENCES users(id) ON DELETE CASCADE, role TEXT,
    created_at INTEGER);
  CREATE TABLE agents(id TEXT PRIMARY KEY, organization_id TEXT, slug TEXT, name TEXT, created_at INTEGER);
  CREATE TABLE tool_permissions(organization_id TEXT, agent_id TEXT, tool TEXT, identity TEXT, role TEXT,
    allowed_actions TEXT, denied_fields TEXT);
)";

// {} stands for the owner's columns.
constexpr const char* scoped_tables = R"(
  CREATE TABLE entity_types({}, slug TEXT, name TEXT, schema TEXT, search_fields TEXT, bound_to_role TEXT,
    user_id_field TEXT, created_at INTEGER);
  CREATE TABLE roles({}, id TEXT PRIMARY KEY, name TEXT, created_at INTEGER);
  CREATE TABLE policies({}, role_id TEXT REFERENCES roles(id) ON DELETE CASCADE, resource TEXT, action TEXT, effect TEXT);
  CREATE TABLE scope_rules({}, role_id TEXT, entity_type TEXT, rule TEXT);
  CREATE TABLE field_masks({}, role_id TEXT, position INTEGER, entity_type TEXT, kind TEXT, definition TEXT);
  CREATE TABLE role_assignments({}, user_id TEXT, role_id TEXT, expires_at INTEGER, granted_by TEXT, created_at INTEGER);
  CREATE TABLE api_keys({}, id TEXT PRIMARY KEY, hash TEXT, name TEXT, roles TEXT, created_at INTEGER,
    revoked_at INTEGER, last_used_at INTEGER);
  CREATE TABLE entities({}, id TEXT PRIMARY KEY, type TEXT, data TEXT, status TEXT, created_at INTEGER,
    updated_at INTEGER, deleted_at INTEGER, version INTEGER);
  CREATE INDEX entities_by_type ON entities(type);
  CREATE TABLE entity_relations({}, from_id TEXT, type TEXT, to_id TEXT);
  CREATE TABLE events({}, id TEXT PRIMARY KEY, type TEXT, entity_id TEXT, actor_id TEXT, payload TEXT,
    created_at INTEGER);
  CREATE TABLE agent_configs({}, agent_id TEXT, version INTEGER, system_prompt TEXT, model TEXT, tools TEXT, roles TEXT);
  CREATE TABLE threads({}, id TEXT PRIMARY KEY, external_id TEXT, agent_id TEXT, title TEXT, metadata TEXT,
    created_at INTEGER);
  CREATE TABLE messages({}, id TEXT PRIMARY KEY, thread_id TEXT, role TEXT, content TEXT, created_at INTEGER);
  CREATE TABLE executions({}, id TEXT PRIMARY KEY, agent_id TEXT, thread_id TEXT, model TEXT, input_tokens INTEGER,
    tool_calls TEXT, created_at INTEGER);
  CREATE TABLE installed_packs({}, pack_id TEXT, version TEXT, overrides TEXT);
  -- A table that is none of ours stays.
  CREATE TABLE settings(name TEXT, value TEXT);
  INSERT INTO settings VALUES('theme', 'dark');
)";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// One company: an organization's rows that refer to one another.
class Company {
 public:
  Company(RawDatabase& database, std::string organization, std::string name, std::string environment, bool has_column)
      : database_(database),
        organization_(std::move(organization)),
        name_(std::move(name)),
        environment_(std::move(environment)),
        has_column_(has_column) {}

  // For i from 0 to count - 1. `$` stands for the company's name, `@` for the time at which it began.
  void fill(const std::string& table, std::int64_t count, const std::string& columns, const std::string& values) {
    if (count < 1) return;
    database_.run(replaced(
        replaced(fmt::format("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {}) "
                             "INSERT INTO {}(organization_id{}, {}) SELECT '{}'{}, {} FROM n",
                             count, table, has_column_ ? ", environment" : "", columns, organization_,
                             has_column_ ? ", " + environment_ : "", values),
                 "$", name_),
        "@", "1600000000000"));
  }

  void fill_definitions(const std::string& key) {
    fill("entity_types", 2, "slug, name, schema, search_fields, bound_to_role, user_id_field, created_at",
         R"(CASE i WHEN 0 THEN 'person' ELSE 'session' END, NULL,
            CASE i WHEN 0 THEN NULL ELSE '{ "type": "object", "properties": {"teacher": {"type": "string",
              "references": "person"}} }' END,
            CASE i WHEN 0 THEN NULL ELSE '["subject"]' END, CASE i WHEN 0 THEN 'teacher' END, 'user', @)");
    fill("roles", 2, "id, name, created_at", "'$-role-' || i, CASE i WHEN 0 THEN 'teacher' ELSE 'planner' END, @ + i");
    fill("policies", 6, "role_id, resource, action, effect",
         "'$-role-' || (i % 2), CASE i % 2 WHEN 0 THEN 'session' ELSE '*' END, "
         "CASE i / 2 WHEN 0 THEN 'list' WHEN 1 THEN 'read' ELSE 'update' END, 'allow'");
    fill("scope_rules", 1, "role_id, entity_type, rule",
         R"('$-role-0', 'session', '{"value": "north", "operator": "eq", "field": "data.team"}')");
    fill(
        "field_masks", 2, "role_id, position, entity_type, kind, definition",
        R"('$-role-0', 2 - i, CASE i WHEN 0 THEN 'session' ELSE 'person' END, CASE i WHEN 0 THEN NULL ELSE 'visible' END,
            CASE i WHEN 0 THEN '{"maskType": "hide", "fieldPath": "data.secret"}' ELSE '{"fields": ["data.name"]}' END)");
    fill("role_assignments", 2, "user_id, role_id, granted_by",
         "'" + organization_ + "-user-' || i, '$-role-' || i, NULL");
    fill("api_keys", 1, "id, hash, roles, created_at, last_used_at",
         fmt::format("'$-key', '{}', '[\"teacher\"]', @, @ + 5", to_hex(sha256(key))));
    fill("api_keys", 1, "id, hash, roles, created_at, revoked_at",
         fmt::format("'$-old-key', '{}', NULL, @, @ + 7", to_hex(sha256("old " + name_))));
    fill("agent_configs", 3, "agent_id, version, system_prompt, model, tools, roles",
         "'" + organization_ + R"(-agent', i + 1, 'Be kind. ' || i, 'small', '["entity.get"]', '["teacher"]')");
    fill("installed_packs", 1, "pack_id, version, overrides", R"('tutoring', '1.2.0', '{"b": 1, "a": 2}')");
  }

  // About as many as asked for, in the proportions of a living product.
  void fill_rows(std::int64_t rows) {
    const std::int64_t relations = rows / 10, events = rows / 4, threads = std::max<std::int64_t>(rows / 100, 1),
                       messages = rows / 16, executions = rows / 20;
    const std::int64_t entities =
        std::max<std::int64_t>(rows - relations - events - threads - messages - executions, 3);
    // Keys out of order, white space, numbers in other forms: what a product writes.
    fill("entities", entities, "id, type, data, status, created_at, updated_at, deleted_at, version",
         R"(printf('$-%08d', i), CASE i % 3 WHEN 0 THEN 'person' ELSE 'session' END,
            printf('{ "team": "%s", "subject": "Lesson %d of maths", "number": %d.0, "secret": "s%d", "name": "N%d",
              "user": "u%d", "list": [1, 2.50, 1e3], "text": "%s" }',
              CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END, i % 40, i, i, i, i, 'é\u00e9\/'),
            CASE WHEN i % 17 = 5 THEN 'deleted' END, @ + i * 7919 % 1000003, CASE i % 2 WHEN 0 THEN @ + 2000000 + i END,
            CASE WHEN i % 34 = 5 THEN @ + 3000000 + i END, CASE i % 5 WHEN 0 THEN NULL ELSE i % 5 END)");
    fill(
        "entity_relations", relations, "from_id, type, to_id",
        fmt::format("printf('$-%08d', i % {0}), 'knows' || (i / {0}), printf('$-%08d', (i * 31 + 1) % {0})", entities));
    // The newest first, and several at one time.
    fill("events", events, "id, type, entity_id, actor_id, payload, created_at",
         fmt::format(R"(printf('$-event-%08d', i), CASE i % 4 WHEN 0 THEN 'host.said' ELSE 'session.updated' END,
            CASE i % 4 WHEN 0 THEN NULL ELSE printf('$-%08d', i % {}) END, CASE i % 3 WHEN 0 THEN NULL ELSE 'ana' END,
            CASE i % 5 WHEN 0 THEN NULL ELSE printf('{{"n": %d, "data": {{"b": 1, "a": 2}}}}', i) END, @ + ({} - i) / 3)",
                     entities, events));
    fill("threads", threads, "id, external_id, agent_id, title, metadata, created_at",
         fmt::format(R"(printf('$-thread-%06d', i), CASE i % 2 WHEN 0 THEN 'chat-' || i END,
            CASE i % 3 WHEN 0 THEN NULL ELSE '{}-agent' END, NULL, '{{"z": 1, "a": [] }}', @ + i)",
                     organization_));
    fill("messages", messages, "id, thread_id, role, content, created_at",
         fmt::format("printf('$-message-%08d', i), printf('$-thread-%06d', i % {}), CASE i % 2 WHEN 0 THEN 'user' ELSE "
                     "'assistant' END, 'Message ' || i, @ + {} - i",
                     threads, messages));
    fill("executions", executions, "id, agent_id, thread_id, model, input_tokens, tool_calls, created_at",
         fmt::format("printf('$-execution-%08d', i), '{}-agent', printf('$-thread-%06d', i % {}), 'small', i, '[ ]', "
                     "@ + i * 3600000",
                     organization_, threads));
  }

 private:
  RawDatabase& database_;
  std::string organization_, name_, environment_;
  bool has_column_;
};

}  // namespace

std::string adoptable_key(const std::string& organization, const std::string& environment) {
  return fmt::format("sk_{}_adoptable-{}", environment == "production" ? "prod" : "dev", organization);
}

void make_adoptable_database(const std::string& path, std::int64_t rows, AdoptableStyle style) {
  RawDatabase database(path);
  const bool has_column = style != AdoptableStyle::no_environment;
  database.run("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN");
  database.run(shared_tables);
  database.run(
      replaced(scoped_tables, "{}", has_column ? "organization_id TEXT, environment TEXT" : "organization_id TEXT"));
  database.run("PRAGMA user_version = 41");  // a product counts its own versions
  const bool half = style == AdoptableStyle::half_scoped;
  struct Kind {
    const char* organization;
    const char* company;
    const char* environment;
    bool is_there;
  };
  const std::vector<Kind> companies{
      {"acme", "acme", "NULL", true},
      {"globex", "globex", "NULL", true},
      {"globex", "globex-dev", "'development'", half},
      {"initech", "initech", half ? "CASE i % 2 WHEN 0 THEN 'production' END" : "NULL", true},
  };
  const std::int64_t fixed_rows = 3 * (1 + 10 + 10 + 1 + 1), rows_of_definitions = 2 + 2 + 6 + 1 + 2 + 2 + 2 + 3 + 1;
  const auto there = std::ranges::count_if(companies, &Kind::is_there);
  std::int64_t left = std::max<std::int64_t>(rows - fixed_rows - there * rows_of_definitions, 0);
  const std::int64_t share = left / there;
  for (const char* const organization : {"acme", "globex", "initech"}) {
    database.run(replaced(R"(
      INSERT INTO organizations VALUES('$', upper('$'), 1500000000000);
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
        INSERT INTO users SELECT '$-user-' || i, NULL, 1500000000000 + i FROM n;
      INSERT INTO memberships SELECT '$', id, CASE id WHEN '$-user-9' THEN 'admin' END, NULL FROM users
        WHERE id LIKE '$-%';
      INSERT INTO agents VALUES('$-agent', '$', 'helper', NULL, NULL);
      INSERT INTO tool_permissions VALUES('$', '$-agent', 'entity.get', 'configured', 'teacher', '["read","list"]',
        '["data.secret"]');)",
                          "$", organization));
  }
  for (const Kind& kind : companies) {
    if (!kind.is_there) continue;
    Company company(database, kind.organization, kind.company, kind.environment, has_column);
    company.fill_definitions(
        adoptable_key(kind.organization, std::string(kind.company) == "globex-dev" ? "development" : "production"));
    const bool is_last = std::string(kind.company) == "initech";
    company.fill_rows(is_last ? left : share);
    left -= share;
  }
  database.run("COMMIT");
}

std::map<std::string, std::int64_t> count_tables(const std::string& path, const std::string& prefix) {
  RawDatabase database(path);
  std::map<std::string, std::int64_t> out;
  for (const char* const table :
       {"organizations",    "users",    "memberships", "agents",           "tool_permissions",
        "entity_types",     "roles",    "policies",    "scope_rules",      "field_masks",
        "role_assignments", "api_keys", "entities",    "entity_relations", "events",
        "agent_configs",    "threads",  "messages",    "executions",       "installed_packs"}) {
    const std::string name = prefix + table;
    const bool is_there = database.value("SELECT count(*) FROM sqlite_schema WHERE name = '" + name + "'") != "0";
    out[table] = is_there ? std::stoll(database.value("SELECT count(*) FROM " + name)) : 0;
  }
  return out;
}

}  // namespace struere::test
