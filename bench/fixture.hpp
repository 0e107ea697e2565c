// What the contenders run on: one file, which each has opened for itself, and answers that were found to be the same.
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
#endif

namespace bench {

struct Fixture {
  // `path` is that of a copy, which is written to. Throws where two contenders answer differently.
  // `indexed` is that of another, with_indexes().
  // `settings` are those of all who use SQLite.
  Fixture(const std::string& path, const std::string& indexed, std::int64_t count, const std::string& postgres,
          const struere::SqliteOptions& settings);

  const std::string& some_id() { return ids[next++ % ids.size()]; }
  const struere::Json& fresh() { return rows[next++ % rows.size()]; }  // what nobody has stored yet
  struere::Json patch() { return {{"teacherReport", "Better than in week " + std::to_string(next++)}}; }
  void empty_log() const;  // SQLite's write-ahead log: so that no contender pays for what another wrote
  void verify() const;     // the chain of events, by whomever they were written

  std::string path;          // of the file that struere reads
  std::string path_by_hand;  // of the one that all others read
  TutoringData data;
  struere::SqliteOptions settings, settings_full;  // by their durability, as what follows
  struere::Database normal, full;
  ByHand hand, hand_unmasked, hand_full;
  UsersCode users;
  struere::Session teacher;
  struere::EntityRepository sessions, unmasked, written, written_full;
  std::vector<struere::Json> rows;
  std::vector<struere::EntityId> entity_ids;  // of the teacher, and the same as text
  std::vector<std::string> ids;
  std::vector<struere::EntityId> unmasked_ids;
  std::optional<std::string> ninth;  // the cursor of page 10, and the row before it
  Row last_of_ninth;
  std::atomic<std::size_t> next = 0;
#ifdef STRUERE_BENCH_POSTGRES
  std::unique_ptr<Postgres> postgres;
#endif

 private:
  void compare();
};

inline struere::Query cancelled_ones() { return {.where = struere::field("data.status") == "cancelled"}; }

}  // namespace bench
