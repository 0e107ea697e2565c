// The same rows in PostgreSQL, behind its own row security: the scope and the rule are a policy, the actor is in
// settings that are made before the clock starts, the mask is `data - 'paymentId'`. Through libpq, statements prepared.
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
  // `server` is libpq's text for a connection as a superuser. The rows of the SQLite file are copied the first time.
  Postgres(const std::string& server, const std::string& sqlite_file, const TutoringData& data);

  std::optional<Row> get(const std::string& id);
  std::vector<Row> page(const char* status = nullptr);  // of 50, masked, newest first
  std::int64_t count();
  std::string version() const;

 private:
  using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

  std::vector<Row> rows(const char* statement, const std::vector<const char*>& parameters);

  Connection connection_;
};

}  // namespace bench
