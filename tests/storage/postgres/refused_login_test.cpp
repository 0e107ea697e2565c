// A login that is refused says nothing about the database: whoever has it open waits. Only a database that is gone is
// gone.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The rules of the server for logins, with some lines before them.
class LoginRules {
 public:
  explicit LoginRules(RawPostgres& server) : server_(server), file_(server.value("SHOW hba_file")) {
    for (const auto& row : server.rows(fmt::format("SELECT rule FROM regexp_split_to_table(pg_read_file('{}'), E'\\n') "
                                                   "rule WHERE rule !~ '^\\s*(#|$)'",
                                                   file_)))
      kept_.push_back(row.at(0));
  }
  ~LoginRules() { put({}); }
  LoginRules(const LoginRules&) = delete;
  LoginRules& operator=(const LoginRules&) = delete;

  void put(const std::string& first) const {
    std::string rows = fmt::format("('{}')", first);
    for (const std::string& rule : kept_) rows += fmt::format(", ('{}')", rule);
    server_.run(fmt::format("COPY (VALUES {}) TO '{}'", rows, file_));
    server_.run("SELECT pg_reload_conf()");
  }

 private:
  RawPostgres& server_;
  std::string file_;
  std::vector<std::string> kept_;
};

// What the operation of a host that runs gets; empty for an answer.
std::string failure_of(const Database& database, bool& is_transient) {
  try {
    database.trusted_host().require_storage();
    return {};
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::storage);
    is_transient = error.is_transient();
    return error.what();
  }
}

}  // namespace

TEST_CASE("a login that the server refuses is tried again, and only a database that is gone is told to be",
          "[postgres]") {
  const std::string url = std::getenv("STRUERE_POSTGRESQL_URL");
  RawPostgres server(url);
  const PostgresDatabase place;
  const std::string role = "struere_login_" + place.name();
  RawPostgres(place.superuser())
      .run(fmt::format("CREATE ROLE {} LOGIN PASSWORD 'old' IN ROLE struere_application", role));
  std::string with_password = place.as(role);
  with_password.insert(with_password.find('@'), ":old");
  const Database database = Database::open(with_password);
  const LoginRules rules(server);
  const auto end_sessions = [&](const std::string& of) {
    server.run(fmt::format("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", of));
  };
  const std::string here = fmt::format("local {} {} ", place.name(), role);

  struct Case {
    std::string lines, refusing, allowing, says;
  };
  for (const Case& one : {
           Case{here + "scram-sha-256", fmt::format("ALTER ROLE {} PASSWORD 'new'", role),
                fmt::format("ALTER ROLE {} PASSWORD 'old'", role), "28P01"},
           Case{here + "reject", "SELECT 1", "SELECT 1", "28000"},
           Case{{}, fmt::format("ALTER ROLE {} NOLOGIN", role), fmt::format("ALTER ROLE {} LOGIN", role), "28000"},
           Case{{},
                fmt::format("ALTER ROLE {0} RENAME TO {0}_x", role),
                fmt::format("ALTER ROLE {0}_x RENAME TO {0}", role),
                "28000"},
           Case{{},
                fmt::format("ALTER ROLE {} CONNECTION LIMIT 0", role),
                fmt::format("ALTER ROLE {} CONNECTION LIMIT -1", role),
                "cannot be reached"},
           Case{{},
                fmt::format("REVOKE CONNECT ON DATABASE {} FROM PUBLIC", place.name()),
                fmt::format("GRANT CONNECT ON DATABASE {} TO PUBLIC", place.name()),
                "42501"},
           Case{{},
                fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS false", place.name()),
                fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS true", place.name()),
                "cannot be reached"},
       }) {
    INFO(one.lines << one.refusing);
    rules.put(one.lines);
    server.run(one.refusing);
    bool is_transient = false;
    std::string failure;
    for (int tries = 0; tries < 100 && failure.empty(); ++tries) {  // the server reads its rules a moment later
      end_sessions(place.name());
      failure = failure_of(database, is_transient);
    }
    INFO(failure);
    CHECK(is_transient);
    CHECK(failure.find(one.says) != std::string::npos);
    CHECK(failure.find("old") == std::string::npos);
    rules.put({});
    server.run(one.allowing);
    for (int tries = 0; tries < 100 && !failure_of(database, is_transient).empty(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(failure_of(database, is_transient).empty());
  }

  const auto move = [&](const std::string& from, const std::string& to) {
    end_sessions(from);
    server.run(fmt::format("ALTER DATABASE {} RENAME TO {}", from, to));
  };
  move(place.name(), place.name() + "_gone");
  bool is_transient = true;
  CHECK(failure_of(database, is_transient).find("no such database") != std::string::npos);
  CHECK_FALSE(is_transient);
  move(place.name() + "_gone", place.name());
  CHECK(failure_of(database, is_transient).empty());
  RawPostgres(place.superuser()).run("DROP ROLE " + role);
}
