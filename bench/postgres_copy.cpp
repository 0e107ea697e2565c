#include "postgres_copy.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string_view>

#include <struere/operations/copy.hpp>
#include <struere/storage/postgres_setup.hpp>

namespace bench {
namespace {

void run(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
}

// struere takes an URL.
std::string url_of(const std::string& server, const std::string& user, const std::string& database) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(server.c_str(), nullptr),
                                                                             PQconninfoFree);
  if (!options) throw std::runtime_error("--postgres is no connection string");
  std::string out = fmt::format("postgresql://{}@/{}?", user, database);
  for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
    const std::string_view name = option->keyword;
    if (option->val && (name == "host" || name == "port")) out += fmt::format("{}={}&", name, option->val);
  }
  out.pop_back();
  return out;
}

// The API key of the file tells whether the database is a copy of this file.
bool is_copy_of(const std::string& url, const TutoringData& data) {
  try {
    (void)struere::Database::open(url).authenticate(data.api_key);
    return true;
  } catch (const struere::Error&) {
    return false;
  }
}

}  // namespace

struere::Database open_on_postgres(const std::string& server, const struere::Database& file, const TutoringData& data) {
  const std::string database = fmt::format("struere_copy_{}", data.sessions);
  const std::string application = url_of(server, struere::PostgresRoles().application, database);
  if (!is_copy_of(application, data)) {
    const std::string superuser = url_of(server, "postgres", database);
    run(url_of(server, "postgres", "postgres"), "DROP DATABASE IF EXISTS " + database);
    run(url_of(server, "postgres", "postgres"), "CREATE DATABASE " + database + " ENCODING 'UTF8' TEMPLATE template0");
    struere::set_up_postgres(superuser);
    struere::copy_database(file, struere::Database::open(application),
                           {.organization = struere::OrganizationId("company"), .batch_rows = 5000});
    run(superuser, "VACUUM ANALYZE");
  }
  return struere::Database::open(application);
}

}  // namespace bench
