// The common setup of the contenders: the files, opened by each of them, and a check that their answers are equal.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "by_hand.hpp"
#include "tutoring_data.hpp"
#include "users_code.hpp"
#ifdef STRUERE_BENCH_POSTGRES
#include "postgres.hpp"
#include "postgres_copy.hpp"
#endif

namespace bench {

struct Fixture {
  // `path` is a copy of the file and is written to. `indexed` is another copy, from with_indexes(). `settings` apply
  // to all contenders that use SQLite. Throws if two contenders answer differently.
  Fixture(const std::string& path, const std::string& indexed, std::int64_t count, const std::string& postgres,
          const struere::SqliteOptions& settings);

  const std::string& some_id() { return ids[next++ % ids.size()]; }
  const struere::Json& fresh() { return rows[next++ % rows.size()]; }  // data that is not stored yet
  struere::Json patch() { return {{"teacherReport", "Better than in week " + std::to_string(next++)}}; }
  void empty_log() const;  // empties SQLite's write-ahead log, so that no contender pays for writes of another
  void verify() const;     // verifies the chain of events of all writers

  std::string path;          // the file that struere uses
  std::string path_by_hand;  // the file with indexes, for contenders without struere
  TutoringData data;
  struere::SqliteOptions settings, settings_full;  // by durability, like the members below
  struere::Database normal, full;
  ByHand hand, hand_unmasked, hand_full;
  UsersCode users;
  struere::Session teacher;
  struere::EntityRepository sessions, unmasked, booked, written, written_full;
  std::vector<struere::Json> rows;
  std::vector<struere::EntityId> entity_ids;  // those of the teacher, and the same as text
  std::vector<std::string> ids;
  std::vector<struere::EntityId> unmasked_ids, booked_ids;
  std::optional<std::string> ninth;  // the cursor of page 10, and the row before it
  Row last_of_ninth;
  std::atomic<std::size_t> next = 0;
#ifdef STRUERE_BENCH_POSTGRES
  std::unique_ptr<Postgres> postgres;
  std::optional<struere::Database> on_postgres;
  std::optional<struere::EntityRepository> sessions_on_postgres;
#endif

 private:
  void compare();
};

inline struere::Query cancelled_ones() { return {.where = struere::field("data.status") == "cancelled"}; }

}  // namespace bench
