// Empty PostgreSQL storages on a server of one's own, for scenarios, random worlds and tests.
#pragma once

#include <memory>
#include <string>

#include "struere/conformance.hpp"

namespace struere::conformance {

// `url` names a database of the server whose role may create others. Each storage is a database of its own, emptied and
// used again once the storage before it is closed, and dropped with the program. The factory can be copied.
StorageFactory empty_postgres_databases(const std::string& url);

// An empty database for several processes, dropped with the last copy of its URL.
std::shared_ptr<const std::string> own_postgres_database(const std::string& url);

// Lets StorageChoice::parse take postgresql:// for such storages.
void accept_postgres_urls();

}  // namespace struere::conformance
