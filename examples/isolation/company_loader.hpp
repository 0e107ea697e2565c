// Loads the tutoring companies of examples/tutoring/ into a database, as a host would.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <struere/struere.hpp>

// A row of the file with the id that it got. The walkthrough compares the library's answers with it.
struct LoadedRow {
  struere::EntityId id;
  std::string type;
  struere::Json data;
};

// One company in one environment.
struct LoadedScope {
  std::vector<LoadedRow> rows;
  std::map<std::string, struere::EntityId> ids;  // by the names in the file, such as "session-7"
  std::size_t relations = 0;

  std::size_t count(const std::string& type, const std::function<bool(const struere::Json&)>& matches = {}) const;
};

using LoadedCompanies = std::map<std::string, LoadedScope>;  // by "company/environment"

LoadedCompanies load_companies(const struere::Database& database, const std::filesystem::path& folder);
