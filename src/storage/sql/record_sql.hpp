// The SQL of records (spi/record.hpp): one piece of code for all of their tables, and the only one that adds their
// owner.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/sql/dialect.hpp"
#include "struere/spi/record.hpp"

namespace struere {

// Whose rows a statement may touch.
struct RecordOwnerValues {
  std::optional<RecordValue> scope;         // its number; nullopt: the database's own tables
  std::optional<RecordValue> organization;  // of the scope
};

// A statement, and what is bound to its parameters from 1 on. Only names out of the shape are in the text.
struct RecordStatement {
  std::string text;
  std::vector<RecordValue> parameters;
};

class RecordSql {
 public:
  RecordSql(const RecordWords& words, const RecordOwnerValues& owner) : words_(words), owner_(owner) {}

  // Changes nothing if a key is taken.
  RecordStatement insert(RecordTable table, const Record& record) const;
  RecordStatement update(RecordTable table, const std::vector<RecordCondition>& where,
                         const RecordChanges& changes) const;
  RecordStatement remove(RecordTable table, const std::vector<RecordCondition>& where) const;
  // Columns in the order of the shape.
  RecordStatement select(const RecordSelection& selection) const;
  // The columns of group_by, then the count, then the sums.
  RecordStatement sum(const RecordRollup& rollup) const;
  // The record of this value at a column, of whatever scope: its columns, then those of the table `scopes` that lead to
  // it, organization_id, environment and generation.
  static std::string find_in_all_scopes(const RecordWords& words, RecordTable table, std::string_view column);

 private:
  const RecordWords& words_;
  const RecordOwnerValues& owner_;
};

}  // namespace struere
