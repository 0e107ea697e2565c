// Loads the tutoring companies of examples/tutoring/ into a database, as their hosts would.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include <struere/struere.hpp>

struct LoadedCompanies {
  std::size_t entities = 0;
  // The id that each row got, by "company/environment/ref".
  std::map<std::string, struere::EntityId> ids;
};

LoadedCompanies load_companies(const struere::Database& database, const std::filesystem::path& folder);
