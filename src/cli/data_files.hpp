// Entities as lines of JSON: `struere data export` and `import`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/place.hpp"

namespace struere::cli {

struct ExportOptions {
  std::vector<std::string> types;
  Query query;
  bool with_ids = false;
};

// Writes a line for each entity, oldest first: its `data`, or with ids all that an import needs to restore the entity:
// {"$entity": TYPE, "id", "status", "createdAt", "updatedAt", "version", "data"}.
void export_entities(const Place& place, const ExportOptions& asked);

struct ImportOptions {
  std::string type;       // of lines with only `data`; if empty, such lines are refused
  std::size_t batch = 0;  // lines in one transaction; 0: all of them
  std::size_t from = 1;   // the first line that is read
  bool with_ids = false;  // refuse lines with only `data`
};

void import_entities(const Place& place, const Options& options, const ImportOptions& asked);

}  // namespace struere::cli
