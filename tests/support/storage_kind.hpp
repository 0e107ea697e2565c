// The storages that a test runs with.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace struere::test {

enum class StorageKind { memory, sqlite, postgres };

// Memory and SQLite, and PostgreSQL where STRUERE_POSTGRESQL_URL names a server (scripts/postgres_server). Only the
// last if STRUERE_TEST_STORAGE is `postgresql`.
const std::vector<StorageKind>& storage_kinds();
// Those whose data several processes can open.
const std::vector<StorageKind>& shared_storage_kinds();

// The URL of an empty database of that server, for the application's role: emptied and used again once the last copy of
// its URL is gone.
std::shared_ptr<const std::string> lend_postgres_database();

}  // namespace struere::test
