// Databases of a server of one's own that are as `struere pg init` makes them.
#pragma once

#include <string>

namespace struere::conformance {

// `server` is the URL of a superuser, in another database of the server. A server that is removed with all that is in
// it (scripts/postgres_server says so) keeps one database for each program, and others are copies of that.
void make_ready_database(const std::string& server, const std::string& name);

// set_up_postgres(), again where another process makes the same roles just now.
void set_up_beside_others(const std::string& url);

// The URL with another database in it.
std::string url_of_database(const std::string& server, const std::string& name);

}  // namespace struere::conformance
