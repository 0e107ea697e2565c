// Makes a database of struere of an existing one: a file of a product that had organizations, but no environments
// (docs/adopting.md says exactly which tables and columns).
//
// All rows are checked first, and a file with a mistake in it is left as it is. Then they move in batches. Whenever the
// process dies, each row is in exactly one place, and calling this again goes on. Until it has returned, Database::open
// refuses the file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/environment.hpp"

namespace STRUERE_API struere {

struct AdoptionProgress {
  std::string table;
  std::int64_t done = 0;  // rows of this table that are adopted, by earlier calls too
  std::int64_t total = 0;
};

struct AdoptionOptions {
  std::int64_t batch_rows = 1000;  // in one transaction
  // Called after each batch, and once for each table that is done. What it throws stops the adoption between two
  // batches.
  std::function<void(const AdoptionProgress& progress)> progress = {};
  // When rows were made that do not say it; must outlive the call.
  const Clock* clock = nullptr;
};

struct AdoptedTable {
  std::string name;
  std::int64_t before = 0;  // rows of the original table when its adoption began
  std::int64_t after = 0;   // rows of ours when it ended: as many, or there would have been an error
};

struct AdoptionReport {
  bool was_adopted = false;  // the file was a database of struere already, and nothing was done
  bool was_resumed = false;  // an earlier call had begun
  std::vector<AdoptedTable> tables;
};

// Rows without an environment go to `environment`; those that have one keep it. Throws
//   Error{storage}       the file is missing, cannot be adopted, or cannot be written; nothing was changed, unless the
//                        adoption had begun, which is then to be called again
//   Error{invalid_data}  rows that cannot be adopted, with table and id of the first; nothing was changed
//   Error{conflict}      an adoption to the other environment has begun, or another process is at it
AdoptionReport adopt_database(const std::string& path, Environment environment, const AdoptionOptions& options = {});

}  // namespace struere
