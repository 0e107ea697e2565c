// Makes an existing database (docs/adopting.md): three organizations, all tables, as many rows as asked for, the same
// in every run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace struere::test {

enum class AdoptableStyle {
  no_environment,    // the tables have no such column
  null_environment,  // they have, and it is null everywhere
  // No row of acme has one, of globex a whole company went to development beside one that has no environment, and
  // of initech every other row went to production.
  half_scoped,
};

void make_adoptable_database(const std::string& path, std::int64_t rows,
                             AdoptableStyle style = AdoptableStyle::half_scoped);

// The text of the key that each organization has, of the role `teacher`; globex has one of development, too.
std::string adoptable_key(const std::string& organization, const std::string& environment = "production");

// How many rows each table has; of one that is not there, none.
std::map<std::string, std::int64_t> count_tables(const std::string& path, const std::string& prefix = "");

}  // namespace struere::test
