// What a user of SQLite would write rather than a good engineer with its C API: SQLiteCpp, statements kept, each row's
// JSON parsed, the masked field taken out of it. Against the same file and indexes, with the same settings.
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

  std::vector<Row> get(const std::string& id);  // one or none
  std::vector<Row> page();

 private:
  std::vector<Row> read(SQLite::Statement& statement) const;

  SQLite::Database database_;
  SQLite::Statement get_, page_;
};

}  // namespace bench
