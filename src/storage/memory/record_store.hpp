// Holds the records of one scope, of one organization or of the database, sorted by their keys.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "struere/spi/record.hpp"

namespace struere {

using Undo = std::vector<std::function<void()>>;

class RecordStore {
 public:
  bool insert(const RecordShape& shape, const Record& record, Undo& undo);
  std::int64_t update(const RecordShape& shape, std::span<const RecordCondition> where, const RecordChanges& changes,
                      Undo& undo);
  std::int64_t remove(const RecordShape& shape, std::span<const RecordCondition> where, Undo& undo);
  std::vector<Record> select(const RecordSelection& selection) const;
  std::vector<RecordGroup> sum(const RecordRollup& rollup) const;

 private:
  using Table = std::map<std::vector<RecordValue>, Record>;  // by key

  std::map<RecordTable, Table> tables_;
};

}  // namespace struere
