// The storage that is a PostgreSQL database: for many processes of many hosts (library struere::postgres).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {
class Storage;  // struere/spi/storage.hpp
}  // namespace spi
}  // namespace struere

namespace STRUERE_API struere {

struct PostgresOptions {
  // How long a writer waits for those before it in the same scope, and an operation for a free connection.
  std::chrono::milliseconds busy_timeout{5000};
  // For how long the server may say nothing to an operation before another connection asks whether it is there at all.
  // If that is not answered either (10 s, or `connect_timeout` of the URL), the operation throws Error{storage}. A
  // server that is only slow is waited for.
  std::chrono::milliseconds probe_after{10'000};
  bool read_only = false;  // each write throws Error{storage}
  std::size_t most_connections = 32;
};

// `url` is as libpq takes it (postgresql://user@host:port/database?sslmode=verify-full); passwords may come from a
// password file or the environment. `prepare=off` among its parameters is for a pooler without prepared statements.
// `struere pg init` (storage/postgres_setup.hpp) makes the tables, and the role to connect as: the application's.
// Throws Error{storage}, whose message holds no password, if the server cannot be reached; if the role passes row
// security, or the tables and their policies are not as that makes them, of an older version say; or if the database's
// encoding is not UTF8.
std::unique_ptr<Storage> open_postgres_storage(const std::string& url, const PostgresOptions& options = {});

}  // namespace struere

// Refers to the library, so that a linker keeps it and with it the scheme `postgresql` (CMake and pkg-config do so).
extern "C" STRUERE_API const int struere_postgres_backend;
