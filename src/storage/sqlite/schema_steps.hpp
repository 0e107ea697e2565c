// The tables of the file, as the steps that made them. A released step is never edited: a change is a further step.
//
// The key of every scoped table and every foreign key begin with scope_id, so that a row cannot point into another
// scope, not even by raw SQL (SPEC 1). In tables that both environments share they begin with organization_id. If a
// scoped row refers to a shared table, it has the organization as well, and a key ties the organization to the scope.
// Times are milliseconds since the Unix epoch. docs/storage-format.md explains each table.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace struere {

// The base: organizations, entities, access control and the log.
inline constexpr std::string_view step_1[] = {
    "CREATE TABLE meta("
    "name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",

    "CREATE TABLE organizations("
    "id TEXT NOT NULL PRIMARY KEY CHECK(id <> ''), name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID",

    "CREATE TABLE users("
    "id TEXT NOT NULL PRIMARY KEY CHECK(id <> ''), name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID",

    "CREATE TABLE memberships("
    "organization_id TEXT NOT NULL REFERENCES organizations(id), user_id TEXT NOT NULL REFERENCES users(id), "
    "role TEXT NOT NULL CHECK(role IN ('member', 'admin')), created_at INTEGER NOT NULL, "
    "PRIMARY KEY(organization_id, user_id)) STRICT, WITHOUT ROWID",

    // Each scope has a small number, which leads all keys below. `generation` counts changes of configuration.
    // `event_count` and `event_hash` show if events were cut off at the end of the chain.
    "CREATE TABLE scopes("
    "id INTEGER PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations(id), "
    "environment TEXT NOT NULL CHECK(environment IN ('development', 'production')), "
    "generation INTEGER NOT NULL DEFAULT 0, event_count INTEGER NOT NULL DEFAULT 0, "
    "event_hash BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK(length(event_hash) = 32), UNIQUE(organization_id, "
    "environment)) STRICT",

    "CREATE TABLE entity_types("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), type_key INTEGER NOT NULL, slug TEXT NOT NULL, name TEXT NOT "
    "NULL, "
    "schema TEXT NOT NULL, search_fields TEXT NOT NULL, bound_to_role TEXT, user_id_field TEXT NOT NULL, created_at "
    "INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, type_key), UNIQUE(scope_id, slug)) STRICT, WITHOUT ROWID",

    // A rowid table, because data is large and scans of its indexes then do not read it.
    "CREATE TABLE entities("
    "scope_id INTEGER NOT NULL, id TEXT NOT NULL, type_key INTEGER NOT NULL, status TEXT NOT NULL CHECK(status <> ''), "
    "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL "
    "CHECK(version > 0), "
    "data TEXT NOT NULL, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES entity_types(scope_id, type_key)) STRICT",

    "CREATE INDEX entities_by_type ON entities(scope_id, type_key, deleted_at, created_at DESC, id DESC)",

    "CREATE TABLE entity_relations("
    "scope_id INTEGER NOT NULL, from_id TEXT NOT NULL, type TEXT NOT NULL, to_id TEXT NOT NULL, "
    "PRIMARY KEY(scope_id, from_id, type, to_id), "
    "FOREIGN KEY(scope_id, from_id) REFERENCES entities(scope_id, id), "
    "FOREIGN KEY(scope_id, to_id) REFERENCES entities(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX entity_relations_by_end ON entity_relations(scope_id, to_id, type, from_id)",

    "CREATE TABLE roles("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT "
    "NULL, "
    "PRIMARY KEY(scope_id, id), UNIQUE(scope_id, name)) STRICT, WITHOUT ROWID",

    "CREATE TABLE policies("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, resource TEXT NOT NULL, action TEXT "
    "NOT NULL, "
    "effect TEXT NOT NULL CHECK(effect IN ('allow', 'deny')), PRIMARY KEY(scope_id, role_id, position), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE scope_rules("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, entity_type TEXT NOT NULL, rule TEXT "
    "NOT NULL, "
    "PRIMARY KEY(scope_id, role_id, position), FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    "CREATE TABLE field_masks("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, entity_type TEXT NOT NULL, "
    "kind TEXT NOT NULL CHECK(kind IN ('mask', 'visible')), definition TEXT NOT NULL, "
    "PRIMARY KEY(scope_id, role_id, position), FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    "CREATE TABLE role_assignments("
    "scope_id INTEGER NOT NULL, user_id TEXT NOT NULL REFERENCES users(id), role_id TEXT NOT NULL, expires_at INTEGER, "
    "granted_by TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(scope_id, user_id, role_id), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE api_keys("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), id TEXT NOT NULL, hash BLOB NOT NULL UNIQUE CHECK(length(hash) = "
    "32), "
    "name TEXT NOT NULL, display_prefix TEXT NOT NULL, roles TEXT NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('agent', "
    "'webhook')), "
    "created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, last_used_at INTEGER, "
    "PRIMARY KEY(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE events("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), sequence INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, "
    "entity_id TEXT, other_end_id TEXT, actor_type TEXT NOT NULL, actor_id TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "payload TEXT NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32), PRIMARY KEY(scope_id, sequence), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES entities(scope_id, id), "
    "FOREIGN KEY(scope_id, other_end_id) REFERENCES entities(scope_id, id)) STRICT",

    "CREATE INDEX events_by_entity ON events(scope_id, entity_id, sequence)",
};

// What a platform stores in addition to its entities: agents, threads, executions, triggers and packs.
inline constexpr std::string_view step_2[] = {
    // For foreign keys that contain the organization in addition to the scope.
    "CREATE UNIQUE INDEX scopes_with_organization ON scopes(id, organization_id)",

    "CREATE TABLE agents("
    "organization_id TEXT NOT NULL REFERENCES organizations(id), id TEXT NOT NULL, slug TEXT NOT NULL, name TEXT NOT "
    "NULL, description TEXT NOT NULL, status TEXT NOT NULL CHECK(status IN ('active', 'inactive')), "
    "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY(organization_id, id), "
    "UNIQUE(organization_id, slug)) STRICT, WITHOUT ROWID",

    "CREATE TABLE tool_permissions("
    "organization_id TEXT NOT NULL, agent_id TEXT NOT NULL, tool TEXT NOT NULL, "
    "identity TEXT NOT NULL CHECK(identity IN ('inherit', 'system', 'configured')), role TEXT, allowed_actions TEXT, "
    "denied_fields TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY(organization_id, agent_id, tool), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES agents(organization_id, id)) STRICT, WITHOUT ROWID",

    // The newest version is the one in force; the others are its history.
    "CREATE TABLE agent_configs("
    "scope_id INTEGER NOT NULL, organization_id TEXT NOT NULL, agent_id TEXT NOT NULL, version INTEGER NOT NULL "
    "CHECK(version > 0), system_prompt TEXT NOT NULL, model TEXT NOT NULL, tools TEXT NOT NULL, roles TEXT NOT NULL, "
    "created_by TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(scope_id, agent_id, version), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES agents(organization_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE threads("
    "scope_id INTEGER NOT NULL, organization_id TEXT NOT NULL, id TEXT NOT NULL, external_id TEXT, agent_id TEXT, "
    "title TEXT NOT NULL, metadata TEXT NOT NULL, started_by_type TEXT NOT NULL, started_by TEXT NOT NULL, "
    "message_count INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, id), UNIQUE(scope_id, external_id), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES agents(organization_id, id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX threads_by_time ON threads(scope_id, created_at, id)",

    "CREATE INDEX threads_by_starter ON threads(scope_id, started_by_type, started_by, created_at, id)",

    "CREATE TABLE messages("
    "scope_id INTEGER NOT NULL, thread_id TEXT NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, "
    "role TEXT NOT NULL CHECK(role IN ('user', 'assistant', 'system', 'tool')), content TEXT NOT NULL, "
    "tool_calls TEXT NOT NULL, tool_call_id TEXT, attachments TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, thread_id, sequence), UNIQUE(scope_id, id), "
    "FOREIGN KEY(scope_id, thread_id) REFERENCES threads(scope_id, id)) STRICT",

    "CREATE TABLE executions("
    "scope_id INTEGER NOT NULL, organization_id TEXT NOT NULL, id TEXT NOT NULL, agent_id TEXT, "
    "config_version INTEGER, thread_id TEXT, model TEXT NOT NULL, "
    "status TEXT NOT NULL CHECK(status IN ('completed', 'failed', 'cancelled')), error TEXT, "
    "input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, duration_ms INTEGER NOT NULL, "
    "tool_calls TEXT NOT NULL, actor_type TEXT NOT NULL, actor_id TEXT NOT NULL, day INTEGER NOT NULL, "
    "created_at INTEGER NOT NULL, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES agents(organization_id, id), "
    "FOREIGN KEY(scope_id, thread_id) REFERENCES threads(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX executions_by_time ON executions(scope_id, created_at, id)",

    "CREATE TABLE triggers("
    "scope_id INTEGER NOT NULL, id TEXT NOT NULL, slug TEXT NOT NULL, entity_type TEXT NOT NULL, "
    "definition TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY(scope_id, id), "
    "UNIQUE(scope_id, slug), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    // `definition` is that of the trigger at the time of the write, so that a change of the trigger changes no run.
    "CREATE TABLE trigger_runs("
    "scope_id INTEGER NOT NULL, id TEXT NOT NULL, trigger_slug TEXT NOT NULL, definition TEXT NOT NULL, "
    "entity_id TEXT NOT NULL, input TEXT NOT NULL, status TEXT NOT NULL "
    "CHECK(status IN ('pending', 'running', 'completed', 'dead', 'cancelled')), due_at INTEGER NOT NULL, "
    "attempts INTEGER NOT NULL, steps TEXT NOT NULL, error TEXT, depth INTEGER NOT NULL, worker TEXT, "
    "created_at INTEGER NOT NULL, finished_at INTEGER, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES entities(scope_id, id)) STRICT, WITHOUT ROWID",

    // A running run is due when its worker's lease ends.
    "CREATE INDEX trigger_runs_by_due ON trigger_runs(scope_id, status, due_at, id)",

    "CREATE INDEX trigger_runs_by_entity ON trigger_runs(scope_id, entity_id, trigger_slug, status)",

    "CREATE TABLE installed_packs("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), pack_id TEXT NOT NULL, version TEXT NOT NULL, "
    "overrides TEXT NOT NULL, history TEXT NOT NULL, installed_by TEXT NOT NULL, installed_at INTEGER NOT NULL, "
    "updated_at INTEGER NOT NULL, PRIMARY KEY(scope_id, pack_id)) STRICT, WITHOUT ROWID",

    // The start of the log of a scope after older events were pruned: the last pruned event, and its hash.
    "CREATE TABLE event_checkpoints("
    "scope_id INTEGER NOT NULL PRIMARY KEY REFERENCES scopes(id), sequence INTEGER NOT NULL CHECK(sequence > 0), "
    "hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT, WITHOUT ROWID",

    // The words of entities whose type has search fields. One index serves all scopes, but each word in it begins with
    // its scope and type, so that a search finds only words of its own scope and type.
    "CREATE TABLE searchable_entities("
    "scope_id INTEGER NOT NULL, entity_id TEXT NOT NULL, search_row INTEGER NOT NULL, PRIMARY KEY(scope_id, "
    "entity_id), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES entities(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE VIRTUAL TABLE entity_search USING fts5(words, scope_id UNINDEXED, entity_id UNINDEXED, detail = 'none', "
    "tokenize = \"ascii tokenchars '.'\")",
};

// Releases: definitions that were deployed to a scope and can be restored.
inline constexpr std::string_view step_3[] = {
    "CREATE TABLE releases("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), number INTEGER NOT NULL CHECK(number > 0), "
    "definitions TEXT NOT NULL, changes TEXT NOT NULL, note TEXT NOT NULL, restores INTEGER, "
    "created_by_type TEXT NOT NULL, created_by TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, number)) STRICT",
};

// The definitions of a pack as it was installed: the base with which customizations are compared. A pack that was
// recorded without its definitions has no row here.
inline constexpr std::string_view step_4[] = {
    "CREATE TABLE pack_definitions("
    "scope_id INTEGER NOT NULL, pack_id TEXT NOT NULL, definitions TEXT NOT NULL, PRIMARY KEY(scope_id, pack_id), "
    "FOREIGN KEY(scope_id, pack_id) REFERENCES installed_packs(scope_id, pack_id)) STRICT",
};

// Unique keys (SPEC 6), field keys, purging and retention, and corrections of agents, API keys, roles and threads.
inline constexpr std::string_view step_5[] = {
    // No two entities of a type may agree on all paths of a unique key (SPEC 6). `position` is the place of the key
    // among those that the type declares, `paths` a list as canonical JSON.
    "CREATE TABLE unique_keys("
    "scope_id INTEGER NOT NULL, type_key INTEGER NOT NULL, key_no INTEGER NOT NULL, position INTEGER NOT NULL, paths "
    "TEXT NOT NULL, PRIMARY KEY(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES entity_types(scope_id, type_key)) STRICT, WITHOUT ROWID",

    // Values of entities that are not deleted. The key rejects the second of two equal values, even from raw SQL.
    "CREATE TABLE unique_values("
    "scope_id INTEGER NOT NULL, type_key INTEGER NOT NULL, key_no INTEGER NOT NULL, value TEXT NOT NULL, entity_id "
    "TEXT "
    "NOT NULL, PRIMARY KEY(scope_id, type_key, key_no, value), "
    "FOREIGN KEY(scope_id, type_key, key_no) REFERENCES unique_keys(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES entities(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX unique_values_by_entity ON unique_values(scope_id, entity_id)",

    // The names of fields before a pack renamed them.
    "CREATE TABLE former_names("
    "scope_id INTEGER NOT NULL, entity_type TEXT NOT NULL, position INTEGER NOT NULL CHECK(position > 0), "
    "former TEXT NOT NULL, present TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, entity_type, position), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    // The number of runs that each write of a caller caused through other runs.
    "CREATE TABLE trigger_cascades("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), origin TEXT NOT NULL, runs INTEGER NOT NULL, "
    "created_at INTEGER NOT NULL, PRIMARY KEY(scope_id, origin)) STRICT, WITHOUT ROWID",

    // The time at which the first open run of a scope is due, or its lease ends. A worker reads only scopes with open
    // runs.
    "CREATE TABLE due_scopes("
    "scope_id INTEGER NOT NULL PRIMARY KEY REFERENCES scopes(id), due_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",

    // The actor that acted as the actor of an event.
    "ALTER TABLE events ADD COLUMN impersonated_by_type TEXT",

    "ALTER TABLE events ADD COLUMN impersonated_by TEXT",

    // Each environment's configuration says whether an agent is active. An inactive agent becomes inactive in both.
    "ALTER TABLE agent_configs ADD COLUMN status TEXT NOT NULL DEFAULT 'active' CHECK(status IN ('active', "
    "'inactive'))",

    "UPDATE agent_configs SET status = 'inactive' WHERE EXISTS(SELECT 1 FROM agents a WHERE a.organization_id = "
    "agent_configs.organization_id AND a.id = agent_configs.agent_id AND a.status = 'inactive')",

    "ALTER TABLE agents DROP COLUMN status",

    // The creator of a key, if the log contains it; otherwise the system. A key ends or loses rights with its creator.
    "ALTER TABLE api_keys ADD COLUMN created_by_type TEXT NOT NULL DEFAULT 'system'",

    "ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT 'system'",

    "UPDATE api_keys SET created_by_type = made.actor_type, created_by = made.actor_id FROM (SELECT scope_id, "
    "json_extract(payload, '$.id') AS key_id, actor_type, actor_id FROM events WHERE type = 'api-key.created') AS made "
    "WHERE made.scope_id = api_keys.scope_id AND made.key_id = api_keys.id",

    // Removes roles of users that are not members.
    "DELETE FROM role_assignments WHERE NOT EXISTS(SELECT 1 FROM scopes s JOIN memberships m ON m.organization_id = "
    "s.organization_id WHERE s.id = role_assignments.scope_id AND m.user_id = role_assignments.user_id)",

    // An external id is unique for the actor that began the thread, so that no actor learns of or takes another one's
    // thread.
    "PRAGMA defer_foreign_keys = ON",

    "CREATE TABLE threads_before AS SELECT * FROM threads",

    "DROP TABLE threads",

    "CREATE TABLE threads("
    "scope_id INTEGER NOT NULL, organization_id TEXT NOT NULL, id TEXT NOT NULL, external_id TEXT, agent_id TEXT, "
    "title TEXT NOT NULL, metadata TEXT NOT NULL, started_by_type TEXT NOT NULL, started_by TEXT NOT NULL, "
    "message_count INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, id), UNIQUE(scope_id, started_by_type, started_by, external_id), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES agents(organization_id, id)) STRICT, WITHOUT ROWID",

    "INSERT INTO threads SELECT * FROM threads_before",

    "DROP TABLE threads_before",

    "CREATE INDEX threads_by_time ON threads(scope_id, created_at, id)",

    "CREATE INDEX threads_by_starter ON threads(scope_id, started_by_type, started_by, created_at, id)",

    "CREATE INDEX threads_by_external_id ON threads(scope_id, external_id, created_at, id)",

    // The field keys of each type. `filled_…` is the position up to which a key that is being built is filled.
    "CREATE TABLE field_keys("
    "scope_id INTEGER NOT NULL, type_key INTEGER NOT NULL, key_no INTEGER NOT NULL, fields TEXT NOT NULL, "
    "state TEXT NOT NULL CHECK(state IN ('building', 'whole', 'dropping')), filled_created_at INTEGER, filled_id TEXT, "
    "PRIMARY KEY(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES entity_types(scope_id, type_key)) STRICT, WITHOUT ROWID",

    "CREATE INDEX unfinished_field_keys ON field_keys(scope_id, type_key) WHERE state <> 'whole'",

    // Keys of entities that are not deleted, in the order of a page.
    "CREATE TABLE entity_keys("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), type_key INTEGER NOT NULL, key_no INTEGER NOT NULL, key BLOB NOT "
    "NULL, created_at INTEGER NOT NULL, id TEXT NOT NULL, "
    "PRIMARY KEY(scope_id, type_key, key_no, key, created_at DESC, id DESC)) STRICT, WITHOUT ROWID",

    // The time of the last write to a scope that left no event.
    "CREATE TABLE scope_times("
    "scope_id INTEGER NOT NULL PRIMARY KEY REFERENCES scopes(id), written_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",

    // Payloads can be purged. The id of a purged entity moves to a column that refers to no table.
    "ALTER TABLE events ADD COLUMN salt BLOB",

    "ALTER TABLE events ADD COLUMN payload_hash BLOB",

    "ALTER TABLE events ADD COLUMN purged_entity_id TEXT",

    "ALTER TABLE events ADD COLUMN purged_other_end_id TEXT "
    "CHECK((salt IS NULL OR length(salt) = 16) AND "
    "(payload_hash IS NULL OR (length(payload_hash) = 32 AND salt IS NULL AND payload = '{}')) AND "
    "(purged_entity_id IS NULL OR entity_id IS NULL) AND (purged_other_end_id IS NULL OR other_end_id IS NULL))",

    "CREATE INDEX events_by_other_end ON events(scope_id, other_end_id) WHERE other_end_id IS NOT NULL",

    "CREATE INDEX events_by_purged_entity ON events(scope_id, purged_entity_id, sequence) "
    "WHERE purged_entity_id IS NOT NULL",

    // How long data of each kind is kept in a scope, and the indexes that find older data.
    "CREATE TABLE retention("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), kind TEXT NOT NULL, days INTEGER NOT NULL CHECK(days > 0), "
    "updated_at INTEGER NOT NULL, PRIMARY KEY(scope_id, kind)) STRICT, WITHOUT ROWID",

    "CREATE INDEX trigger_runs_by_end ON trigger_runs(scope_id, finished_at, id)",

    "CREATE INDEX messages_by_time ON messages(scope_id, created_at, id)",

    "CREATE INDEX executions_by_thread ON executions(scope_id, thread_id)",
};

// Organizations that move from one database to another.
inline constexpr std::string_view step_6[] = {
    // An organization is open once this is null: until then, its copy from another database is not whole.
    "ALTER TABLE organizations ADD COLUMN unfinished_copy TEXT",
};

// Operators: people who sign in to look after an organization.
inline constexpr std::string_view step_7[] = {
    // Invitations and sessions, by the SHA-256 of a secret. Only a member has any.
    "CREATE TABLE operator_sessions("
    "organization_id TEXT NOT NULL, id TEXT NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32), "
    "kind TEXT NOT NULL CHECK(kind IN ('invitation', 'session')), user_id TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, idle_ms INTEGER, ended_at INTEGER, "
    "PRIMARY KEY(organization_id, id), UNIQUE(organization_id, hash), "
    "FOREIGN KEY(organization_id, user_id) REFERENCES memberships(organization_id, user_id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX operator_sessions_by_user ON operator_sessions(organization_id, user_id)",
};

// A key contains the number of its row, by which a page reads the row without a search for its id. The number has a
// column of its own because VACUUM may change the rowids of other tables.
inline constexpr std::string_view step_8[] = {
    // A table with a rowid, because data is large and scans of its indexes then do not read it.
    "CREATE TABLE numbered_entities("
    "row_no INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL, id TEXT NOT NULL, type_key INTEGER NOT NULL, "
    "status TEXT NOT NULL CHECK(status <> ''), created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, "
    "deleted_at INTEGER, version INTEGER NOT NULL CHECK(version > 0), data TEXT NOT NULL, UNIQUE(scope_id, id), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES entity_types(scope_id, type_key)) STRICT",

    "INSERT INTO numbered_entities SELECT rowid, scope_id, id, type_key, status, created_at, updated_at, deleted_at, "
    "version, data FROM entities ORDER BY rowid",

    "DROP TABLE entities",

    "ALTER TABLE numbered_entities RENAME TO entities",

    "CREATE INDEX entities_by_type ON entities(scope_id, type_key, deleted_at, created_at DESC, id DESC)",

    "CREATE TABLE numbered_keys("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), type_key INTEGER NOT NULL, key_no INTEGER NOT NULL, key BLOB NOT "
    "NULL, created_at INTEGER NOT NULL, id TEXT NOT NULL, row_no INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, type_key, key_no, key, created_at DESC, id DESC)) STRICT, WITHOUT ROWID",

    "INSERT INTO numbered_keys SELECT k.scope_id, k.type_key, k.key_no, k.key, k.created_at, k.id, e.row_no FROM "
    "entity_keys k JOIN entities e ON e.scope_id = k.scope_id AND e.id = k.id",

    "DROP TABLE entity_keys",

    "ALTER TABLE numbered_keys RENAME TO entity_keys",
};

// The answers of requests that are carried out once (Session::once), and the traces of events.
inline constexpr std::string_view step_9[] = {
    // A ring: each new answer displaces the one whose number is 4,000 less. `answer` is null if its text was too long
    // to be kept, or was removed for later ones or by a purge. `bytes_so_far` adds up the texts of all answers up to
    // this one. A table with a rowid, because texts are long.
    "CREATE TABLE kept_answers("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), number INTEGER NOT NULL CHECK(number > 0), "
    "key_hash BLOB NOT NULL CHECK(length(key_hash) = 32), fingerprint BLOB NOT NULL CHECK(length(fingerprint) = 32), "
    "created_at INTEGER NOT NULL, bytes_so_far INTEGER NOT NULL, answer TEXT, PRIMARY KEY(scope_id, number), "
    "UNIQUE(scope_id, key_hash)) STRICT",

    // For the removal of texts alone.
    "CREATE INDEX kept_answers_with_text ON kept_answers(scope_id, bytes_so_far) WHERE answer IS NOT NULL",

    // The trace of the request that an event belongs to. Without a CHECK, for which all events would be read.
    "ALTER TABLE events ADD COLUMN trace_id TEXT",
};

// Up to which event the times of a log may run backwards: that before the last one which is earlier than the event
// before it. The library keeps them in order since version 5.
inline constexpr std::string_view step_10[] = {
    "CREATE TABLE log_disorder("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), through INTEGER NOT NULL CHECK(through > 0), "
    "PRIMARY KEY(scope_id, through)) STRICT, WITHOUT ROWID",

    "INSERT INTO log_disorder SELECT scope_id, max(sequence) - 1 FROM (SELECT scope_id, sequence, created_at < "
    "lag(created_at) OVER (PARTITION BY scope_id ORDER BY sequence) AS is_back FROM events) WHERE is_back GROUP BY "
    "scope_id",

    // The lists that are asked for by these.
    "CREATE INDEX threads_by_agent ON threads(scope_id, agent_id, created_at, id)",

    "CREATE INDEX executions_by_agent ON executions(scope_id, agent_id, created_at, id)",

    "CREATE INDEX trigger_runs_by_trigger ON trigger_runs(scope_id, trigger_slug, status, due_at, id)",
};

// In order. The version of the tables is the number of steps taken.
inline constexpr std::array<std::span<const std::string_view>, 10> schema_steps{
    step_1, step_2, step_3, step_4, step_5, step_6, step_7, step_8, step_9, step_10};

}  // namespace struere
