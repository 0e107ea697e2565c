// The SQL of records (spi/record.hpp) for all of their tables. Only this code adds the owner of the records to a
// statement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/dialect.hpp"
#include "storage/sql/parameter.hpp"
#include "struere/spi/record.hpp"

namespace STRUERE_COMPANION_API struere {

// The owner whose rows a statement may touch.
struct RecordOwnerValues {
  std::optional<RecordValue> scope;         // the number of the scope; nullopt: the tables of the database
  std::optional<RecordValue> organization;  // the organization of the scope
};

// A statement and the values of its parameters, from ?1 on. Its text contains only names from the shape.
struct RecordStatement {
  std::string text;
  std::vector<RecordValue> parameters;
};

// What comes back.
std::vector<RecordValue> read_record_values(const ResultRow& row, std::size_t count);
RecordGroup read_record_group(const ResultRow& row, const RecordRollup& rollup);

class RecordSql {
 public:
  RecordSql(const RecordWords& words, const RecordOwnerValues& owner) : words_(words), owner_(owner) {}

  // Changes nothing if the key or a unique value of the record is already taken.
  RecordStatement insert(RecordTable table, const Record& record) const;
  RecordStatement update(RecordTable table, const std::vector<RecordCondition>& where,
                         const RecordChanges& changes) const;
  RecordStatement remove(RecordTable table, const std::vector<RecordCondition>& where) const;
  // Returns the columns in the order of the shape.
  RecordStatement select(const RecordSelection& selection) const;
  // Returns the columns of group_by, then the count, then the sums.
  RecordStatement sum(const RecordRollup& rollup) const;
  // Finds the record with a given value in `column`, in any scope. Returns the columns of the record, then
  // organization_id, environment and generation of its scope.
  static std::string find_in_all_scopes(const RecordWords& words, RecordTable table, std::string_view column);

 private:
  const RecordWords& words_;
  const RecordOwnerValues& owner_;
};

}  // namespace struere
