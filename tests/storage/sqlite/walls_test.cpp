// The third wall of SPEC 1, in the schema: read from the file itself, so that a new table cannot forget it, and tried
// with raw SQL, with foreign keys on, for every foreign key that there is.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <map>
#include <set>

#include "support/raw_database.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The tables that both environments share, and the two that say what a scope is and how cursors are sealed.
const std::set<std::string> shared_tables = {
    "meta", "organizations", "users", "memberships", "scopes", "agents", "tool_permissions", "operator_sessions"};
// Of those, the ones that belong to an organization.
const std::set<std::string> organization_tables = {"memberships", "agents", "tool_permissions", "operator_sessions"};

std::set<std::string> tables_of(RawDatabase& raw) {
  std::set<std::string> out;
  for (const auto& row : raw.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
    out.insert(row[0]);
  return out;
}

std::set<std::string> scoped_tables(RawDatabase& raw) {
  std::set<std::string> out;
  // The index of words is one for all scopes, with the scope in each word; what it holds beside its words is SQLite's.
  // It leads to rows by searchable_entities, which is scoped, and by keys of entities that are compared with the scope.
  for (const std::string& table : tables_of(raw))
    if (!shared_tables.contains(table) && !table.starts_with("entity_search")) out.insert(table);
  return out;
}

struct ForeignKey {
  std::string table, parent;
  std::vector<std::pair<std::string, std::string>> columns;  // from, to

  // One to what both environments share carries the organization, and the row's scope vouches for that.
  bool carries_scope() const {
    if (organization_tables.contains(parent))
      return std::ranges::find(columns, std::pair<std::string, std::string>("organization_id", "organization_id")) !=
             columns.end();
    return std::ranges::find(columns, std::pair<std::string, std::string>(
                                          "scope_id", parent == "scopes" ? "id" : "scope_id")) != columns.end();
  }
};

std::vector<ForeignKey> foreign_keys(RawDatabase& raw, const std::string& table) {
  std::map<std::string, ForeignKey> by_id;
  for (const auto& row : raw.rows(fmt::format(
           "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{}') ORDER BY id, seq", table))) {
    ForeignKey& key = by_id[row[0]];
    key.table = table;
    key.parent = row[1];
    key.columns.emplace_back(row[2], row[3]);
  }
  std::vector<ForeignKey> out;
  for (auto& [id, key] : by_id) out.push_back(std::move(key));
  return out;
}

// Fills a scope so that every scoped table has rows in it. The second scope gets more types, so that none of its keys,
// numbers included, is one of the first's too.
void fill(World& world, Environment environment, const std::string& organization, const std::string& prefix) {
  if (prefix == "b") world.define_type({{"slug", "filler"}}, environment, organization);
  world.define_type({{"slug", prefix + "-session"}}, environment, organization);
  world.define_type({{"slug", prefix + "-note"},
                     {"searchFields", {"text"}},
                     {"unique", prefix == "b" ? Json{{"other"}, {"text"}} : Json::array({{"text"}})}},
                    environment, organization);
  if (prefix == "b") world.system(environment, organization).entity_types().remove("filler");
  world.define_role(
      {{"name", prefix + "-teacher"},
       {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}},
       {"scopeRules",
        {{{"entityType", prefix + "-session"}, {"field", "data.team"}, {"operator", "eq"}, {"value", "north"}}}},
       {"fieldMasks", {{{"entityType", prefix + "-session"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}},
      environment, organization);
  const EntityId from = world.create(prefix + "-session", {{"team", "north"}}, environment, organization);
  const EntityId to = world.create(prefix + "-note", {{"text", "x"}}, environment, organization);
  const Session system = world.system(environment, organization);
  system.relations().link(from, "about", to);
  world.user(prefix + "-user", {prefix + "-teacher"}, environment, organization);
  world.host().operator_sessions().invite(OrganizationId(organization), UserId(prefix + "-user"));
  system.api_keys().create({.name = prefix, .roles = {prefix + "-teacher"}});
  const std::string agent = prefix + "-agent";
  system.agents().define({.slug = agent, .name = agent});
  system.agents().configure(agent, {.system_prompt = "Be kind.", .model = "m", .tools = {"t"}});
  system.agents().permit_tool(agent, "t", {.identity = ToolIdentity::system});
  const Thread thread = system.threads().create({.external_id = prefix, .agent = agent});
  system.threads().append(thread.id, {.content = "hello"});
  system.executions().record({.agent = agent, .thread = thread.id, .model = "m"});
  system.triggers().define({{"slug", prefix + "-trigger"},
                            {"on", {{"entityType", prefix + "-note"}, {"action", "created"}}},
                            {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "note.seen"}}}}}}});
  world.create(prefix + "-note", {{"text", "y"}}, environment, organization);
  system.packs().install(prefix + "-pack", "1.0.0");
  system.once({prefix, ""}, [](Session&) { return Json(); });
}

std::string scope_number(RawDatabase& raw, const std::string& organization, const std::string& environment) {
  return raw.value(fmt::format("SELECT id FROM scopes WHERE organization_id = '{}' AND environment = '{}'",
                               organization, environment));
}

}  // namespace

TEST_CASE("every table of a scope is keyed by it", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  RawDatabase raw(world.folder.file());
  const auto scoped = scoped_tables(raw);
  // Those of SPEC 1 that there are; the list may grow, and then the loop below speaks for the new ones.
  for (const char* const table :
       {"entity_types", "entities",         "entity_relations", "roles",        "policies",        "scope_rules",
        "field_masks",  "role_assignments", "api_keys",         "events",       "agent_configs",   "threads",
        "messages",     "executions",       "triggers",         "trigger_runs", "installed_packs", "pack_definitions",
        "releases",     "unique_keys",      "unique_values",    "field_keys",   "entity_keys",     "retention",
        "kept_answers", "log_disorder"})
    CHECK(scoped.contains(table));

  for (const std::string& table : scoped) {
    INFO(table);
    // Always there, and never null.
    REQUIRE(raw.value(fmt::format("SELECT \"notnull\" FROM pragma_table_info('{}') WHERE name = 'scope_id'", table)) ==
            "1");
    // The number of an entity's row is a key too. No foreign key refers to it, as the check of those below shows.
    const char* const first_of_key = table == "entities" ? "row_no" : "scope_id";
    CHECK(raw.value(fmt::format("SELECT name FROM pragma_table_info('{}') WHERE pk = 1", table)) == first_of_key);
    CHECK(raw.value(fmt::format("SELECT strict FROM pragma_table_list('{}')", table)) == "1");

    for (const auto& index : raw.rows(fmt::format("SELECT name, \"unique\" FROM pragma_index_list('{}')", table))) {
      INFO(index[0]);
      const std::string first =
          raw.value(fmt::format("SELECT name FROM pragma_index_info('{}') WHERE seqno = 0", index[0]));
      // The one look-up that finds a scope: an API key by its hash (SPEC 2). A 256-bit hash tells of no other scope.
      if (table == "api_keys" && first == "hash") continue;
      CHECK(first == "scope_id");
    }

    bool reaches_its_scope = false;
    for (const ForeignKey& key : foreign_keys(raw, table)) {
      INFO(key.parent);
      if (key.parent == "users") continue;
      CHECK(key.carries_scope());
      const bool names_shared = organization_tables.contains(key.parent);
      if (!names_shared) reaches_its_scope = true;
      if (names_shared)
        CHECK(std::ranges::any_of(foreign_keys(raw, table), [](const ForeignKey& other) {
          return other.parent == "scopes" && other.columns.size() == 2;
        }));
    }
    CHECK(reaches_its_scope);
  }
}

TEST_CASE("what both environments share is keyed by its organization", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  world.add_organization("globex");
  fill(world, Environment::development, "acme", "a");
  fill(world, Environment::development, "globex", "b");
  RawDatabase raw(world.folder.file());
  for (const std::string& table : organization_tables) {
    INFO(table);
    CHECK(raw.value(fmt::format("SELECT name FROM pragma_table_info('{}') WHERE pk = 1", table)) == "organization_id");
    CHECK(raw.value(fmt::format("SELECT count(*) FROM {} WHERE organization_id = 'globex'", table)) != "0");
  }
  // A row of one organization cannot name an agent of another, nor pretend to be of that other.
  const std::string theirs = raw.value("SELECT id FROM agents WHERE organization_id = 'globex'");
  const std::string mine = scope_number(raw, "acme", "development");
  for (const char* const table : {"agent_configs", "threads", "executions"}) {
    INFO(table);
    const std::string set = fmt::format("UPDATE {} SET agent_id = '{}'", table, theirs);
    CHECK(raw.refusal(fmt::format("{} WHERE scope_id = {}", set, mine)) == "FOREIGN KEY constraint failed");
    CHECK(raw.refusal(fmt::format("{}, organization_id = 'globex' WHERE scope_id = {}", set, mine)) ==
          "FOREIGN KEY constraint failed");
  }
  CHECK(raw.refusal("UPDATE operator_sessions SET user_id = 'b-user' WHERE organization_id = 'acme'") ==
        "FOREIGN KEY constraint failed");
  CHECK(raw.refusal(fmt::format("UPDATE tool_permissions SET agent_id = '{}' WHERE organization_id = 'acme'",
                                theirs)) == "FOREIGN KEY constraint failed");
}

TEST_CASE("indexes that rules bring lead with the scope too", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  fill(world, Environment::development, "acme", "a");
  RawDatabase raw(world.folder.file());
  const auto indexes = raw.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
  REQUIRE(indexes.size() >= 4);
  for (const auto& index : indexes) {
    INFO(index[0]);
    if (index[0] == "scopes_with_organization") continue;   // of the table that says what a scope is
    if (index[0] == "operator_sessions_by_user") continue;  // of a table that belongs to an organization
    CHECK(raw.value(fmt::format("SELECT name FROM pragma_index_info('{}') WHERE seqno = 0", index[0])) == "scope_id");
  }
}

TEST_CASE("no foreign key can be pointed into another scope", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  const auto [environment, organization] =
      GENERATE(std::pair<Environment, std::string>(Environment::production, "acme"),
               std::pair<Environment, std::string>(Environment::development, "globex"));
  world.add_organization("globex");
  fill(world, Environment::development, "acme", "a");
  fill(world, environment, organization, "b");
  RawDatabase raw(world.folder.file());
  const std::string mine = scope_number(raw, "acme", "development");
  const std::string other = scope_number(raw, organization, std::string(to_string(environment)));
  REQUIRE(mine != other);
  raw.run("INSERT INTO pack_definitions SELECT scope_id, pack_id, '{}' FROM installed_packs");
  raw.run("INSERT INTO former_names SELECT scope_id, slug, 1, 'a', 'b', 1 FROM entity_types");

  raw.run("INSERT INTO trigger_cascades SELECT id, 'a', 1, 1 FROM scopes");
  raw.run("INSERT INTO log_disorder SELECT id, 1 FROM scopes");
  raw.run("INSERT OR IGNORE INTO due_scopes SELECT id, 1 FROM scopes");

  int tried = 0;
  for (const std::string& table : scoped_tables(raw)) {
    for (const ForeignKey& key : foreign_keys(raw, table)) {
      if (shared_tables.contains(key.parent)) continue;
      for (const auto& [from, to] : key.columns) {
        if (from == "scope_id") continue;
        INFO(table << "." << from << " -> " << key.parent << "." << to);
        // A row that is there, and a parent that only the other scope has.
        const std::string row =
            fmt::format("scope_id = {0} AND {1} = (SELECT min({1}) FROM {2} WHERE scope_id = {0})", mine, from, table);
        REQUIRE(raw.value(fmt::format("SELECT count(*) FROM {} WHERE {}", table, row)) != "0");
        const std::string foreign = fmt::format("(SELECT max({}) FROM {} WHERE scope_id = {})", to, key.parent, other);
        REQUIRE(raw.value(fmt::format("SELECT count(*) FROM {} WHERE scope_id = {} AND {} = {}", key.parent, mine, to,
                                      foreign)) == "0");
        CHECK(raw.refusal(fmt::format("UPDATE {} SET {} = {} WHERE {}", table, from, foreign, row)) ==
              "FOREIGN KEY constraint failed");
        // Nor can the row itself move over there and take its parents' names with it.
        const std::string aside = table == "events" ? ", sequence = sequence + 1000" : "";  // where no number is taken
        CHECK(raw.refusal(fmt::format("UPDATE {} SET scope_id = {}{} WHERE {}", table, other, aside, row)) ==
              "FOREIGN KEY constraint failed");
        ++tried;
      }
    }
  }
  CHECK(tried >= 10);
  CHECK(raw.rows("PRAGMA foreign_key_check").empty());
}

TEST_CASE("no row can be inserted across scopes, nor without one", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  fill(world, Environment::development, "acme", "a");
  fill(world, Environment::production, "acme", "b");
  RawDatabase raw(world.folder.file());
  const std::string mine = scope_number(raw, "acme", "development"), other = scope_number(raw, "acme", "production");
  const std::string my_entity = raw.value("SELECT min(id) FROM entities WHERE scope_id = " + mine);
  const std::string their_entity = raw.value("SELECT min(id) FROM entities WHERE scope_id = " + other);
  const std::string their_type = raw.value("SELECT max(type_key) FROM entity_types WHERE scope_id = " + other);
  const std::string their_role = raw.value("SELECT id FROM roles WHERE scope_id = " + other);
  const std::string refused = "FOREIGN KEY constraint failed";
  raw.run(fmt::format("INSERT INTO retention VALUES({}, 'events', 90, 1)", mine));
  raw.run(fmt::format("INSERT INTO releases VALUES({}, 1, '{{}}', '[]', '', NULL, 'system', 'system', 1)", mine));
  raw.run(fmt::format(
      "INSERT INTO pack_definitions SELECT scope_id, pack_id, '{{}}' FROM installed_packs WHERE scope_id = {}", mine));
  raw.run(fmt::format(
      "INSERT INTO former_names SELECT scope_id, slug, 1, 'a', 'b', 1 FROM entity_types WHERE scope_id = {}", mine));

  CHECK(raw.refusal(fmt::format("INSERT INTO entity_relations VALUES({}, '{}', 'x', '{}')", mine, my_entity,
                                their_entity)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO entity_relations VALUES({}, '{}', 'x', '{}')", mine, their_entity,
                                my_entity)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO entity_relations VALUES({}, '{}', 'x', '{}')", other, my_entity,
                                their_entity)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO entities VALUES(NULL, {}, 'new', {}, 'active', 1, 1, NULL, 1, '{{}}')",
                                mine, their_type)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, "
                                "created_at, payload, hash) SELECT {}, 1000, 'new', type, '{}', actor_type, actor_id, "
                                "created_at, payload, hash "
                                "FROM events LIMIT 1",
                                mine, their_entity)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO policies VALUES({}, '{}', 900, '*', '*', 'allow')", mine, their_role)) ==
        refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO scope_rules VALUES({}, '{}', 901, 'a-session', '{{}}')", mine,
                                their_role)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO field_masks VALUES({}, '{}', 902, 'a-session', 'mask', '{{}}')", mine,
                                their_role)) == refused);
  CHECK(raw.refusal(fmt::format("INSERT INTO role_assignments VALUES({}, 'a-user', '{}', NULL, 'x', 1)", mine,
                                their_role)) == refused);
  raw.run(fmt::format("INSERT INTO trigger_cascades VALUES({}, 'a', 1, 1)", mine));
  raw.run(fmt::format("INSERT INTO log_disorder VALUES({}, 1)", mine));
  raw.run(fmt::format("INSERT OR IGNORE INTO due_scopes VALUES({}, 1)", mine));
  // A scope that is none, and none at all.
  raw.run(fmt::format("INSERT INTO event_checkpoints VALUES({}, 1, zeroblob(32))", mine));
  for (const std::string& table : scoped_tables(raw)) {
    INFO(table);
    CHECK_FALSE(raw.refusal(fmt::format("UPDATE {} SET scope_id = 999999 WHERE scope_id = {}", table, mine)).empty());
    CHECK_FALSE(raw.refusal(fmt::format("UPDATE {} SET scope_id = NULL WHERE scope_id = {}", table, mine)).empty());
  }
  // What others stand on cannot be taken away beneath them.
  CHECK(raw.refusal("DELETE FROM scopes WHERE id = " + mine) == refused);
  CHECK(raw.refusal("DELETE FROM organizations WHERE id = 'acme'") == refused);
  CHECK(raw.refusal(fmt::format("DELETE FROM entities WHERE scope_id = {} AND id = '{}'", mine, my_entity)) == refused);
}

TEST_CASE("an environment is one of two in the file as well", "[sqlite][walls]") {
  World world(StorageKind::sqlite);
  RawDatabase raw(world.folder.file());
  for (const char* const wrong : {"'staging'", "'Production'", "''", "NULL", "'production '"}) {
    INFO(wrong);
    CHECK_FALSE(
        raw.refusal(fmt::format("INSERT INTO scopes(organization_id, environment) VALUES('acme', {})", wrong)).empty());
  }
  CHECK(raw.refusal("INSERT INTO scopes(organization_id, environment) VALUES('nobody', 'production')") ==
        "FOREIGN KEY constraint failed");
  CHECK(raw.refusal("INSERT INTO scopes(organization_id, environment) VALUES('acme', 'production')")
            .starts_with("UNIQUE"));
}
