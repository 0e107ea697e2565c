// The PostgreSQL storage beside libpq by hand: the same tables and rows, the same statements in a pipeline, prepared,
// in a transaction with the scope set. Prints the median of each in microseconds and their quotient.
//   scripts/postgres_server build/release/bench/struere_postgres_storage_bench [rows]
#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "postgres/empty_databases.hpp"
#include "struere/struere.hpp"

namespace {

using namespace struere;
using Time = std::chrono::steady_clock;

// Statements that are sent together; the last answer is read to its end.
class ByHand {
 public:
  explicit ByHand(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  void prepare(const char* name, const char* sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQprepare(connection_.get(), name, sql, 0, nullptr),
                                                                PQclear);
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  void enter() { PQenterPipelineMode(connection_.get()); }
  void plain(const char* sql) {
    PQsendQueryParams(connection_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 1);
    ++sent_;
  }
  void prepared(const char* name, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    PQsendQueryPrepared(connection_.get(), name, static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 1);
    ++sent_;
  }
  // The bytes of all columns, as a program would copy them out.
  std::size_t sync() {
    PQpipelineSync(connection_.get());
    std::size_t bytes = 0;
    for (; sent_ > 0; --sent_)
      while (PGresult* const raw = PQgetResult(connection_.get())) {
        const std::unique_ptr<PGresult, void (*)(PGresult*)> result(raw, PQclear);
        const ExecStatusType status = PQresultStatus(raw);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
          throw std::runtime_error(PQresultErrorMessage(raw));
        for (int row = 0; row < PQntuples(raw); ++row)
          for (int column = 0; column < PQnfields(raw); ++column)
            bytes += std::string(PQgetvalue(raw, row, column), static_cast<std::size_t>(PQgetlength(raw, row, column)))
                         .size();
      }
    PQclear(PQgetResult(connection_.get()));
    return bytes;
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
  int sent_ = 0;
};

double median_us(int times, const std::function<void(int)>& body) {
  for (int i = 0; i < times / 10 + 1; ++i) body(i);
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const auto begin = Time::now();
    body(times / 10 + 1 + i);
    all.push_back(std::chrono::duration<double, std::micro>(Time::now() - begin).count());
  }
  std::ranges::nth_element(all, all.begin() + times / 2);
  return all[static_cast<std::size_t>(times / 2)];
}

void compare(const char* what, int times, const std::function<void(int)>& ours, const std::function<void(int)>& hand) {
  // In turns, so that the load of the machine is the same for both.
  double best_ours = 1e9, best_hand = 1e9;
  for (int round = 0; round < 5; ++round) {
    best_ours = std::min(best_ours, median_us(times, ours));
    best_hand = std::min(best_hand, median_us(times, hand));
  }
  fmt::print("{:24} {:8.0f} us  by hand {:8.0f} us  quotient {:.2f}\n", what, best_ours, best_hand,
             best_ours / best_hand);
}

}  // namespace

int main(int argc, char** argv) {
  const char* const server = std::getenv("STRUERE_POSTGRESQL_URL");
  if (!server) return 2;
  const int rows = argc > 1 ? std::atoi(argv[1]) : 20'000;
  const auto url = conformance::own_postgres_database(server);
  const Database database = Database::open(*url);
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session session = database.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  session.entity_types().define({{"slug", "visit"},
                                 {"name", "Visit"},
                                 {"schema",
                                  {{"type", "object"},
                                   {"properties", {{"teacher", {{"type", "string"}, {"x-index", true}}}}},
                                   {"additionalProperties", true}}}});
  const auto visits = session.entities("visit");
  const auto data_of = [](int i) {
    return Json{{"teacher", fmt::format("teacher-{}", i % 40)},
                {"student", fmt::format("student-{}", i)},
                {"notes", std::string(120, 'n')},
                {"minutes", i % 90}};
  };
  std::vector<std::string> ids;
  for (int i = 0; i < rows;) {
    std::vector<Json> batch;
    for (; i < rows && batch.size() < 1000; ++i) batch.push_back(data_of(i));
    for (const EntityId& id : visits.create_all(batch)) ids.push_back(id.str());
  }
  ByHand hand(*url);
  hand.prepare("get",
               "SELECT id, data, version, status, created_at, updated_at FROM struere.entities WHERE scope_id = $1 AND "
               "type_key = $2 AND deleted_at IS NULL AND id = $3");
  hand.prepare("page",
               "SELECT id, data, version, status, created_at, updated_at FROM struere.entities WHERE scope_id = $1 AND "
               "type_key = $2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 51");
  hand.prepare("lock", "SELECT event_count, event_hash FROM struere.scope_heads WHERE scope_id = $1 FOR NO KEY UPDATE");
  hand.prepare("entity",
               "INSERT INTO struere.entities(scope_id, id, type_key, status, created_at, updated_at, version, data) "
               "VALUES($1, $2, $3, 'active', 1, 1, 1, $4)");
  hand.prepare("key",
               "INSERT INTO struere.entity_keys(scope_id, type_key, key_no, key, created_at, id) VALUES($1, $2, 1, "
               "convert_to($3, 'UTF8'), 1, $4)");
  hand.prepare("event",
               "INSERT INTO struere.events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, created_at, "
               "payload, hash) SELECT $1, event_count + 1, $2, 'visit.created', $2, 'system', 'system', 1, $3, "
               "sha256(event_hash || convert_to($3, 'UTF8')) FROM struere.scope_heads WHERE scope_id = $1");
  hand.prepare("head",
               "UPDATE struere.scope_heads h SET event_count = h.event_count + 1, event_hash = e.hash FROM "
               "struere.events e WHERE h.scope_id = $1 AND e.scope_id = $1 AND e.sequence = h.event_count + 1");
  hand.enter();
  const std::string scope = "2", type = "1";  // production of the first organization; its first type
  const auto begin_read = [&] {
    hand.plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    hand.plain("SET LOCAL struere.scope = 2");
  };
  fmt::print("{} rows\n", rows);
  std::size_t bytes = 0;
  compare(
      "get", 2000,
      [&](int i) {
        bytes += visits.get(EntityId(ids[static_cast<std::size_t>(i * 7) % ids.size()])).id().str().size();
      },
      [&](int i) {
        begin_read();
        hand.prepared("get", {scope, type, ids[static_cast<std::size_t>(i * 7) % ids.size()]});
        hand.plain("COMMIT");
        bytes += hand.sync();
      });
  compare(
      "page of 50", 500, [&](int) { bytes += visits.list({.limit = 50}).size(); },
      [&](int) {
        begin_read();
        hand.prepared("page", {scope, type});
        hand.plain("COMMIT");
        bytes += hand.sync();
      });
  int made = 0;
  compare(
      "create", 300, [&](int i) { bytes += visits.create(data_of(i)).id.str().size(); },
      [&](int i) {
        const std::string id = fmt::format("hand-{}", ++made), data = canonical_json(data_of(i));
        hand.plain("BEGIN");
        hand.plain("SET LOCAL struere.scope = 2");
        hand.prepared("lock", {scope});
        hand.sync();  // as the library, which has to know the head's hash
        hand.prepared("entity", {scope, id, type, data});
        hand.prepared("key", {scope, type, fmt::format("teacher-{}", i % 40), id});
        hand.prepared("event", {scope, id, data});
        hand.prepared("head", {scope});
        hand.plain("COMMIT");
        bytes += hand.sync();
      });
  return bytes > 0 ? 0 : 1;
}
