// Runs the statements of storage/sql/record_sql.hpp on a connection.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/sql/record_sql.hpp"
#include "storage/sqlite/connection.hpp"
#include "struere/spi/record.hpp"

namespace struere {

// The records of one owner, inside the open transaction.
class SqliteRecords {
 public:
  SqliteRecords(Connection& connection, const RecordOwnerValues& owner) : connection_(connection), owner_(owner) {}

  bool insert(RecordTable table, const Record& record);
  std::int64_t update(RecordTable table, const std::vector<RecordCondition>& where, const RecordChanges& changes);
  std::int64_t remove(RecordTable table, const std::vector<RecordCondition>& where);
  std::vector<Record> select(const RecordSelection& selection);
  std::vector<RecordGroup> sum(const RecordRollup& rollup);

 private:
  RecordSql sql(RecordTable table, bool writes) const;
  Statement prepare(const RecordStatement& statement);
  std::int64_t run(const RecordStatement& statement);  // returns the number of changed rows

  Connection& connection_;
  const RecordOwnerValues& owner_;
};

}  // namespace struere
