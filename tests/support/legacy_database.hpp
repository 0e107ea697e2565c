// Makes a legacy database (docs/adopting.md): three organizations, all tables, as many rows as asked for, the same in
// every run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace struere::test {

enum class LegacyStyle {
  no_environment,    // the tables have no such column
  null_environment,  // they have, and it is null everywhere
  // Of acme nothing was migrated, of globex a whole company went to development beside one that has no environment, and
  // of initech every other row went to production.
  half_migrated,
};

void make_legacy_database(const std::string& path, std::int64_t rows, LegacyStyle style = LegacyStyle::half_migrated);

// The text of the key that each organization has, of the role `teacher`; globex has one of development, too.
std::string legacy_key(const std::string& organization, const std::string& environment = "production");

// How many rows each table has; of one that is not there, none.
std::map<std::string, std::int64_t> count_tables(const std::string& path, const std::string& prefix = "");

}  // namespace struere::test
