// What the hot path costs is decided by SQLite's plan for its one statement: a seek in an index, never a scan of the
// table, never a sort. These are the very statements, from the compiler that the storage uses, asked of the same
// connection.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <limits>

#include "storage/sql/selection_cache.hpp"
#include "storage/sqlite/key_catalog.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "struere/access/access_plan.hpp"
#include "support/raw_database.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The field keys of the first scope, as they are now.
class KeysOfFile final : public KeySource {
 public:
  explicit KeysOfFile(Connection& connection) : connection_(connection) {}
  std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override {
    return connection_.keys().keys_of(connection_, 1, type, KeyCatalog::state_of_reader(connection_));
  }

 private:
  Connection& connection_;
};

// A scope with two types and enough rows that a wrong plan would be a plausible one.
class PlanWorld : public World {
 public:
  PlanWorld() : World(StorageKind::sqlite) {
    define_type({{"slug", "note"}});
    define_type({{"slug", "session"}});
    define_type({{"slug", "session"}}, Environment::production);
    const Json list_and_read = {{{"resource", "session"}, {"actions", {"list", "read"}}, {"effect", "allow"}}};
    const auto rule = [](const char* path, const Json& value) {
      return Json{{"entityType", "session"}, {"field", path}, {"operator", "eq"}, {"value", value}};
    };
    define_role({{"name", "everything"}, {"policies", list_and_read}});
    define_role({{"name", "team"}, {"policies", list_and_read}, {"scopeRules", {rule("data.team", "north")}}});
    define_role(
        {{"name", "own"}, {"policies", list_and_read}, {"scopeRules", {rule("data.teacher.id", "actor.userId")}}});
    define_role({{"name", "masked"},
                 {"policies", list_and_read},
                 {"scopeRules", {rule("data.team", "north")}},
                 {"fieldMasks", {{{"entityType", "session"}, {"fieldPath", "data.price"}, {"maskType", "hide"}}}}});
    for (int i = 0; i < 120; ++i) {
      last = create("session", {{"team", i % 4 == 0 ? "north" : "south"}, {"teacher", {{"id", "ann"}}}, {"price", i}});
      if (i % 3 == 0) create("note", {{"text", i}});
    }
  }

  Selection selection(const Session& actor, Action action = Action::list) const {
    const RuleBook book(1, system().entity_types().list(), system().roles().list());
    Selection out;
    out.type = book.find_type("session")->key;
    out.grants = compile(book, actor.actor(), action, "session").grants();
    out.actor = actor_values(actor.actor());
    return out;
  }

  static std::vector<OrderKey> newest_first() {
    return {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  }

  // The lines of the plan, joined.
  std::string plan_of(const Selection& selection, Asked asked = Asked::rows) const {
    Connection connection(folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    KeysOfFile keys(connection);
    const CompiledSelection compiled = asked == Asked::rows ? compile_select(sqlite_dialect, selection, &keys)
                                                            : compile_count(sqlite_dialect, selection, &keys);
    Statement statement = connection.prepare("EXPLAIN QUERY PLAN " + compiled.sql);
    statement.bind(1, std::int64_t{1});
    SlotValues values(selection.actor, &selection);
    values.bind(statement, compiled.parameters);
    std::string out;
    while (statement.step()) out.append(statement.text(3)).append("; ");
    return out;
  }

  EntityId last;
};

void check_no_scan(const std::string& plan) {
  INFO(plan);
  CHECK(plan.find("SCAN") == std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
}

// In the keys of a field, and from there to each row by its number.
void check_key(const std::string& plan, const std::string& bounds) {
  INFO(plan);
  CHECK(plan.find("SEARCH k USING PRIMARY KEY (scope_id=? AND type_key=? AND key_no=?" + bounds) != std::string::npos);
  CHECK(plan.find("SEARCH e USING INTEGER PRIMARY KEY (rowid=?)") != std::string::npos);
}

void check_seek(const std::string& plan, const std::string& index) {
  INFO(plan);
  INFO(index);
  CHECK(plan.find("SEARCH e USING INDEX " + index + " (scope_id=?") != std::string::npos);
}

}  // namespace

TEST_CASE("the first page of a scoped list is a seek in the keys of its rule", "[sqlite][query_plan]") {
  PlanWorld world;
  const std::string role = GENERATE("team", "own", "masked");
  Selection selection = world.selection(world.user("ann", {role}));
  selection.order = PlanWorld::newest_first();
  selection.limit = 50;
  const std::string plan = world.plan_of(selection);
  check_no_scan(plan);
  check_key(plan, " AND key=?)");
}

TEST_CASE("a filter or an order by an indexed field is in the seek, inside a rule too", "[sqlite][query_plan]") {
  PlanWorld world;
  world.define_type({{"slug", "session"},
                     {"schema",
                      {{"properties",
                        {{"state", {{"x-index", true}}},
                         {"due", {{"x-index", true}}},
                         {"place", {{"properties", {{"id", {{"x-index", true}}}}}}}}}}}});
  const std::string role = GENERATE("everything", "team", "own");
  Selection selection = world.selection(world.user("ann", {role}));
  selection.order = PlanWorld::newest_first();
  selection.limit = 50;
  const std::string field = GENERATE("data.state", "data.place.id");
  const Operand open{Operand::Kind::literal, "open", {}, {}};
  selection.filter = Predicate::comparison(*FieldPath::parse(field), Operator::eq, open);
  const std::string filtered = world.plan_of(selection);
  check_no_scan(filtered);
  check_key(filtered, " AND key=?)");

  selection.filter = Predicate::always();
  selection.order.insert(selection.order.begin(), {*FieldPath::parse(field), GENERATE(true, false)});
  const std::string ordered = world.plan_of(selection);
  INFO(ordered);
  // Only rows whose keys are the same are sorted.
  CHECK(ordered.find("OF ORDER BY") != std::string::npos);
  CHECK(ordered.find("FOR ORDER BY") == std::string::npos);
  check_key(ordered, role == "everything" ? ")" : " AND key>? AND key<?)");

  selection.filter = Predicate::comparison(*FieldPath::parse(field), Operator::gte, open);
  check_key(world.plan_of(selection), " AND key>? AND key<?)");
  check_key(world.plan_of(selection, Asked::count), " AND key>? AND key<?)");
}

TEST_CASE("without a rule, the first page walks the index of its type", "[sqlite][query_plan]") {
  PlanWorld world;
  const Session actor = GENERATE(true, false) ? world.user("ann", {"everything"}) : world.system();
  Selection selection = world.selection(actor);
  selection.order = PlanWorld::newest_first();
  selection.limit = 50;
  const std::string plan = world.plan_of(selection);
  check_no_scan(plan);
  check_seek(plan, "entities_by_type");
}

TEST_CASE("the pages after the first seek to their place", "[sqlite][query_plan]") {
  PlanWorld world;
  const std::string role = GENERATE("everything", "team");
  Selection selection = world.selection(world.user("ann", {role}));
  selection.order = PlanWorld::newest_first();
  selection.limit = 10;
  const Json created_at = world.clock.now(), id = world.last.str();
  selection.after = Position{sort_key(&created_at), sort_key(&id)};
  const std::string plan = world.plan_of(selection);
  check_no_scan(plan);
  // The place is part of the seek: the hundredth page costs what the second does.
  INFO(plan);
  CHECK(plan.find("(created_at") != std::string::npos);
  if (role == "team")
    check_key(plan, " AND key=? AND (created_at");
  else
    check_seek(plan, "entities_by_type");
}

TEST_CASE("oldest first walks the same index the other way", "[sqlite][query_plan]") {
  PlanWorld world;
  Selection selection = world.selection(world.user("ann", {"team"}));
  selection.order = {{*FieldPath::parse("createdAt"), false}, {*FieldPath::parse("id"), false}};
  selection.limit = 50;
  const std::string plan = world.plan_of(selection);
  check_no_scan(plan);
  check_key(plan, " AND key=?)");
}

TEST_CASE("get is a seek by scope and id, whatever the rules", "[sqlite][query_plan]") {
  PlanWorld world;
  const std::string role = GENERATE("everything", "team", "own", "masked");
  Selection selection = world.selection(world.user("ann", {role}), Action::read);
  selection.id = world.last.str();
  const std::string plan = world.plan_of(selection);
  check_no_scan(plan);
  INFO(plan);
  // By the primary key: one row at most. An index of a rule would be narrower on paper and slower in truth.
  CHECK(plan.find("sqlite_autoindex_entities_1 (scope_id=? AND id=?)") != std::string::npos);
}

TEST_CASE("get_many seeks each row by scope and id, whatever the rules", "[sqlite][query_plan]") {
  PlanWorld world;
  const std::string role = GENERATE("everything", "team", "own", "masked");
  Selection selection = world.selection(world.user("ann", {role}), Action::read);
  selection.ids = std::make_shared<const std::vector<std::string>>(2, world.last.str());
  const std::string plan = world.plan_of(selection);
  INFO(plan);
  CHECK(plan.find("sqlite_autoindex_entities_1 (scope_id=? AND id=?)") != std::string::npos);
  CHECK(plan.find("SCAN e") == std::string::npos);
}

TEST_CASE("a count never touches the rows", "[sqlite][query_plan]") {
  PlanWorld world;
  const std::string role = GENERATE("everything", "team", "own", "masked");
  const Selection selection = world.selection(world.user("ann", {role}));
  const std::string plan = world.plan_of(selection, Asked::count);
  check_no_scan(plan);
  INFO(plan);
  if (role == "everything") {
    CHECK(plan.find("SEARCH e USING COVERING INDEX entities_by_type (scope_id=?") != std::string::npos);
  } else {
    CHECK(plan.find("SEARCH k USING PRIMARY KEY (scope_id=? AND type_key=? AND key_no=? AND key=?)") !=
          std::string::npos);
    // The row is looked at where the key could stand for another value.
    CHECK(plan.find("CORRELATED SCALAR SUBQUERY") < plan.find("SEARCH e USING"));
  }
}

TEST_CASE("statements carry no value of a caller in their text", "[sqlite][query_plan]") {
  PlanWorld world;
  Selection selection = world.selection(world.user("ann'; DROP TABLE entities; --", {"own"}));
  selection.id = "x' OR '1'='1";
  selection.order = PlanWorld::newest_first();
  const std::string sql = compile_select(sqlite_dialect, selection).sql;
  CHECK(sql.find("DROP") == std::string::npos);
  CHECK(sql.find("OR '1'") == std::string::npos);
}

TEST_CASE("a kept statement serves no filter but its own, to the last digit", "[sqlite][query_plan]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "number"}});
  world.create("number", R"({"n": -1})"_json);
  world.create("number", R"({"n": 9007199254740993})"_json);
  world.create("number", R"({"n": 9223372036854775808})"_json);
  const auto numbers = world.system().entities("number");
  const auto count = [&](const char* value) {
    return numbers.count(
        {.where = Condition(Json{{"field", "data.n"}, {"operator", "eq"}, {"value", Json::parse(value)}})});
  };
  CHECK(count("-1") == 1);
  CHECK(count("18446744073709551615") == 0);
  CHECK(count("-1") == 1);
  CHECK(count("9007199254740993") == 1);
  CHECK(count("9007199254740992.0") == 0);
  CHECK(count("9223372036854775807") == 0);
  CHECK(count("9223372036854775808") == 1);
  CHECK(count("9007199254740993") == 1);
}

TEST_CASE("the history of an entity is a seek by its id, also for who sees the events of purged ones",
          "[sqlite][query_plan]") {
  const PlanWorld world;
  EventSelection selection;
  selection.others = true;
  selection.purged = GENERATE(false, true);
  selection.newest_first = GENERATE(false, true);
  selection.entity = world.last.str();
  const bool is_purged = selection.purged && GENERATE(false, true);
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  const CompiledEvents compiled = compile_events(sqlite_dialect, selection, nullptr, is_purged);
  Statement statement = connection.prepare("EXPLAIN QUERY PLAN " + compiled.sql);
  std::string plan;
  while (statement.step()) plan.append(statement.text(3)).append("; ");
  INFO(plan);
  const std::string index = is_purged ? "events_by_purged_entity" : "events_by_entity";
  CHECK(plan.find("SEARCH v USING INDEX " + index) != std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
}
