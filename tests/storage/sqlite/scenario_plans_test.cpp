// No cliff: the plans of every statement that the conformance scenarios lead to. A table of rows is looked into by an
// index that leads with its scope, and nothing that comes in an index's order is sorted.
#include <catch2/catch.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "conformance/runner.hpp"
#include "conformance/scenario.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/schema_steps.hpp"
#include "support/places.hpp"
#include "support/temporary_database.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// While it lives, it notes each statement that SQLite runs in this process.
class StatementLog {
 public:
  StatementLog() {
    statements_.clear();
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch));
  }
  ~StatementLog() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  StatementLog(const StatementLog&) = delete;
  StatementLog& operator=(const StatementLog&) = delete;

  static const std::set<std::string>& statements() { return statements_; }

 private:
  static int watch(sqlite3* database, char**, const void*) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note, nullptr);
  }
  static int note(unsigned, void*, void* statement, void*) {
    if (const char* const sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement))) statements_.insert(sql);
    return 0;
  }

  static inline std::set<std::string> statements_;
};

struct PlanStep {
  bool is_outermost;  // not of a query within the statement
  std::string text;
};

std::vector<PlanStep> plan_of(Connection& connection, const std::string& sql) {
  Statement statement = connection.prepare("EXPLAIN QUERY PLAN " + sql);
  std::vector<PlanStep> out;
  while (statement.step()) out.push_back({statement.integer(1) == 0, statement.string(3)});
  return out;
}

bool is_about_rows(const std::string& step) {
  return std::ranges::any_of(
      std::vector{"entities", "events", "entity_relations", "entity_keys", "e", "r", "k", "u", "w"},
      [&](const std::string& table) { return step == "SCAN " + table || step.starts_with("SCAN " + table + " "); });
}

bool is_schema_step(const std::string& sql) {
  return std::ranges::any_of(schema_steps, [&](const auto step) { return std::ranges::find(step, sql) != step.end(); });
}

}  // namespace

TEST_CASE("no statement of the scenarios looks at rows of another scope", "[sqlite][plans][large]") {
  StatementLog log;
  const std::filesystem::path folder = source_dir() + "/tests/conformance/scenarios";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream input(entry.path());
    conformance::ScenarioReader reader(input, entry.path().string());
    while (const auto scenario = reader.next())
      (void)conformance::play(*scenario, conformance::StorageChoice::parse("sqlite"));
  }
  const World world(StorageKind::sqlite);
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  std::size_t looked_at = 0, sorted = 0;
  for (const std::string& sql : StatementLog::statements()) {
    if (std::ranges::none_of(std::vector{"SELECT", "WITH", "UPDATE", "DELETE"},
                             [&](const char* verb) { return sql.starts_with(verb); }))
      continue;
    // Of what is asked once, when a file is opened or checked, is nothing promised.
    if (sql.find("scope_id") == std::string::npos) continue;
    // Nobody may see a row: SQLite looks at the constant before it looks at any.
    if (std::regex_search(sql, std::regex(R"( AND 0( |\)|$)|\(0 AND )"))) continue;
    if (is_schema_step(sql)) continue;  // run once, when a file is made or migrated
    std::vector<PlanStep> steps;
    try {
      steps = plan_of(connection, sql);
    } catch (const Error&) {
      continue;  // a table of the search index that the scenario's type had, and this file has not
    }
    ++looked_at;
    INFO(sql);
    for (const auto& [is_outermost, step] : steps) {
      INFO(step);
      CHECK_FALSE(is_about_rows(step));
      const bool by_scope = step.find("scope_id") != std::string::npos;
      const bool by_key = step.find("(rowid=?") != std::string::npos || step.find("(hash=?") != std::string::npos ||
                          step == "SEARCH o USING PRIMARY KEY (id=?)";  // whether the organization is open
      if (step.starts_with("SEARCH")) CHECK((by_scope || by_key));
      CHECK(step.find("AUTOMATIC") == std::string::npos);
      // What leads to rows leads to few of its own scope, too.
      if (sql.starts_with("WITH")) CHECK(step.find("(scope_id=?)") == std::string::npos);
      if (step.find("TEMP B-TREE") == std::string::npos || !is_outermost) continue;
      ++sorted;
      // An order that the caller chose is sorted; the default one never is.
      // So are rows of several values, which lie in as many places of a key, and the few that a path of relations leads
      // to.
      const bool is_default = sql.find(" asked CROSS JOIN ") == std::string::npos &&
                              (sql.find("ORDER BY e.created_at DESC, e.id DESC") != std::string::npos ||
                               (sql.find("ORDER BY k.created_at DESC, k.id DESC") != std::string::npos &&
                                sql.find("k.key IN") == std::string::npos));
      CHECK_FALSE(is_default);
    }
  }
  CHECK(looked_at > 100);
  CHECK(sorted > 0);  // the scenarios do choose orders: otherwise nothing would be known of the default one
}
