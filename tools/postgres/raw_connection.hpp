// A connection to a server of one's own, past the library.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace struere::conformance {

class RawConnection {
 public:
  using Rows = std::vector<std::vector<std::string>>;

  explicit RawConnection(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
  }

  // Carries out one message, and answers the rows of its last statement. Throws std::runtime_error with what the server
  // says.
  Rows run(const std::string& sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection_.get(), sql.c_str()), PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
      throw std::runtime_error(PQresultErrorMessage(result.get()));
    Rows out;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      auto& values = out.emplace_back();
      for (int column = 0; column < PQnfields(result.get()); ++column)
        values.emplace_back(PQgetvalue(result.get(), row, column));
    }
    return out;
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

}  // namespace struere::conformance
