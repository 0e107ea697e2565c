#include "postgres.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <stdexcept>

namespace bench {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

Connection connect(const std::string& text) {
  Connection connection(PQconnectdb(text.c_str()), PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  return connection;
}

Result checked(PGconn* connection, PGresult* answer) {
  Result result(answer, PQclear);
  const ExecStatusType status = PQresultStatus(answer);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_COPY_IN)
    throw std::runtime_error(PQerrorMessage(connection));
  return result;
}

Result execute(const Connection& connection, const std::string& sql) {
  return checked(connection.get(), PQexec(connection.get(), sql.c_str()));
}

// Escapes characters that would end a field or a row in the text format of COPY.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '\t' || c == '\n' || c == '\r') out += '\\';
    out += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
  }
}

void copy_rows(const Connection& connection, const std::string& sqlite_file) {
  sqlite3* opened = nullptr;
  sqlite3_open_v2(sqlite_file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> file(opened, sqlite3_close);
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v2(opened,
                     "SELECT s.organization_id, s.environment, t.slug, e.id, e.status, e.created_at, e.updated_at, "
                     "e.version, e.data FROM entities e JOIN scopes s ON s.id = e.scope_id JOIN entity_types t ON "
                     "t.scope_id = e.scope_id AND t.type_key = e.type_key WHERE e.deleted_at IS NULL",
                     -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> rows(prepared, sqlite3_finalize);
  execute(connection,
          "COPY entities(organization_id, environment, entity_type, id, status, created_at, updated_at, version, data) "
          "FROM STDIN");
  std::string line;
  while (sqlite3_step(rows.get()) == SQLITE_ROW) {
    line.clear();
    for (int i = 0; i < sqlite3_column_count(rows.get()); ++i) {
      if (i > 0) line += '\t';
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), i));
      append_escaped(line, {text, static_cast<std::size_t>(sqlite3_column_bytes(rows.get(), i))});
    }
    line += '\n';
    PQputCopyData(connection.get(), line.data(), static_cast<int>(line.size()));
  }
  PQputCopyEnd(connection.get(), nullptr);
  while (PGresult* const answer = PQgetResult(connection.get())) checked(connection.get(), answer);
}

// One index serves the rule, the order and the cursor. Another one also serves the filter.
constexpr const char* layout = R"(
  CREATE TABLE entities(
    organization_id text NOT NULL, environment text NOT NULL, entity_type text NOT NULL, id text COLLATE "C" NOT NULL,
    status text NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, version bigint NOT NULL,
    data jsonb NOT NULL, deleted_at bigint);
  CREATE TABLE source(api_key text))";
constexpr const char* rules = R"(
  ALTER TABLE entities ADD PRIMARY KEY (organization_id, environment, id);
  CREATE INDEX entities_by_teacher ON entities(organization_id, environment, entity_type, (data->>'teacherId'),
    created_at DESC, id DESC) WHERE deleted_at IS NULL;
  CREATE INDEX entities_by_status ON entities(organization_id, environment, entity_type, (data->>'teacherId'),
    (data->>'status'), created_at DESC, id DESC) WHERE deleted_at IS NULL;
  ALTER TABLE entities ENABLE ROW LEVEL SECURITY;
  CREATE POLICY scope_and_rule ON entities
    USING (organization_id = current_setting('app.organization') AND environment = current_setting('app.environment')
           AND deleted_at IS NULL AND data->>'teacherId' = current_setting('app.teacher'));
  DO $$BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'struere_bench') THEN CREATE ROLE struere_bench LOGIN; END IF;
  END$$;
  GRANT SELECT ON entities TO struere_bench)";

// The API key of the file tells whether the database is a copy of this file.
void copy_once(const std::string& server, const std::string& database, const std::string& sqlite_file,
               const TutoringData& data) {
  const Connection admin = connect(server + " dbname=postgres");
  const auto exists = execute(admin, fmt::format("SELECT FROM pg_database WHERE datname = '{}'", database));
  if (PQntuples(exists.get()) > 0) {
    const Connection copied = connect(server + " dbname=" + database);
    const auto source = execute(copied, "SELECT to_regclass('source')");
    if (!PQgetisnull(source.get(), 0, 0) &&
        PQntuples(execute(copied, fmt::format("SELECT FROM source WHERE api_key = '{}'", data.api_key)).get()) > 0)
      return;
  }
  if (PQntuples(exists.get()) > 0) execute(admin, "DROP DATABASE " + database);
  execute(admin, "CREATE DATABASE " + database);
  const Connection empty = connect(server + " dbname=" + database);
  execute(empty, layout);
  copy_rows(empty, sqlite_file);
  execute(empty, rules);
  execute(empty, "VACUUM ANALYZE entities");
  execute(empty, fmt::format("INSERT INTO source VALUES('{}')", data.api_key));
}

std::int64_t number(const char* text) { return std::strtoll(text, nullptr, 10); }

}  // namespace

Postgres::Postgres(const std::string& server, const std::string& sqlite_file, const TutoringData& data)
    : connection_(nullptr, PQfinish) {
  const std::string database = fmt::format("struere_bench_{}", data.sessions);
  copy_once(server, database, sqlite_file, data);
  connection_ = connect(fmt::format("{} dbname={} user=struere_bench", server, database));
  execute(connection_, fmt::format("SET app.organization = 'company'; SET app.environment = 'production'; "
                                   "SET app.teacher = '{}'",
                                   data.teacher));
  const std::string select =
      "SELECT id, status, created_at, updated_at, version, data - 'paymentId' FROM entities WHERE entity_type = "
      "'session'";
  const std::string newest = " ORDER BY created_at DESC, id DESC LIMIT 50";
  const std::pair<const char*, std::string> statements[] = {
      {"get", select + " AND id = $1"},
      {"page", select + newest},
      {"filtered", select + " AND data->>'status' = $1" + newest},
      {"count", "SELECT count(*) FROM entities WHERE entity_type = 'session'"}};
  for (const auto& [name, sql] : statements)
    checked(connection_.get(), PQprepare(connection_.get(), name, sql.c_str(), 0, nullptr));
}

std::vector<Row> Postgres::rows(const char* statement, const std::vector<const char*>& parameters) {
  const Result result =
      checked(connection_.get(), PQexecPrepared(connection_.get(), statement, static_cast<int>(parameters.size()),
                                                parameters.data(), nullptr, nullptr, 0));
  std::vector<Row> out(static_cast<std::size_t>(PQntuples(result.get())));
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    const auto value = [&](int column) { return PQgetvalue(result.get(), i, column); };
    out[static_cast<std::size_t>(i)] = {value(0),         value(5),         value(1),
                                        number(value(2)), number(value(3)), number(value(4))};
  }
  return out;
}

std::optional<Row> Postgres::get(const std::string& id) {
  std::vector<Row> found = rows("get", {id.c_str()});
  return found.empty() ? std::nullopt : std::optional(std::move(found[0]));
}

std::vector<Row> Postgres::page(const char* status) { return status ? rows("filtered", {status}) : rows("page", {}); }

std::int64_t Postgres::count() {
  const Result result =
      checked(connection_.get(), PQexecPrepared(connection_.get(), "count", 0, nullptr, nullptr, nullptr, 0));
  return number(PQgetvalue(result.get(), 0, 0));
}

std::string Postgres::version() const { return PQparameterStatus(connection_.get(), "server_version"); }

}  // namespace bench
