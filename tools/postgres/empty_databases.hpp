// Empty PostgreSQL storages on a server of one's own, for scenarios, random worlds and tests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "struere/conformance.hpp"

namespace struere::conformance {

// Returns the URL of an empty database, for the application's role. The database is emptied and lent again once the
// last copy of its URL is gone.
using PostgresLender = std::function<std::shared_ptr<const std::string>()>;

// `url` names a database of the server whose role may create others. They are dropped with the last copy of the lender
// and of their URLs.
PostgresLender lend_postgres_databases(const std::string& url);

// Storages in such databases.
StorageFactory empty_postgres_databases(const std::string& url);

// Lets StorageChoice::parse take postgresql:// for such storages.
void accept_postgres_urls();

}  // namespace struere::conformance
