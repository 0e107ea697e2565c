#include "postgres/ready_database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>

#include "postgres/raw_connection.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere::conformance {
namespace {

// Of this program as it was built; nullopt where databases are not left on the server, or the system does not tell.
std::optional<std::size_t> number_of_program() {
  if (!std::getenv("STRUERE_POSTGRESQL_IS_PRIVATE")) return std::nullopt;
  const std::filesystem::path link = "/proc/self/exe";
  std::error_code failure;
  const auto program = std::filesystem::read_symlink(link, failure);
  const auto changed = std::filesystem::last_write_time(link, failure);
  if (failure) return std::nullopt;
  return std::hash<std::string>()(fmt::format("{} {}", program.string(), changed.time_since_epoch().count()));
}

// The database that is copied; made by the first that asks for it.
std::string original(const std::string& url, RawConnection& server, std::size_t number) {
  const std::string name = fmt::format("struere_original_{:016x}", number);
  const std::string made = fmt::format("SELECT 1 FROM pg_database WHERE datname = '{}'", name);
  if (!server.run(made).empty()) return name;
  const auto lock = static_cast<std::int64_t>(number);
  server.run(fmt::format("SELECT pg_advisory_lock({})", lock));
  if (server.run(made).empty()) {
    const std::string unfinished = name + "_unfinished";
    server.run(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished));
    server.run(fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", unfinished));
    set_up_beside_others(url_of_database(url, unfinished));
    // Nobody is in a database that is copied.
    server.run(fmt::format("ALTER DATABASE {} RENAME TO {}", unfinished, name));
    server.run(fmt::format("ALTER DATABASE {} ALLOW_CONNECTIONS false", name));
  }
  server.run(fmt::format("SELECT pg_advisory_unlock({})", lock));
  return name;
}

}  // namespace

void make_ready_database(const std::string& server, const std::string& name) {
  static const std::optional<std::size_t> number = number_of_program();
  RawConnection connection(server);
  if (number) {
    connection.run(fmt::format("CREATE DATABASE {} TEMPLATE {}", name, original(server, connection, *number)));
    // A cursor of one database is none of another.
    RawConnection(url_of_database(server, name))
        .run(
            "UPDATE struere.meta SET value = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE name = "
            "'cursor_key'");
    return;
  }
  connection.run(fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name));
  set_up_beside_others(url_of_database(server, name));
}

void set_up_beside_others(const std::string& url) {
  for (int attempt = 1;; ++attempt) try {
      set_up_postgres(url);
      return;
    } catch (const std::exception&) {
      if (attempt == 5) throw;
      usleep(50'000);
    }
}

std::string url_of_database(const std::string& server, const std::string& name) {
  const std::size_t authority = server.find("://") + 3, question = std::min(server.find('?'), server.size());
  const std::size_t path = std::min(server.find('/', authority), question);
  return server.substr(0, path) + "/" + name + server.substr(question);
}

}  // namespace struere::conformance
