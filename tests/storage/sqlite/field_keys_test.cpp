// Field keys come and go with the rules and schemas of their own scope, are built beside writers, and change no answer.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>

#include "storage/sql/selection_cache.hpp"
#include "storage/sqlite/key_catalog.hpp"
#include "support/raw_database.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

using KeyLines = std::vector<std::string>;

// "note data.team", of those of one organization.
KeyLines key_lines(const World& world, const std::string& organization = "acme") {
  KeyLines out;
  const auto report = world.host().check_storage();
  CHECK(report.faults.empty());
  for (const FieldKeyReport& key : report.field_keys.value())
    if (key.organization.str() == organization)
      out.push_back(fmt::format("{} {}{}", key.entity_type, fmt::join(key.fields, " "), key.is_whole ? "" : " …"));
  return out;
}

Json note_role(const std::string& name, const Json& rules) {
  return {{"name", name},
          {"policies", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "allow"}}}},
          {"scopeRules", rules}};
}

Json note_rule(const char* field, const char* compared_by, const Json& value) {
  return {{"entityType", "note"}, {"field", field}, {"operator", compared_by}, {"value", value}};
}

Json indexed(std::initializer_list<const char*> fields) {
  Json properties = Json::object();
  for (const char* const field : fields) properties[field] = {{"x-index", true}};
  return {{"slug", "note"}, {"schema", {{"properties", properties}}}};
}

std::vector<Json> many_notes(int count) {
  std::vector<Json> out;
  for (int i = 0; i < count; ++i) out.push_back({{"n", i % 7}, {"team", i % 2 == 0 ? "a" : "b"}});
  return out;
}

// A file in which the keys of a type of 6,000 rows are yet to be filled, as after a kill.
void leave_unfinished(World& world) {
  world.define_type({{"slug", "note"}});
  (void)world.system().entities("note").create_all(many_notes(6000));
  world.define_type(indexed({"n"}));
  RawDatabase(world.folder.file())
      .run(
          "UPDATE field_keys SET state = 'building', filled_created_at = NULL, filled_id = NULL; "
          "DELETE FROM entity_keys WHERE id > (SELECT id FROM entities ORDER BY id LIMIT 1 OFFSET 3000)");
}

}  // namespace

TEST_CASE("a field key is there for as long as its own scope asks for it", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.add_organization("other");
  world.define_type({{"slug", "note"}});
  world.define_type({{"slug", "note"}}, Environment::production, "other");
  CHECK(key_lines(world).empty());
  world.define_role(note_role("a", {note_rule("data.team", "eq", "x"), note_rule("data.price", "gt", 1)}));
  CHECK(key_lines(world) == KeyLines{"note data.team"});
  world.define_role(note_role("b", {note_rule("data.team", "in", {"x", "y"}), note_rule("data.kind", "in", {"x"})}),
                    Environment::production, "other");
  CHECK(key_lines(world) == KeyLines{"note data.team"});
  CHECK(key_lines(world, "other") == KeyLines{"note data.kind", "note data.team"});
  world.define_role(note_role("a", Json::array({note_rule("data.price", "gt", 1)})));
  CHECK(key_lines(world).empty());  // whatever the other organization needs
  CHECK(key_lines(world, "other") == KeyLines{"note data.kind", "note data.team"});
  world.system(Environment::production, "other").roles().remove("b");
  CHECK(key_lines(world, "other").empty());
  // An alternative is found by none, as the other may hold of any row.
  const Json team{{"field", "data.team"}, {"operator", "eq"}, {"value", "x"}};
  const Json n{{"field", "data.n"}, {"operator", "eq"}, {"value", 1}};
  world.define_role(note_role("a", Json::array({Json{{"entityType", "note"}, {"any", {team, n}}}})));
  CHECK(key_lines(world).empty());
  world.define_role(note_role("a", Json::array({Json{{"entityType", "note"}, {"all", {team, n}}}})));
  CHECK(key_lines(world) == KeyLines{"note data.n", "note data.team"});
  world.define_type(indexed({"due"}));
  CHECK(key_lines(world) ==
        KeyLines{"note data.due", "note data.n data.due", "note data.n", "note data.team data.due", "note data.team"});
}

TEST_CASE("a profile names the field key that serves a query", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type(indexed({"state"}));
  for (int i = 0; i < 10; ++i) world.create("note", {{"state", i == 3 ? "open" : "done"}});
  const Query query{.where = field("data.state") == "open"};
  const auto system = world.system();
  CHECK(system.entities("note").list(query).size() == 1);
  CHECK(system.profile(system, "note", query).steps.at(0) == "by the field key data.state");
  world.define_type({{"slug", "note"}});
  CHECK(system.profile(system, "note", query).steps.at(0).find("field key") == std::string::npos);
  CHECK(system.entities("note").list(query).size() == 1);
}

TEST_CASE("a type has at most 16 fields with x-index", "[sqlite][keys]") {
  World world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  Json definition = indexed({});
  for (int i = 0; i < 16; ++i) definition["schema"]["properties"]["f" + std::to_string(i)] = {{"x-index", true}};
  CHECK_NOTHROW(world.define_type(definition));
  definition["schema"]["properties"]["one-more"] = {{"x-index", true}};
  CHECK_THROWS_AS(world.define_type(definition), Error);
}

TEST_CASE("keys of values that are cut, or tie, leave the rows to decide", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  World memory(StorageKind::memory);
  const std::string long_text(70, 'x');
  const std::vector<Json> values{nullptr,
                                 true,
                                 false,
                                 0,
                                 -1,
                                 1.5,
                                 9007199254740993,
                                 9007199254740992.0,
                                 "",
                                 "x",
                                 long_text,
                                 long_text + "y",
                                 long_text + "a",
                                 std::string(64, 'x'),
                                 std::string(65, 'x'),
                                 "\u0001",
                                 "\"quoted\\",
                                 "Ünï",
                                 Json::array(),
                                 {1},
                                 {1, 2},
                                 Json::object(),
                                 {{"a", 1}}};
  for (World* const each : {&world, &memory}) {
    each->define_type(indexed({"v"}));
    for (const Json& value : values)
      for (int copy = 0; copy < 2; ++copy) each->create("note", {{"v", value}, {"copy", copy}});
    each->create("note", {{"w", 1}});
  }
  const auto rows_of = [](World& each, const Query& query) {
    std::vector<std::string> out;
    Query next = query;
    next.limit = 3;
    do {
      const EntityPage page = each.system().entities("note").list(next);
      for (const Entity& row : page) out.emplace_back(row.json());
      next.after = page.next();
    } while (next.after);
    CHECK(each.system().entities("note").count(query) == static_cast<std::int64_t>(out.size()));
    return out;
  };
  const auto same = [&](const Query& query) { CHECK(rows_of(world, query) == rows_of(memory, query)); };
  const field v("data.v");
  for (const Direction direction : {Direction::ascending, Direction::descending})
    same({.order = {{"data.v", direction}}});
  for (const Json& value : values) {
    same({.where = v == value});
    same({.where = v.in(Json::array({value, "x", 1.5}))});
    same({.where = v != value});
    if (!value.is_number() && !value.is_string()) continue;
    for (const Condition& range : {v > value, v >= value, v < value, v <= value})
      for (const Direction direction : {Direction::ascending, Direction::descending}) {
        same({.where = range});
        same({.where = range, .order = {{"data.v", direction}}});
      }
  }
}

TEST_CASE("keys follow their rows through every write", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type(indexed({"n"}));
  world.define_role(note_role("a", Json::array({note_rule("data.team", "eq", "x")})));
  const auto notes = world.system().entities("note");
  const EntityId id = world.create("note", {{"n", 1}, {"team", "x"}});
  const auto found = [&](int n) { return notes.count({.where = field("data.n") == n}); };
  CHECK(key_lines(world).size() == 3);
  CHECK(found(1) == 1);
  (void)notes.update(id, {{"n", 2}});
  CHECK(found(1) == 0);
  CHECK(found(2) == 1);
  (void)notes.update(id, {{"other", 2}});
  (void)notes.update(id, {{"team", nullptr}});
  CHECK(world.user("ann", {"a"}).entities("note").list().empty());
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "3");
  CHECK(world.host().check_storage().faults.empty());
  notes.remove(id);
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "0");
  CHECK(world.host().check_storage().faults.empty());
  world.create("note", {{"n", 1}});
  raw.run("DELETE FROM entity_keys WHERE key_no = 1");
  CHECK(world.host().check_storage().faults.size() == 1);
}

TEST_CASE("values of unique keys that do not agree with their rows are faults of the file", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}, {"unique", {{"code"}, {"team", "n"}}}});
  const EntityId first = world.create("note", {{"code", "a"}, {"team", "x"}, {"n", 1}});
  world.create("note", {{"code", "b"}, {"team", "x"}});  // without a value of the second key
  world.create("note", {{"n", 1}});
  const EntityId gone = world.create("note", {{"code", "c"}});
  world.system().entities("note").remove(gone);
  RawDatabase raw(world.folder.file());
  const auto faults = [&] { return world.host().check_storage().faults; };
  CHECK(faults().empty());

  raw.run("CREATE TABLE kept AS SELECT * FROM unique_values");
  const auto restore = [&] { raw.run("DELETE FROM unique_values; INSERT INTO unique_values SELECT * FROM kept"); };
  raw.run("DELETE FROM unique_values");
  REQUIRE(faults().size() == 1);
  CHECK(faults().front().find("3 values of the unique keys of `note` do not agree") == 0);
  restore();
  CHECK(faults().empty());
  raw.run("UPDATE unique_values SET value = '[\"z\"]' WHERE value = '[\"a\"]'");  // one is missing, one too many
  CHECK(faults().size() == 1);
  restore();
  raw.run("UPDATE unique_values SET entity_id = '" + gone.str() + "' WHERE value = '[\"a\"]'");
  CHECK(faults().size() == 1);
  restore();
  raw.run("UPDATE entities SET data = '{\"code\":\"y\"}' WHERE id = '" + first.str() + "'");
  CHECK_FALSE(faults().empty());
}

TEST_CASE("a row that raw SQL moved is not shown by its old key", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_role(note_role("a", Json::array({note_rule("data.team", "eq", "x")})));
  world.create("note", {{"team", "x"}});
  const auto notes = world.user("ann", {"a"}).entities("note");
  CHECK(notes.list().size() == 1);
  RawDatabase(world.folder.file()).run("UPDATE entities SET data = '{\"team\":\"y\"}'");
  CHECK(notes.list().empty());
}

TEST_CASE("a page goes on past the rows that raw SQL moved", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type(indexed({"kind"}));
  Json role = note_role("a", Json::array({note_rule("data.team", "eq", "x")}));
  const bool is_masked = GENERATE(true, false);
  if (is_masked) role["fieldMasks"] = {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}};
  world.define_role(role);
  for (int n = 0; n < 12; ++n)
    world.create("note", {{"kind", n < 9 ? "k" : "l"}, {"n", n}, {"secret", {{"team", "x"}}}, {"team", "x"}});
  RawDatabase raw(world.folder.file());
  const auto move = [&](const char* to, const char* which) {
    raw.run(fmt::format("UPDATE entities SET data = {} WHERE data ->> 'n' IN ({})", to, which));
  };
  move("json_set(data, '$.team', 'y')", "0, 11");   // the first and the last of all
  move("json_remove(data, '$.team')", "4, 5, 10");  // the one in `secret` stays
  move("json_set(data, '$.kind', 'm')", "7");
  const auto notes = world.user("ann", {"a"}).entities("note");
  const auto pages = [&](const Query& query) {
    std::vector<std::vector<int>> out;
    for (Query next = query; out.empty() || next.after;) {
      const EntityPage page = notes.list(next);
      auto& numbers = out.emplace_back();
      for (const Entity& note : page) {
        CHECK(note.data().contains("secret") == !is_masked);
        numbers.push_back(note.data().at("n").get<int>());
      }
      next.after = page.next();
    }
    return out;
  };
  CHECK(pages({.limit = 2}) == std::vector<std::vector<int>>{{9, 8}, {7, 6}, {3, 2}, {1}});
  const Condition kind = field("data.kind") == "k";
  CHECK(pages({.where = kind, .limit = 2}) == std::vector<std::vector<int>>{{8, 6}, {3, 2}, {1}});
  CHECK(pages({.where = kind, .limit = 5}) == std::vector<std::vector<int>>{{8, 6, 3, 2, 1}});
}

TEST_CASE("a key whose row has another number shows no row, and the check of the storage tells", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_role(note_role("a", Json::array({note_rule("data.team", "eq", "x")})));
  const EntityId first = world.create("note", {{"team", "x"}}), second = world.create("note", {{"team", "x"}});
  const auto notes = world.user("ann", {"a"}).entities("note");
  RawDatabase raw(world.folder.file());
  raw.run("UPDATE entity_keys SET row_no = (SELECT row_no FROM entities WHERE id = '" + second.str() + "')");
  const EntityPage page = notes.list();
  REQUIRE(page.size() == 1);
  CHECK(page.front().id() == second);
  CHECK(world.host().check_storage().faults.size() == 1);
  raw.run("UPDATE entity_keys SET row_no = (SELECT row_no FROM entities e WHERE e.id = entity_keys.id)");
  CHECK(notes.list().size() == 2);
  CHECK(world.host().check_storage().faults.empty());
}

TEST_CASE("a key that raw SQL points at a row of another scope shows no row", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.add_organization("other");
  for (const char* const organization : {"acme", "other"}) {
    world.define_type({{"slug", "note"}}, Environment::development, organization);
    (void)world.system(Environment::development, organization).entities("note").create({{"team", "x"}});
  }
  world.define_role(note_role("a", Json::array({note_rule("data.team", "eq", "x")})));
  RawDatabase raw(world.folder.file());
  const std::string theirs = raw.value("SELECT max(row_no) FROM entities");
  const auto notes = world.user("ann", {"a"}).entities("note");
  CHECK(notes.list().size() == 1);
  raw.run("UPDATE entity_keys SET row_no = " + theirs);
  CHECK(notes.list().empty());
  raw.run("UPDATE entity_keys SET id = (SELECT id FROM entities WHERE row_no = " + theirs + ")");
  CHECK(notes.list().empty());
}

TEST_CASE("field keys lead to their rows after a VACUUM", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_role(note_role("a", Json::array({note_rule("data.team", "eq", "x")})));
  std::vector<EntityId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(world.create("note", {{"team", "x"}}));
  for (int i = 0; i < 20; i += 2) world.system().entities("note").purge(ids[static_cast<std::size_t>(i)]);
  RawDatabase(world.folder.file()).run("VACUUM");
  CHECK(world.user("ann", {"a"}).entities("note").list().size() == 10);
  CHECK(world.host().check_storage().faults.empty());
}

TEST_CASE("a key of many rows is built once its definition is durable, and used once it is whole", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  leave_unfinished(world);
  const auto count = [](const Session& session) {
    return session.entities("note").count({.where = field("data.n") == 3});
  };
  CHECK(key_lines(world) == KeyLines{"note data.n …"});
  CHECK(count(world.system()) == 857);  // by looking at all
  // What is written meanwhile has its key from the start.
  world.create("note", {{"n", 3}});
  // The next who opens the file goes on.
  const auto other = Database::open(world.folder.file());
  for (int i = 0; i < 3000 && key_lines(world) != KeyLines{"note data.n"}; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(key_lines(world) == KeyLines{"note data.n"});
  CHECK(count(world.system()) == 858);
  CHECK(count(other.trusted_host().system_session(OrganizationId("acme"), Environment::development)) == 858);
}

namespace {

// While it lives, counts the statements of each writing transaction that SQLite runs in this process.
class TransactionSizes {
 public:
  TransactionSizes() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  ~TransactionSizes() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  TransactionSizes(const TransactionSizes&) = delete;
  TransactionSizes& operator=(const TransactionSizes&) = delete;

  // The largest since the last call.
  static int taken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(largest_, 0);
  }

 private:
  static int watch(sqlite3* database, char**, const void*) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note, nullptr);
  }
  static int note(unsigned, void*, void* statement, void*) {
    const char* const sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    const std::lock_guard lock(mutex_);
    int& size = sizes_[sqlite3_db_handle(static_cast<sqlite3_stmt*>(statement))];
    const std::string_view text = sql ? sql : "";
    if (text.starts_with("BEGIN") || text.starts_with("COMMIT"))
      size = text.starts_with("BEGIN IMMEDIATE") ? 1 : 0;
    else if (size > 0)
      largest_ = std::max(largest_, ++size);
    return 0;
  }

  static inline std::mutex mutex_;
  static inline std::map<sqlite3*, int> sizes_;
  static inline int largest_ = 0;
};

}  // namespace

TEST_CASE("a key of many rows is built in many transactions, the first of which is the definition's",
          "[sqlite][keys]") {
  const TransactionSizes sizes;
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  (void)world.system().entities("note").create_all(many_notes(6000));
  CHECK(TransactionSizes::taken() > 6000);
  world.define_type(indexed({"n"}));
  for (int i = 0; i < 3000 && key_lines(world) != KeyLines{"note data.n"}; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(key_lines(world) == KeyLines{"note data.n"});
  CHECK(TransactionSizes::taken() < 3000);
}

TEST_CASE("a key that nobody wants any more goes in batches, and comes back whole", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type(indexed({"n"}));
  (void)world.system().entities("note").create_all(many_notes(10'000));
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "10000");
  world.define_type({{"slug", "note"}});
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "0");
  CHECK(raw.value("SELECT count(*) FROM field_keys") == "0");
  world.define_type(indexed({"n", "team"}));
  CHECK(key_lines(world) == KeyLines{"note data.n", "note data.team"});
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "20000");
}

TEST_CASE("no definition of one organization makes or changes an index of the file", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.add_organization("other");
  RawDatabase raw(world.folder.file());
  const std::string before = raw.value("PRAGMA schema_version");
  Json definition = indexed({});
  for (int i = 0; i < 16; ++i) definition["schema"]["properties"]["f" + std::to_string(i)] = {{"x-index", true}};
  world.define_type(definition, Environment::development, "other");
  Json rules = Json::array();
  for (int i = 0; i < 30; ++i) rules.push_back(note_rule(("data.r" + std::to_string(i)).c_str(), "eq", i));
  world.define_role(note_role("wide", rules), Environment::development, "other");
  CHECK(key_lines(world, "other").size() == 32);
  CHECK(raw.value("PRAGMA schema_version") == before);
  CHECK(raw.value("SELECT count(*) FROM sqlite_schema WHERE tbl_name = 'entities' AND type = 'index'") == "2");
  // A row of somebody else is written with no key but its own.
  world.define_type(indexed({"n"}));
  world.create("note", {{"n", 1}});
  CHECK(raw.value("SELECT count(*) FROM entity_keys") == "1");
}

TEST_CASE("what a filter is compiled to serves other values, and no other shape", "[sqlite][keys]") {
  World world(StorageKind::sqlite);
  world.define_type(indexed({"n"}));
  for (int i = 0; i < 20; ++i) world.create("note", {{"n", i}, {"text", std::to_string(i)}});
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  class KeysNow final : public KeySource {
   public:
    explicit KeysNow(Connection& asked) : asked_(asked) {}
    std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override {
      return asked_.keys().keys_of(asked_, 1, type, KeyCatalog::state_of_reader(asked_));
    }

   private:
    Connection& asked_;
  } keys(connection);
  Selection selection;
  selection.type = 1;
  selection.grants = std::make_shared<const Grants>(Grants{Grant{}});
  const auto prepared = [&](const char* path, Operator op, Json value) {
    selection.filter =
        Predicate::comparison(*FieldPath::parse(path), op, {Operand::Kind::literal, std::move(value), {}, {}});
    return connection.selections().prepare(Asked::count, selection, keys, {});
  };
  const auto first = prepared("data.n", Operator::eq, 1);
  CHECK(prepared("data.n", Operator::eq, 2) == first);
  CHECK(prepared("data.n", Operator::eq, "text") == first);
  CHECK(prepared("data.n", Operator::eq, Json::array({1})) == first);
  CHECK(prepared("data.n", Operator::gt, 1) != first);
  CHECK(prepared("data.text", Operator::eq, 1) != first);
  CHECK(prepared("status", Operator::eq, "a") == prepared("status", Operator::eq, "b"));
  CHECK(prepared("status", Operator::eq, 1) != prepared("status", Operator::eq, "b"));
  CHECK(prepared("createdAt", Operator::gt, 1) == prepared("createdAt", Operator::gt, 2));
  CHECK(prepared("createdAt", Operator::gt, 1) != prepared("createdAt", Operator::gt, 1.5));
  CHECK(prepared("data.n", Operator::exists, true) != prepared("data.n", Operator::exists, false));
  // Other keys make other statements.
  world.define_type({{"slug", "note"}});
  CHECK(prepared("data.n", Operator::eq, 1) != first);
}
