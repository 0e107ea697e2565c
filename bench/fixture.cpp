#include "fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

using namespace struere;

namespace bench {
namespace {

void require(bool same, const char* what) {
  if (!same) throw std::runtime_error(fmt::format("two contenders answer differently: {}", what));
}

bool same(const Entity& mine, const Row& other) {
  return mine.id().str() == other.id && json_view(mine) == other.data && mine.status() == other.status &&
         mine.created_at() == other.created_at && mine.updated_at() == other.updated_at &&
         mine.version() == other.version;
}

bool same(const Entity& mine, const UsersCode::Row& other) {
  return same(mine, Row{other.id, other.data.dump(), other.status, other.created_at, other.updated_at, other.version});
}

template <class Rows>
bool same(const EntityPage& mine, const Rows& others) {
  return mine.size() == 50 &&
         std::ranges::equal(mine, others, [](const Entity& a, const auto& b) { return same(a, b); });
}

SqliteOptions with(SqliteOptions settings, Durability durability) {
  settings.durability = durability;
  return settings;
}

std::vector<Json> new_rows(std::int64_t count) {
  std::vector<Json> rows;
  for (std::int64_t i = 0; i < 10'000; ++i) {
    Json row = session_data(count, 1);  // a row of the writer
    row.erase(masked_field);            // an actor cannot write a field that it may not see
    row["duration"] = 30 + i % 60;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

Fixture::Fixture(const std::string& file, const std::string& indexed, std::int64_t count,
                 const std::string& postgres_server, const SqliteOptions& asked)
    : path(file),
      path_by_hand(indexed),
      data(prepare(file, count)),
      settings(with(asked, Durability::normal)),
      settings_full(with(asked, Durability::full)),
      normal(Database::open(file, {.sqlite = settings})),
      full(Database::open(file, {.sqlite = settings_full})),
      hand(indexed, data.teacher, settings),
      hand_unmasked(indexed, data.bursar, settings),
      hand_full(indexed, data.teacher, settings_full),
      users(indexed, data.teacher, settings),
      teacher(actor_of(normal, data.teacher)),
      sessions(teacher.entities("session")),
      unmasked(actor_of(normal, data.bursar).entities("session")),
      booked(actor_of(normal, data.guardian).entities("session")),
      written(actor_of(normal, data.writer).entities("session")),
      written_full(actor_of(full, data.writer).entities("session")),
      rows(new_rows(count)) {
  Query query{.limit = 50};
  for (int page = 0; page < 10; ++page) {
    if (page == 9) ninth = query.after;
    const EntityPage found = sessions.list(query);
    for (const Entity& row : found) entity_ids.push_back(row.id());
    if (page == 8) last_of_ninth = {found[49].id().str(), "", "", *found[49].created_at(), 0, 0};
    query.after = found.next();
  }
  std::ranges::shuffle(entity_ids, std::mt19937(1));
  for (const EntityId& id : entity_ids) ids.push_back(id.str());
  for (const Entity& row : unmasked.list({.limit = 500})) unmasked_ids.push_back(row.id());
  for (const Entity& row : booked.list({.limit = 500})) booked_ids.push_back(row.id());
#ifdef STRUERE_BENCH_POSTGRES
  if (!postgres_server.empty()) {
    postgres = std::make_unique<Postgres>(postgres_server, file, data);
    on_postgres = open_on_postgres(postgres_server, normal, data);
    sessions_on_postgres = actor_of(*on_postgres, data.teacher).entities("session");
  }
#else
  if (!postgres_server.empty()) throw std::runtime_error("built without libpq: --postgres is not there");
#endif
  compare();
}

void Fixture::compare() {
  const Entity one = sessions.get(entity_ids[0]);
  const Entity unmasked_one = unmasked.get(unmasked_ids[0]);
  require(json_view(one).find(masked_field) == std::string_view::npos, "the mask");
  require(json_view(unmasked_one).find(masked_field) != std::string_view::npos, "no mask");
  require(same(one, hand.get(ids[0], true).value()), "get, masked");
  require(same(unmasked_one, hand_unmasked.get(unmasked_ids[0].str(), false).value()), "get, unmasked");
  require(same(one, users.get(ids[0]).at(0)), "get, masked, as users write it");
  require(same(sessions.list(), hand.page(true, nullptr)), "page of 50, masked");
  require(same(unmasked.list(), hand_unmasked.page(false, nullptr)), "page of 50, unmasked");
  require(same(sessions.list(), users.page()), "page of 50, masked, as users write it");
  require(same(sessions.list({.after = ninth}), hand.page(true, &last_of_ninth)), "page 10 by cursor");
  require(same(sessions.list(cancelled_ones()), hand.page(true, nullptr, "\"cancelled\"")), "filtered page");
  require(sessions.count() == hand.count() && hand.count() == sessions_per_teacher, "count");
  require(std::ssize(booked_ids) == sessions_per_family, "what a family has booked");
  require(same(booked.get(booked_ids[0]), hand.booked(booked_ids[0].str()).value()), "get, by a relation");
  require(!booked.find(unmasked_ids[0]) && !hand.booked(unmasked_ids[0].str()), "what another family has booked");
  require(same(booked.list(), hand.page_of_booked()), "page of 50, by a relation");
  require(normal.authenticate(data.api_key).actor().organization() == teacher.actor().organization(), "authenticate");
  require(hand.authenticate(data.api_key) && !hand.authenticate("no key"), "authenticate by hand");
#ifdef STRUERE_BENCH_POSTGRES
  if (postgres) {
    // jsonb keeps the value but not the text.
    const auto same_values = [](const Entity& mine, Row other) {
      other.data = canonical_json(Json::parse(other.data));
      return same(mine, other);
    };
    const auto same_page = [&](const EntityPage& mine, const std::vector<Row>& others) {
      return mine.size() == 50 && std::ranges::equal(mine, others, same_values);
    };
    require(same_values(one, postgres->get(ids[0]).value()), "get, masked, by PostgreSQL");
    require(!postgres->get(unmasked_ids[0].str()), "a row of another, by PostgreSQL");
    require(same_page(sessions.list(), postgres->page()), "page of 50, masked, by PostgreSQL");
    require(same_page(sessions.list(cancelled_ones()), postgres->page("cancelled")), "filtered page, by PostgreSQL");
    require(sessions.count() == postgres->count(), "count, by PostgreSQL");
    const EntityRepository& copied = *sessions_on_postgres;
    const Entity copied_one = copied.get(entity_ids[0]);
    require(json_view(one) == json_view(copied_one), "get, masked, on PostgreSQL");
    require(same_page(copied.list(), postgres->page()), "page of 50, masked, on PostgreSQL");
    require(same_page(copied.list(cancelled_ones()), postgres->page("cancelled")), "filtered page, on PostgreSQL");
    require(copied.count() == postgres->count(), "count, on PostgreSQL");
  }
#endif
}

void Fixture::empty_log() const {
  sqlite3* database = nullptr;
  sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> owned(database, sqlite3_close);
  if (sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error("the write-ahead log cannot be emptied");
}

void Fixture::verify() const {
  const Session system =
      normal.trusted_host().system_session(teacher.actor().organization(), teacher.actor().environment());
  require(system.events().verify().ok, "the chain of events");
}

}  // namespace bench
