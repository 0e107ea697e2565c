// The same rows in the PostgreSQL storage of struere, on the server of the race.
#pragma once

#include <string>

#include "tutoring_data.hpp"

namespace bench {

// `server` is a libpq connection string of a superuser. The first call copies the company of the file.
struere::Database open_on_postgres(const std::string& server, const struere::Database& file, const TutoringData& data);

}  // namespace bench
