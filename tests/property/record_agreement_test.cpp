// Random records in both storages: the same answers, undone transactions included.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "property/random_json.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "struere/struere.hpp"
#include "support/temporary_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class RandomRecords {
 public:
  explicit RandomRecords(std::uint32_t seed) : random_(seed) {}

  std::int64_t number(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random_); }
  std::string id() { return "id" + std::to_string(number(5)); }

  Record run() {
    const char* const status = number(1) ? "pending" : "running";
    return {id(),           "slug" + std::to_string(number(1)),
            "{}",           std::string("entity"),
            "{}",           status,
            number(4) * 10, number(3),
            "[]",           text_or_null(),
            number(2),      text_or_null(),
            number(3),      null_or_number()};
  }
  Record trigger() { return {id(), "slug" + std::to_string(number(3)), "note", "{}", number(3), number(3)}; }
  std::vector<RecordCondition> where() {
    using enum RecordCondition::Comparison;
    std::vector<RecordCondition> out;
    if (number(2) == 0) out.push_back({"status", equal, "pending"});
    if (number(2) == 0) out.push_back({"worker", equal, text_or_null()});
    if (number(2) == 0)
      out.push_back({"due_at",
                     std::array{less, less_or_equal, greater, greater_or_equal}.at(static_cast<std::size_t>(number(3))),
                     number(50)});
    if (number(3) == 0) out.push_back({"finished_at", less, number(3)});
    return out;
  }

 private:
  RecordValue text_or_null() { return number(1) ? RecordValue("a'b\"%") : RecordValue(); }
  RecordValue null_or_number() { return number(1) ? RecordValue(number(3)) : RecordValue(); }

  std::mt19937 random_;
};

// A storage with what the records name.
std::unique_ptr<Storage> prepared(std::unique_ptr<Storage> storage, const Scope& scope) {
  if (!find_organization(*storage, scope.organization()))
    insert_organization(*storage, {scope.organization(), "Acme", 0});
  const auto transaction = storage->begin(scope, Access::write);
  EntityType note;
  note.slug = note.name = "note";
  put_entity_type(*transaction, note);
  transaction->insert_entity({stored_entity_types(*transaction).front().key, "entity", "{}", "active", 0, 0, 1, false});
  transaction->commit();
  return storage;
}

}  // namespace

TEST_CASE("records are the same in both storages", "[property][storage]") {
  const auto names = Database::in_memory();
  names.trusted_host().create_organization("Acme", OrganizationId("acme"));
  const auto scope = [&](Environment environment) {
    return names.trusted_host().system_session(OrganizationId("acme"), environment).actor().scope();
  };
  const Scope scopes[] = {scope(Environment::development), scope(Environment::production)};
  const TemporaryFolder folder;
  std::unique_ptr<Storage> storages[] = {open_memory_storage(),
                                         open_sqlite_storage(folder.file(), {.durability = Durability::normal})};
  for (auto& storage : storages)
    for (const Scope& each : scopes) storage = prepared(std::move(storage), each);

  const auto first = static_cast<std::uint32_t>(first_seed());
  for (std::uint32_t seed = first; seed != first + static_cast<std::uint32_t>(rounds(400)); ++seed) {
    RandomRecords random(seed);
    const Scope& at = scopes[random.number(1)];
    const bool keep = random.number(3) > 0;
    std::unique_ptr<Transaction> pair[] = {storages[0]->begin(at, Access::write),
                                           storages[1]->begin(at, Access::write)};
    Transaction& memory = *pair[0];
    Transaction& sqlite = *pair[1];
    for (int step = 0; step < 8; ++step) {
      INFO("seed " << seed << ", step " << step);
      const Record run = random.run(), trigger = random.trigger();
      const auto where = random.where();
      switch (random.number(5)) {
        case 0:
        case 1:
          CHECK(memory.insert_record(RecordTable::trigger_runs, run) ==
                sqlite.insert_record(RecordTable::trigger_runs, run));
          break;
        case 2:
          CHECK(memory.insert_record(RecordTable::triggers, trigger) ==
                sqlite.insert_record(RecordTable::triggers, trigger));
          break;
        case 3: {
          const RecordChanges changes{{"worker", run[11]}, {"attempts", run[7]}};
          CHECK(memory.update_records(RecordTable::trigger_runs, where, changes) ==
                sqlite.update_records(RecordTable::trigger_runs, where, changes));
          break;
        }
        case 4:
          if (random.number(2) == 0)
            CHECK(memory.remove_records(RecordTable::trigger_runs, where) ==
                  sqlite.remove_records(RecordTable::trigger_runs, where));
          break;
        default: break;
      }
      RecordSelection selection{RecordTable::trigger_runs, where, {"due_at", "id"},
                                random.number(1) == 1,     {},    random.number(4) + 1};
      if (random.number(1)) selection.after = std::vector<RecordValue>{random.number(40), random.id()};
      if (random.number(2) == 0) selection.skip = random.number(4);
      const bool same_rows = memory.select_records(selection) == sqlite.select_records(selection);
      CHECK(same_rows);
      selection.order = {"id"};  // the whole key, in which a storage may keep its records
      if (selection.after) selection.after = std::vector<RecordValue>{random.id()};
      if (random.number(1)) selection.most_bytes = static_cast<std::size_t>(random.number(200));
      const bool same_in_key_order = memory.select_records(selection) == sqlite.select_records(selection);
      CHECK(same_in_key_order);
      const std::int64_t most_groups = random.number(6) + 1;
      const auto groups = [&](Transaction& transaction) {
        std::vector<std::vector<RecordValue>> out;
        for (RecordGroup& group : transaction.sum_records(
                 {RecordTable::trigger_runs, where, {"status", "worker"}, {"attempts", "depth"}, most_groups})) {
          out.push_back(std::move(group.key));
          out.back().emplace_back(group.count);
          for (const std::int64_t sum : group.sums) out.back().emplace_back(sum);
        }
        return out;
      };
      const bool same_groups = groups(memory) == groups(sqlite);
      CHECK(same_groups);
    }
    if (keep)
      for (const auto& transaction : pair) transaction->commit();
  }
}
