// The rows of a selection's statement, read in batches.
#pragma once

#include <algorithm>
#include <cstdint>

#include "storage/postgres/candidates.hpp"
#include "storage/postgres/interruptible.hpp"
#include "storage/postgres/row_limit.hpp"
#include "storage/postgres/work.hpp"

namespace struere::postgres {

// Rows that are read at once: at first about as many as are wanted, then more and more.
inline constexpr std::int64_t least_rows = 16, first_rows = 256, most_rows = 2'048;
inline constexpr std::int64_t bytes_of_batch = 4 << 20;

// How many rows to read next.
class BatchSize {
 public:
  explicit BatchSize(std::int64_t first) : next_(std::clamp(first, least_rows, first_rows)) {}
  std::int64_t next() const noexcept { return row_limit(next_); }
  void add(const Result& batch) {
    for (int row = 0; row < batch.rows(); ++row) bytes_ += static_cast<std::int64_t>(batch.bytes(row, 1).size());
    rows_ += batch.rows();
    const std::int64_t of_row = rows_ == 0 ? 1 : std::max<std::int64_t>(bytes_ / rows_, 1);
    next_ = std::clamp(std::min(next_ * 4, bytes_of_batch / of_row), least_rows, most_rows);
  }

 private:
  std::int64_t next_, bytes_ = 0, rows_ = 0;
};

// The rows of a statement, read batch by batch.
class Batches {
 public:
  Batches(Work& work, std::int64_t scope, const Candidates& candidates, const Interruption& interruption,
          std::int64_t first)
      : work_(work), scope_(scope), candidates_(candidates), interruption_(interruption), size_(first) {}

  // Whether no more than the first batch can be wanted, as each of its rows is on the page.
  void end_with_first(const Selection& selection) {
    if (selection.is_last && size_.next() > selection.limit) work_.end_with_next();
  }

  bool next() {
    if (batch_ && ++row_ < rows_) return true;
    if (batch_ && rows_ < asked_) return false;
    throw_if_due(interruption_);
    if (batch_) size_.add(batch_);
    asked_ = size_.next();
    // Whether words are rare or common decides about the plan of a search.
    if (!batch_ && candidates_.has_terms()) work_.in(scope_).plan_freely();
    const Row last(batch_, batch_ ? rows_ - 1 : 0);
    const Candidates::Statement statement = candidates_.select(asked_, batch_ ? &last : nullptr);
    const bool brings_generation = work_.lacks_generation();
    Result batch = brings_generation ? work_.run_with_generation(scope_, rows_with_generation(statement.sql),
                                                                 statement.parameters, candidates_.columns())
                                     : work_.in(scope_).run(statement.sql, statement.parameters);
    batch_ = std::move(batch);
    rows_ = brings_generation && batch_.is_null(0, 0) ? 0 : batch_.rows();
    row_ = 0;
    return rows_ > 0;
  }
  Row row() const { return Row(batch_, row_); }
  SelectedRow row_with(std::string_view bits) const { return SelectedRow(batch_, row_, bits); }
  std::size_t size() const noexcept { return static_cast<std::size_t>(rows_); }  // of the batch

 private:
  Work& work_;
  std::int64_t scope_;
  const Candidates& candidates_;
  const Interruption& interruption_;
  BatchSize size_;
  std::int64_t asked_ = 0;
  Result batch_;
  int rows_ = 0, row_ = 0;
};

}  // namespace struere::postgres
