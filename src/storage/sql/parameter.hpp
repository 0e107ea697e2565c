// Values that are bound to statements, and rows that statements return, independent of the database library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace struere {

using Blob = std::vector<unsigned char>;

// An object of this process that only functions of struere can read. `kind` is a string literal. Only databases that
// run inside the process support it.
struct Pointer {
  const void* value;
  const char* kind;
};

using Parameter = std::variant<std::nullptr_t, std::int64_t, double, std::string, Blob, Pointer>;

// Receives the values of a statement's parameters. The first parameter has the number 1. Texts and bytes are bound by
// reference: they must outlive the execution.
class ParameterSink {
 public:
  virtual ~ParameterSink() = default;
  virtual std::size_t parameter_count() const = 0;
  virtual void put(int number, std::int64_t value) = 0;
  virtual void put_text(int number, std::string_view value) = 0;
  virtual void put_bytes(int number, std::string_view value) = 0;
  virtual void put(int number, const Parameter& value) = 0;
};

// The current row of a statement. Its columns count from 0.
class ResultRow {
 public:
  enum class Type { null, integer, real, text, blob };

  virtual ~ResultRow() = default;
  virtual Type type(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view text(int column) const = 0;  // valid until the next row
  virtual std::string_view blob(int column) const = 0;

  bool is_null(int column) const { return type(column) == Type::null; }
  std::string string(int column) const { return std::string(text(column)); }
  std::optional<std::string> optional_string(int column) const {
    return is_null(column) ? std::nullopt : std::optional(string(column));
  }
  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }

 protected:
  ResultRow() = default;
  ResultRow(const ResultRow&) = default;
  ResultRow& operator=(const ResultRow&) = default;
};

}  // namespace struere
