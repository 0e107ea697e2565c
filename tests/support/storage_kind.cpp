#include "support/storage_kind.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#ifdef STRUERE_HAS_POSTGRES
#include "postgres/empty_databases.hpp"
#endif

namespace struere::test {
namespace {

std::vector<StorageKind> chosen(std::vector<StorageKind> without_server) {
#ifdef STRUERE_HAS_POSTGRES
  if (const char* const only = std::getenv("STRUERE_TEST_STORAGE")) {
    if (std::string_view(only) != "postgresql")
      throw std::invalid_argument("STRUERE_TEST_STORAGE must be `postgresql` or not be set");
    return {StorageKind::postgres};
  }
  if (std::getenv("STRUERE_POSTGRESQL_URL")) without_server.push_back(StorageKind::postgres);
#endif
  return without_server;
}

}  // namespace

const std::vector<StorageKind>& storage_kinds() {
  static const std::vector<StorageKind> kinds = chosen({StorageKind::memory, StorageKind::sqlite});
  return kinds;
}

const std::vector<StorageKind>& shared_storage_kinds() {
  static const std::vector<StorageKind> kinds = chosen({StorageKind::sqlite});
  return kinds;
}

std::shared_ptr<const std::string> lend_postgres_database() {
#ifdef STRUERE_HAS_POSTGRES
  static const auto lend = [] {
    const char* const server = std::getenv("STRUERE_POSTGRESQL_URL");
    if (!server)
      throw std::runtime_error("STRUERE_POSTGRESQL_URL is not set; run this test by scripts/postgres_server");
    return conformance::lend_postgres_databases(server);
  }();
  return lend();
#else
  throw std::logic_error("these tests were built without PostgreSQL");
#endif
}

}  // namespace struere::test
