// All entities of a type that are not deleted, newest first, read in batches.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "storage/postgres/work.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

class EntityScan {
 public:
  using Place = std::pair<std::int64_t, std::string>;  // created_at, id

  EntityScan(Work& work, std::int64_t scope, EntityTypeKey type, std::optional<Place> after = {},
             std::int64_t rows_of_batch = 500)
      : work_(work), scope_(scope), type_(type), place_(std::move(after)), rows_of_batch_(rows_of_batch) {}

  bool next() {
    if (batch_ && ++row_ < batch_.rows()) return true;
    if (batch_ && batch_.rows() < rows_of_batch_) return false;
    if (batch_ && batch_.rows() > 0)
      place_.emplace(batch_.integer(batch_.rows() - 1, 3), batch_.bytes(batch_.rows() - 1, 0));
    Parameters parameters = Parameters().add(scope_).add(type_);
    std::string sql =
        "SELECT id, data, status, created_at, updated_at, version FROM struere.entities WHERE scope_id = $1 AND "
        "type_key = $2 AND deleted_at IS NULL";
    if (place_) {
      parameters.add(place_->first).add_text(place_->second);
      sql += " AND (created_at, id) < ($3, $4)";
    }
    batch_ = work_.in(scope_).run(sql + " ORDER BY created_at DESC, id DESC LIMIT " + std::to_string(rows_of_batch_),
                                  parameters);
    row_ = 0;
    return batch_.rows() > 0;
  }

  StoredEntity entity() const {
    const auto text = [&](int column) { return std::string(batch_.bytes(row_, column)); };
    return {type_, text(0), text(1), text(2), batch_.integer(row_, 3), batch_.integer(row_, 4), batch_.integer(row_, 5),
            false};
  }

 private:
  Work& work_;
  std::int64_t scope_;
  EntityTypeKey type_;
  std::optional<Place> place_;
  std::int64_t rows_of_batch_;
  Result batch_;
  int row_ = 0;
};

}  // namespace struere::postgres
