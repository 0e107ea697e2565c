// The same rows in PostgreSQL with row-level security. The scope and the rule are a policy, the actor is in settings
// that are made before the measurement, the mask is `data - 'paymentId'`. Uses libpq with prepared statements.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "row.hpp"
#include "tutoring_data.hpp"

namespace bench {

class Postgres {
 public:
  // `server` is a libpq connection string of a superuser. The first call copies the rows of the SQLite file.
  Postgres(const std::string& server, const std::string& sqlite_file, const TutoringData& data);

  std::optional<Row> get(const std::string& id);
  std::vector<Row> page(const char* status = nullptr);  // up to 50 rows, masked, newest first
  std::int64_t count();
  std::string version() const;

 private:
  using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

  std::vector<Row> rows(const char* statement, const std::vector<const char*>& parameters);

  Connection connection_;
};

}  // namespace bench
