// A fresh database of the server that scripts/postgres_server runs, set up as `struere pg init` does, gone with it.
#pragma once

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "postgres/ready_database.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere::test {

// A connection as anybody could make one, with psql say.
class RawPostgres {
 public:
  using Row = std::vector<std::string>;

  explicit RawPostgres(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
    PQsetNoticeProcessor(
        connection_.get(), [](void* self, const char* text) { static_cast<RawPostgres*>(self)->notices_ += text; },
        this);
  }
  RawPostgres(const RawPostgres&) = delete;
  RawPostgres& operator=(const RawPostgres&) = delete;

  // The answer of the last of these statements; COPY TO answers its lines. NULL reads as "NULL".
  std::vector<Row> rows(const std::string& sql) {
    auto [error, out] = attempt(sql);
    if (!error.empty()) throw std::runtime_error(error + " in: " + sql);
    return out;
  }
  std::string value(const std::string& sql) {
    const auto found = rows(sql);
    return found.empty() || found[0].empty() ? std::string() : found[0][0];
  }
  void run(const std::string& sql) { rows(sql); }
  // What the server says; empty if it did as it was told.
  std::string refusal(const std::string& sql) { return attempt(sql).first; }
  // What statements raised.
  const std::string& notices() const noexcept { return notices_; }

 private:
  std::pair<std::string, std::vector<Row>> attempt(const std::string& sql) {
    std::vector<Row> out;
    std::string error;
    PQsendQuery(connection_.get(), sql.c_str());
    while (PGresult* const raw = PQgetResult(connection_.get())) {
      const std::unique_ptr<PGresult, decltype(&PQclear)> result(raw, &PQclear);
      if (PQresultStatus(raw) == PGRES_TUPLES_OK) out.clear();
      if (PQresultStatus(raw) == PGRES_FATAL_ERROR && error.empty()) error = PQresultErrorMessage(raw);
      if (PQresultStatus(raw) == PGRES_COPY_OUT) read_copy(out);
      if (PQresultStatus(raw) == PGRES_COPY_IN) PQputCopyEnd(connection_.get(), nullptr);
      for (int row = 0; row < PQntuples(raw); ++row) {
        Row& values = out.emplace_back();
        for (int column = 0; column < PQnfields(raw); ++column)
          values.emplace_back(PQgetisnull(raw, row, column) != 0 ? "NULL" : PQgetvalue(raw, row, column));
      }
    }
    return {error, std::move(out)};
  }
  void read_copy(std::vector<Row>& out) {
    char* line = nullptr;
    for (int size = 0; (size = PQgetCopyData(connection_.get(), &line, 0)) > 0;) {
      out.push_back({std::string(line, static_cast<std::size_t>(size))});
      PQfreemem(line);
    }
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::string notices_;
};

class PostgresDatabase {
 public:
  enum class Tables { none, made };

  explicit PostgresDatabase(Tables tables = Tables::made) {
    const char* const server = std::getenv("STRUERE_POSTGRESQL_URL");
    if (!server)
      throw std::runtime_error("STRUERE_POSTGRESQL_URL is not set; run this test by scripts/postgres_server");
    server_ = server;
    static std::atomic<int> made = 0;
    name_ = "struere_test_" + std::to_string(getpid()) + "_" + std::to_string(++made);
    if (tables == Tables::made)
      conformance::make_ready_database(server_, name_);
    else
      RawPostgres(server_).run("CREATE DATABASE " + name_);
  }
  ~PostgresDatabase() {
    try {
      RawPostgres(server_).run("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {  // the server is gone
    }
  }
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  // As `struere pg init` does.
  void set_up() const { conformance::set_up_beside_others(superuser()); }

  // The URL of this database for a role.
  std::string as(const std::string& role) const {
    const auto host = server_.find('?');
    return "postgresql://" + role + "@/" + name_ + server_.substr(host);
  }
  std::string superuser() const { return as("postgres"); }
  std::string owner() const { return as(PostgresRoles().owner); }
  std::string application() const { return as(PostgresRoles().application); }
  std::string backup() const { return as(PostgresRoles().backup); }
  const std::string& name() const noexcept { return name_; }

 private:
  std::string server_, name_;
};

}  // namespace struere::test
