// Entities as lines of JSON: `struere data export` and `import`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace struere::cli {

struct ExportOptions {
  std::vector<std::string> types;
  Query query;
  bool with_ids = false;
};

// A line for each entity, oldest first. Without ids it is its `data`; with them all that an import needs to bring the
// entity back: {"$entity": TYPE, "id", "status", "createdAt", "updatedAt", "version", "data"}.
void export_entities(const Session& session, const ExportOptions& asked);

struct ImportOptions {
  std::string type;       // of lines that hold `data` alone; empty: there may be none
  std::size_t batch = 0;  // lines in a transaction; 0: all of them in one
  std::size_t from = 1;   // the first line that is read
  bool with_ids = false;  // refuse lines that hold `data` alone
};

void import_entities(const Session& session, const Options& options, const ImportOptions& asked);

}  // namespace struere::cli
