// What a statement answered, read in PostgreSQL's binary formats.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/sql/parameter.hpp"

struct pg_result;

namespace struere::postgres {

// Columns are int4, int8, bool, text or bytea: our statements select no other type.
class Result {
 public:
  Result() = default;
  explicit Result(pg_result* result) : result_(result) {}

  int rows() const;
  std::int64_t affected() const;  // rows that were written

  bool is_null(int row, int column) const;
  std::int64_t integer(int row, int column) const;
  std::string_view bytes(int row, int column) const;  // of a text or a bytea; valid as long as the result
  ResultRow::Type type(int row, int column) const;

  explicit operator bool() const { return result_ != nullptr; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

// A row of a result, as the readers of storage/sql take it.
class Row final : public ResultRow {
 public:
  Row(const Result& result, int row) : result_(result), row_(row) {}

  Type type(int column) const override { return result_.type(row_, column); }
  std::int64_t integer(int column) const override { return result_.integer(row_, column); }
  std::string_view text(int column) const override { return result_.bytes(row_, column); }
  std::string_view blob(int column) const override { return result_.bytes(row_, column); }

 private:
  const Result& result_;
  int row_;
};

// A row that was selected, with the masks that apply to it in the place of its seventh column.
class SelectedRow final : public ResultRow {
 public:
  SelectedRow(const Result& result, int row, std::string_view bits) : result_(result), row_(row), bits_(bits) {}

  Type type(int column) const override { return column < first_columns ? result_.type(row_, column) : Type::text; }
  std::int64_t integer(int column) const override { return result_.integer(row_, column); }
  std::string_view text(int column) const override {
    return column < first_columns ? result_.bytes(row_, column) : bits_;
  }
  std::string_view blob(int column) const override { return text(column); }

 private:
  static constexpr int first_columns = 6;

  const Result& result_;
  int row_;
  std::string_view bits_;
};

}  // namespace struere::postgres
