// The tables, as the steps that made them. Never edited after a release: what changes is a further step.
//
// INVARIANT (scripts/check_distribution): scope_id comes first in every primary, unique and foreign key of a scoped
// table; those of tables that both environments share begin with organization_id. No generated columns, expression
// indexes, triggers, sequences or jsonb. All text is COLLATE "C", so that it orders by bytes as the library does. Times
// are milliseconds since the Unix epoch. docs/postgresql.md explains what differs from SQLite's tables.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace struere::postgres {

inline constexpr std::string_view step_1[] = {
    "CREATE TABLE struere.meta("
    "name text COLLATE \"C\" NOT NULL PRIMARY KEY, value bytea NOT NULL)",

    // --- shared by all scopes: reference tables when distributed

    "CREATE TABLE struere.organizations("
    "id text COLLATE \"C\" NOT NULL PRIMARY KEY CHECK(id <> ''), name text COLLATE \"C\" NOT NULL, created_at bigint "
    "NOT NULL, unfinished_copy text COLLATE \"C\")",  // open once it is null: its copy from another database is whole

    "CREATE TABLE struere.users("
    "id text COLLATE \"C\" NOT NULL PRIMARY KEY CHECK(id <> ''), name text COLLATE \"C\" NOT NULL, created_at bigint "
    "NOT NULL)",

    "CREATE TABLE struere.memberships("
    "organization_id text COLLATE \"C\" NOT NULL REFERENCES struere.organizations(id), user_id text COLLATE \"C\" NOT "
    "NULL REFERENCES struere.users(id), role text COLLATE \"C\" NOT NULL CHECK(role IN ('member', 'admin')), "
    "created_at bigint NOT NULL, PRIMARY KEY(organization_id, user_id))",

    // The scopes, each as a small number that leads all keys below. A row never changes.
    "CREATE TABLE struere.scopes("
    "id integer NOT NULL PRIMARY KEY, organization_id text COLLATE \"C\" NOT NULL REFERENCES "
    "struere.organizations(id), environment text COLLATE \"C\" NOT NULL CHECK(environment IN ('development', "
    "'production')), UNIQUE(organization_id, environment), UNIQUE(id, organization_id))",

    // The scope that an API key leads to, which has to be known before a scope is.
    "CREATE TABLE struere.api_key_scopes("
    "hash bytea NOT NULL PRIMARY KEY CHECK(length(hash) = 32), scope_id integer NOT NULL REFERENCES "
    "struere.scopes(id))",

    "CREATE TABLE struere.agents("
    "organization_id text COLLATE \"C\" NOT NULL REFERENCES struere.organizations(id), id text COLLATE \"C\" NOT NULL, "
    "slug text COLLATE \"C\" NOT NULL, name text COLLATE \"C\" NOT NULL, description text COLLATE \"C\" NOT NULL, "
    "created_at bigint NOT NULL, updated_at bigint NOT NULL, PRIMARY KEY(organization_id, id), "
    "UNIQUE(organization_id, slug))",

    "CREATE TABLE struere.tool_permissions("
    "organization_id text COLLATE \"C\" NOT NULL, agent_id text COLLATE \"C\" NOT NULL, tool text COLLATE \"C\" NOT "
    "NULL, identity text COLLATE \"C\" NOT NULL CHECK(identity IN ('inherit', 'system', 'configured')), role text "
    "COLLATE \"C\", allowed_actions text COLLATE \"C\", denied_fields text COLLATE \"C\" NOT NULL, updated_at bigint "
    "NOT NULL, PRIMARY KEY(organization_id, agent_id, tool), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES struere.agents(organization_id, id))",

    // What has to be looked for in all scopes: those with an open run of a trigger, by when the first one is due or its
    // lease ends, and those with field keys that are not whole.
    "CREATE TABLE struere.due_scopes("
    "scope_id integer NOT NULL PRIMARY KEY REFERENCES struere.scopes(id), due_at bigint NOT NULL)",

    "CREATE TABLE struere.unfinished_scopes("
    "scope_id integer NOT NULL PRIMARY KEY REFERENCES struere.scopes(id))",

    // --- of one scope

    // What changes with each write of a scope. The lock of its row is the order of the writers. `generation` counts
    // changes of configuration; the length of the log and its last hash show when events are cut off its end;
    // `log_start_…` is the last event that was pruned. Half of a page is left free, so that an update stays on it.
    "CREATE TABLE struere.scope_heads("
    "scope_id integer NOT NULL PRIMARY KEY REFERENCES struere.scopes(id), generation bigint NOT NULL DEFAULT 0, "
    "event_count bigint NOT NULL DEFAULT 0, event_hash bytea NOT NULL CHECK(length(event_hash) = 32), "
    "event_time bigint NOT NULL DEFAULT 0, written_at bigint NOT NULL DEFAULT 0, log_start_sequence bigint NOT NULL "
    "DEFAULT 0, log_start_hash bytea NOT NULL CHECK(length(log_start_hash) = 32)) WITH (fillfactor = 50)",

    "CREATE TABLE struere.entity_types("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), type_key bigint NOT NULL, slug text COLLATE \"C\" NOT "
    "NULL, name text COLLATE \"C\" NOT NULL, schema text COLLATE \"C\" NOT NULL, search_fields text COLLATE \"C\" NOT "
    "NULL, bound_to_role text COLLATE \"C\", user_id_field text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, "
    "PRIMARY KEY(scope_id, type_key), UNIQUE(scope_id, slug))",

    // `data` is the canonical text, byte for byte.
    "CREATE TABLE struere.entities("
    "scope_id integer NOT NULL, id text COLLATE \"C\" NOT NULL, type_key bigint NOT NULL, status text COLLATE \"C\" "
    "NOT NULL CHECK(status <> ''), created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint, "
    "version bigint NOT NULL CHECK(version > 0), data text COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES struere.entity_types(scope_id, type_key)) WITH (fillfactor = 90)",

    "CREATE INDEX entities_by_type ON struere.entities(scope_id, type_key, created_at DESC, id DESC) WHERE deleted_at "
    "IS NULL",

    "CREATE INDEX deleted_entities ON struere.entities(scope_id, type_key) WHERE deleted_at IS NOT NULL",

    "CREATE TABLE struere.entity_relations("
    "scope_id integer NOT NULL, from_id text COLLATE \"C\" NOT NULL, type text COLLATE \"C\" NOT NULL, to_id text "
    "COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, from_id, type, to_id), "
    "FOREIGN KEY(scope_id, from_id) REFERENCES struere.entities(scope_id, id), "
    "FOREIGN KEY(scope_id, to_id) REFERENCES struere.entities(scope_id, id))",

    "CREATE INDEX entity_relations_by_end ON struere.entity_relations(scope_id, to_id, type, from_id)",

    // By which fields the rows of a type are kept in order. `filled_…`: how far a key that is being built has come.
    "CREATE TABLE struere.field_keys("
    "scope_id integer NOT NULL, type_key bigint NOT NULL, key_no bigint NOT NULL, fields text COLLATE \"C\" NOT NULL, "
    "state text COLLATE \"C\" NOT NULL CHECK(state IN ('building', 'whole', 'dropping')), filled_created_at bigint, "
    "filled_id text COLLATE \"C\", PRIMARY KEY(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES struere.entity_types(scope_id, type_key))",

    // Of entities that are not deleted, in the order of a page; the keys are those of query/field_key.hpp.
    "CREATE TABLE struere.entity_keys("
    "scope_id integer NOT NULL, type_key bigint NOT NULL, key_no bigint NOT NULL, key bytea NOT NULL, created_at "
    "bigint NOT NULL, id text COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, type_key, key_no, key, created_at, id))",

    // The words of the search fields, each cut to 64 bytes: which rows may match a search.
    "CREATE TABLE struere.entity_words("
    "scope_id integer NOT NULL, type_key bigint NOT NULL, word text COLLATE \"C\" NOT NULL, entity_id text COLLATE "
    "\"C\" NOT NULL, PRIMARY KEY(scope_id, type_key, word, entity_id))",

    "CREATE INDEX entity_words_by_entity ON struere.entity_words(scope_id, entity_id)",

    // What no two entities of a type may agree on (SPEC 6). `position` is that among the keys of the type as declared,
    // `paths` a list as canonical JSON.
    "CREATE TABLE struere.unique_keys("
    "scope_id integer NOT NULL, type_key bigint NOT NULL, key_no bigint NOT NULL, position bigint NOT NULL, paths text "
    "COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES struere.entity_types(scope_id, type_key))",

    // Of entities that are not deleted.
    "CREATE TABLE struere.unique_values("
    "scope_id integer NOT NULL, type_key bigint NOT NULL, key_no bigint NOT NULL, value text COLLATE \"C\" NOT NULL, "
    "entity_id text COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, type_key, key_no, value), "
    "FOREIGN KEY(scope_id, type_key, key_no) REFERENCES struere.unique_keys(scope_id, type_key, key_no), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES struere.entities(scope_id, id))",

    "CREATE INDEX unique_values_by_entity ON struere.unique_values(scope_id, entity_id)",

    "CREATE TABLE struere.roles("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), id text COLLATE \"C\" NOT NULL, name text COLLATE \"C\" "
    "NOT NULL, created_at bigint NOT NULL, PRIMARY KEY(scope_id, id), UNIQUE(scope_id, name))",

    "CREATE TABLE struere.policies("
    "scope_id integer NOT NULL, role_id text COLLATE \"C\" NOT NULL, position bigint NOT NULL, resource text COLLATE "
    "\"C\" NOT NULL, action text COLLATE \"C\" NOT NULL, effect text COLLATE \"C\" NOT NULL CHECK(effect IN ('allow', "
    "'deny')), PRIMARY KEY(scope_id, role_id, position), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES struere.roles(scope_id, id))",

    "CREATE TABLE struere.scope_rules("
    "scope_id integer NOT NULL, role_id text COLLATE \"C\" NOT NULL, position bigint NOT NULL, entity_type text "
    "COLLATE \"C\" NOT NULL, rule text COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, role_id, position), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES struere.roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES struere.entity_types(scope_id, slug))",

    "CREATE TABLE struere.field_masks("
    "scope_id integer NOT NULL, role_id text COLLATE \"C\" NOT NULL, position bigint NOT NULL, entity_type text "
    "COLLATE \"C\" NOT NULL, kind text COLLATE \"C\" NOT NULL CHECK(kind IN ('mask', 'visible')), definition text "
    "COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, role_id, position), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES struere.roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES struere.entity_types(scope_id, slug))",

    "CREATE TABLE struere.role_assignments("
    "scope_id integer NOT NULL, user_id text COLLATE \"C\" NOT NULL REFERENCES struere.users(id), role_id text COLLATE "
    "\"C\" NOT NULL, expires_at bigint, granted_by text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, "
    "PRIMARY KEY(scope_id, user_id, role_id), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES struere.roles(scope_id, id))",

    "CREATE TABLE struere.api_keys("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), id text COLLATE \"C\" NOT NULL, hash bytea NOT NULL "
    "REFERENCES struere.api_key_scopes(hash), name text COLLATE \"C\" NOT NULL, display_prefix text COLLATE \"C\" NOT "
    "NULL, roles text COLLATE \"C\" NOT NULL, kind text COLLATE \"C\" NOT NULL CHECK(kind IN ('agent', 'webhook')), "
    "created_at bigint NOT NULL, expires_at bigint, revoked_at bigint, last_used_at bigint, created_by_type text "
    "COLLATE \"C\" NOT NULL, created_by text COLLATE \"C\" NOT NULL, PRIMARY KEY(scope_id, id), "
    "UNIQUE(scope_id, hash))",

    // The log. An event of an entity that was purged keeps its id in a column that refers to nothing.
    "CREATE TABLE struere.events("
    "scope_id integer NOT NULL REFERENCES struere.scope_heads(scope_id), sequence bigint NOT NULL, id text COLLATE "
    "\"C\" NOT NULL, type text COLLATE \"C\" NOT NULL, entity_id text COLLATE \"C\", other_end_id text COLLATE \"C\", "
    "actor_type text COLLATE \"C\" NOT NULL, actor_id text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, payload "
    "text COLLATE \"C\" NOT NULL, hash bytea NOT NULL CHECK(length(hash) = 32), salt bytea CHECK(length(salt) = 16), "
    "payload_hash bytea CHECK(payload_hash IS NULL OR (length(payload_hash) = 32 AND salt IS NULL AND payload = "
    "'{}')), purged_entity_id text COLLATE \"C\" CHECK(purged_entity_id IS NULL OR entity_id IS NULL), "
    "purged_other_end_id text COLLATE \"C\" CHECK(purged_other_end_id IS NULL OR other_end_id IS NULL), "
    "impersonated_by_type text COLLATE \"C\", impersonated_by text COLLATE \"C\", PRIMARY KEY(scope_id, sequence), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES struere.entities(scope_id, id), "
    "FOREIGN KEY(scope_id, other_end_id) REFERENCES struere.entities(scope_id, id))",

    "CREATE INDEX events_by_entity ON struere.events(scope_id, entity_id, sequence) WHERE entity_id IS NOT NULL",

    "CREATE INDEX events_by_other_end ON struere.events(scope_id, other_end_id) WHERE other_end_id IS NOT NULL",

    "CREATE INDEX events_by_purged_entity ON struere.events(scope_id, purged_entity_id, sequence) WHERE "
    "purged_entity_id IS NOT NULL",

    // The newest version is the one in force; the others are its history.
    "CREATE TABLE struere.agent_configs("
    "scope_id integer NOT NULL, organization_id text COLLATE \"C\" NOT NULL, agent_id text COLLATE \"C\" NOT NULL, "
    "version bigint NOT NULL CHECK(version > 0), system_prompt text COLLATE \"C\" NOT NULL, model text COLLATE \"C\" "
    "NOT NULL, tools text COLLATE \"C\" NOT NULL, roles text COLLATE \"C\" NOT NULL, status text COLLATE \"C\" NOT "
    "NULL CHECK(status IN ('active', 'inactive')), created_by text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, "
    "PRIMARY KEY(scope_id, agent_id, version), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES struere.scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES struere.agents(organization_id, id))",

    "CREATE TABLE struere.threads("
    "scope_id integer NOT NULL, organization_id text COLLATE \"C\" NOT NULL, id text COLLATE \"C\" NOT NULL, "
    "external_id text COLLATE \"C\", agent_id text COLLATE \"C\", title text COLLATE \"C\" NOT NULL, metadata text "
    "COLLATE \"C\" NOT NULL, started_by_type text COLLATE \"C\" NOT NULL, started_by text COLLATE \"C\" NOT NULL, "
    "message_count bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, PRIMARY KEY(scope_id, id), "
    "UNIQUE(scope_id, started_by_type, started_by, external_id), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES struere.scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES struere.agents(organization_id, id))",

    "CREATE INDEX threads_by_time ON struere.threads(scope_id, created_at, id)",

    "CREATE INDEX threads_by_starter ON struere.threads(scope_id, started_by_type, started_by, created_at, id)",

    "CREATE INDEX threads_by_external_id ON struere.threads(scope_id, external_id, created_at, id)",

    "CREATE TABLE struere.messages("
    "scope_id integer NOT NULL, thread_id text COLLATE \"C\" NOT NULL, sequence bigint NOT NULL, id text COLLATE \"C\" "
    "NOT NULL, role text COLLATE \"C\" NOT NULL CHECK(role IN ('user', 'assistant', 'system', 'tool')), content text "
    "COLLATE \"C\" NOT NULL, tool_calls text COLLATE \"C\" NOT NULL, tool_call_id text COLLATE \"C\", attachments text "
    "COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, PRIMARY KEY(scope_id, thread_id, sequence), "
    "UNIQUE(scope_id, id), FOREIGN KEY(scope_id, thread_id) REFERENCES struere.threads(scope_id, id))",

    "CREATE INDEX messages_by_time ON struere.messages(scope_id, created_at, id)",

    "CREATE TABLE struere.executions("
    "scope_id integer NOT NULL, organization_id text COLLATE \"C\" NOT NULL, id text COLLATE \"C\" NOT NULL, agent_id "
    "text COLLATE \"C\", config_version bigint, thread_id text COLLATE \"C\", model text COLLATE \"C\" NOT NULL, "
    "status text COLLATE \"C\" NOT NULL CHECK(status IN ('completed', 'failed', 'cancelled')), error text COLLATE "
    "\"C\", input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, duration_ms bigint NOT NULL, tool_calls text "
    "COLLATE \"C\" NOT NULL, actor_type text COLLATE \"C\" NOT NULL, actor_id text COLLATE \"C\" NOT NULL, day bigint "
    "NOT NULL, created_at bigint NOT NULL, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, organization_id) REFERENCES struere.scopes(id, organization_id), "
    "FOREIGN KEY(organization_id, agent_id) REFERENCES struere.agents(organization_id, id), "
    "FOREIGN KEY(scope_id, thread_id) REFERENCES struere.threads(scope_id, id))",

    "CREATE INDEX executions_by_time ON struere.executions(scope_id, created_at, id)",

    "CREATE INDEX executions_by_thread ON struere.executions(scope_id, thread_id)",

    "CREATE TABLE struere.triggers("
    "scope_id integer NOT NULL, id text COLLATE \"C\" NOT NULL, slug text COLLATE \"C\" NOT NULL, entity_type text "
    "COLLATE \"C\" NOT NULL, definition text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT "
    "NULL, PRIMARY KEY(scope_id, id), UNIQUE(scope_id, slug), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES struere.entity_types(scope_id, slug))",

    // `definition` is the trigger's as of the write that it answers: a change of the trigger changes no run.
    "CREATE TABLE struere.trigger_runs("
    "scope_id integer NOT NULL, id text COLLATE \"C\" NOT NULL, trigger_slug text COLLATE \"C\" NOT NULL, definition "
    "text COLLATE \"C\" NOT NULL, entity_id text COLLATE \"C\" NOT NULL, input text COLLATE \"C\" NOT NULL, status "
    "text COLLATE \"C\" NOT NULL CHECK(status IN ('pending', 'running', 'completed', 'dead', 'cancelled')), due_at "
    "bigint NOT NULL, attempts bigint NOT NULL, steps text COLLATE \"C\" NOT NULL, error text COLLATE \"C\", depth "
    "bigint NOT NULL, worker text COLLATE \"C\", created_at bigint NOT NULL, finished_at bigint, "
    "PRIMARY KEY(scope_id, id), FOREIGN KEY(scope_id, entity_id) REFERENCES struere.entities(scope_id, id))",

    // A running run is due when its worker's lease ends.
    "CREATE INDEX trigger_runs_by_due ON struere.trigger_runs(scope_id, status, due_at, id)",

    "CREATE INDEX trigger_runs_by_entity ON struere.trigger_runs(scope_id, entity_id, trigger_slug, status)",

    "CREATE INDEX trigger_runs_by_end ON struere.trigger_runs(scope_id, finished_at, id)",

    // How many runs each write of a caller led to through other runs.
    "CREATE TABLE struere.trigger_cascades("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), origin text COLLATE \"C\" NOT NULL, runs bigint NOT "
    "NULL, created_at bigint NOT NULL, PRIMARY KEY(scope_id, origin))",

    "CREATE TABLE struere.installed_packs("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), pack_id text COLLATE \"C\" NOT NULL, version text "
    "COLLATE \"C\" NOT NULL, overrides text COLLATE \"C\" NOT NULL, history text COLLATE \"C\" NOT NULL, installed_by "
    "text COLLATE \"C\" NOT NULL, installed_at bigint NOT NULL, updated_at bigint NOT NULL, "
    "PRIMARY KEY(scope_id, pack_id))",

    // What a pack ships, as it was installed: the base that customizations are compared with.
    "CREATE TABLE struere.pack_definitions("
    "scope_id integer NOT NULL, pack_id text COLLATE \"C\" NOT NULL, definitions text COLLATE \"C\" NOT NULL, "
    "PRIMARY KEY(scope_id, pack_id), "
    "FOREIGN KEY(scope_id, pack_id) REFERENCES struere.installed_packs(scope_id, pack_id))",

    "CREATE TABLE struere.releases("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), number bigint NOT NULL CHECK(number > 0), definitions "
    "text COLLATE \"C\" NOT NULL, changes text COLLATE \"C\" NOT NULL, note text COLLATE \"C\" NOT NULL, restores "
    "bigint, created_by_type text COLLATE \"C\" NOT NULL, created_by text COLLATE \"C\" NOT NULL, created_at bigint "
    "NOT NULL, PRIMARY KEY(scope_id, number))",

    // What fields were called before a pack renamed them.
    "CREATE TABLE struere.former_names("
    "scope_id integer NOT NULL, entity_type text COLLATE \"C\" NOT NULL, position bigint NOT NULL CHECK(position > 0), "
    "former text COLLATE \"C\" NOT NULL, present text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, "
    "PRIMARY KEY(scope_id, entity_type, position), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES struere.entity_types(scope_id, slug))",

    // How long what a scope gathers is kept.
    "CREATE TABLE struere.retention("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), kind text COLLATE \"C\" NOT NULL, days bigint NOT NULL "
    "CHECK(days > 0), updated_at bigint NOT NULL, PRIMARY KEY(scope_id, kind))",
};

// Operators: people who sign in to look after an organization.
inline constexpr std::string_view step_2[] = {
    // Invitations and sessions, by the SHA-256 of a secret. Only a member has any: where a library that does not know
    // this table removes a member, the server removes these.
    "CREATE TABLE struere.operator_sessions("
    "organization_id text COLLATE \"C\" NOT NULL, id text COLLATE \"C\" NOT NULL, hash bytea NOT NULL "
    "CHECK(length(hash) = 32), kind text COLLATE \"C\" NOT NULL CHECK(kind IN ('invitation', 'session')), "
    "user_id text COLLATE \"C\" NOT NULL, created_at bigint NOT NULL, last_seen_at bigint NOT NULL, "
    "expires_at bigint NOT NULL, idle_ms bigint, ended_at bigint, PRIMARY KEY(organization_id, id), "
    "UNIQUE(organization_id, hash), FOREIGN KEY(organization_id, user_id) REFERENCES "
    "struere.memberships(organization_id, user_id) ON DELETE CASCADE)",

    "CREATE INDEX operator_sessions_by_user ON struere.operator_sessions(organization_id, user_id)",
};

// The answers of requests that are carried out once (Session::once), and the traces of events.
inline constexpr std::string_view step_3[] = {
    // A ring: each new answer displaces the one whose number is 4,000 less. `answer` is null if its text was too long
    // to be kept, or was removed for later ones or by a purge. `bytes_so_far` adds up the texts of all answers up to
    // this one.
    "CREATE TABLE struere.kept_answers("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), number bigint NOT NULL CHECK(number > 0), "
    "key_hash bytea NOT NULL CHECK(length(key_hash) = 32), fingerprint bytea NOT NULL CHECK(length(fingerprint) = 32), "
    "created_at bigint NOT NULL, bytes_so_far bigint NOT NULL, answer text COLLATE \"C\", "
    "PRIMARY KEY(scope_id, number), UNIQUE(scope_id, key_hash))",

    // For the removal of texts alone.
    "CREATE INDEX kept_answers_with_text ON struere.kept_answers(scope_id, bytes_so_far) WHERE answer IS NOT NULL",

    // The trace of the request that an event belongs to.
    "ALTER TABLE struere.events ADD COLUMN trace_id text COLLATE \"C\"",
};

// Up to which event the times of a log may run backwards. Only a copy of a file from before the library kept them in
// order has any.
inline constexpr std::string_view step_4[] = {
    "CREATE TABLE struere.log_disorder("
    "scope_id integer NOT NULL REFERENCES struere.scopes(id), through bigint NOT NULL CHECK(through > 0), "
    "PRIMARY KEY(scope_id, through))",

    "INSERT INTO struere.log_disorder SELECT scope_id, max(sequence) - 1 FROM (SELECT scope_id, sequence, created_at < "
    "lag(created_at) OVER (PARTITION BY scope_id ORDER BY sequence) AS is_back FROM struere.events) e WHERE is_back "
    "GROUP BY scope_id",

    // The lists that are asked for by these.
    "CREATE INDEX threads_by_agent ON struere.threads(scope_id, agent_id, created_at, id)",

    "CREATE INDEX executions_by_agent ON struere.executions(scope_id, agent_id, created_at, id)",

    "CREATE INDEX trigger_runs_by_trigger ON struere.trigger_runs(scope_id, trigger_slug, status, due_at, id)",
};

// In order; the version of the tables is how many of them were taken.
inline constexpr std::array<std::span<const std::string_view>, 4> schema_steps{step_1, step_2, step_3, step_4};

}  // namespace struere::postgres
