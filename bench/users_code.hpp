// The code that an average user of SQLite would write: SQLiteCpp with kept statements. It parses the JSON of each row
// and removes the masked field. It uses the same file, indexes and settings.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tutoring_data.hpp"

namespace bench {

class UsersCode {
 public:
  struct Row {
    std::string id, status;
    std::int64_t created_at = 0, updated_at = 0, version = 0;
    struere::Json data;
  };

  UsersCode(const std::string& path, const std::string& teacher, const struere::SqliteOptions& settings);

  std::vector<Row> get(const std::string& id);  // at most one row
  std::vector<Row> page();

 private:
  std::vector<Row> read(SQLite::Statement& statement) const;

  SQLite::Database database_;
  SQLite::Statement get_, page_;
};

}  // namespace bench
