// Files as older versions of struere made them (tests/storage/sqlite/fixtures).
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "support/places.hpp"
#include "support/raw_database.hpp"

namespace struere::test {

inline void make_old_database(const std::string& path, int version) {
  std::ifstream file(source_dir() + "/tests/storage/sqlite/fixtures/version_" + std::to_string(version) + ".sql");
  std::stringstream sql;
  sql << file.rdbuf();
  if (sql.str().empty()) throw std::runtime_error("there is no such fixture");
  RawDatabase(path).run(sql.str());
}

}  // namespace struere::test
