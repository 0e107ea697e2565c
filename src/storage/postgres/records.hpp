// Records (spi/record.hpp) in PostgreSQL: all of their tables by one piece of code.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/postgres/work.hpp"
#include "storage/sql/record_sql.hpp"

namespace struere::postgres {

// Of one scope and its organization, or of the database; inside the transaction that is open.
class Records {
 public:
  Records(Work& work, const RecordOwnerValues& owner) : work_(work), owner_(owner) {}

  bool insert(RecordTable table, const Record& record);
  std::int64_t update(RecordTable table, const std::vector<RecordCondition>& where, const RecordChanges& changes);
  std::int64_t remove(RecordTable table, const std::vector<RecordCondition>& where);
  std::vector<Record> select(const RecordSelection& selection);
  // A reader's first record of a selection without order, read along with the generation of the scope
  // (Work::run_with_generation). nullopt if there is none.
  std::optional<Record> find_with_generation(const RecordSelection& selection);
  std::vector<RecordGroup> sum(const RecordRollup& rollup);

 private:
  RecordSql sql(RecordTable table, bool writes) const;
  Result run(const RecordStatement& statement);
  bool insert_key_scope(const Record& record);

  Work& work_;
  const RecordOwnerValues& owner_;
};

}  // namespace struere::postgres
