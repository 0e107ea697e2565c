#include "storage/postgres/result.hpp"

#include <endian.h>
#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

// Types by their numbers in pg_type, which never change.
constexpr Oid oid_bool = 16, oid_bytea = 17, oid_int8 = 20, oid_int4 = 23, oid_text = 25;

}  // namespace

void Result::Clear::operator()(pg_result* result) const { PQclear(result); }

int Result::rows() const { return PQntuples(result_.get()); }

std::int64_t Result::affected() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool Result::is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }

std::int64_t Result::integer(int row, int column) const {
  if (PQftype(result_.get(), column) == oid_int8 && PQgetlength(result_.get(), row, column) == sizeof(std::uint64_t)) {
    std::uint64_t big_endian = 0;
    std::memcpy(&big_endian, PQgetvalue(result_.get(), row, column), sizeof(big_endian));
    return static_cast<std::int64_t>(be64toh(big_endian));
  }
  const auto* const bytes = reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row, column));
  const int size = PQgetlength(result_.get(), row, column);
  if (is_null(row, column)) return 0;
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8U | bytes[i];
  switch (PQftype(result_.get(), column)) {
    case oid_bool: return static_cast<std::int64_t>(value);
    case oid_int4: return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    case oid_int8: return static_cast<std::int64_t>(value);
    default: throw Error(ErrorCode::storage, "a column of the database is no integer; compare its tables with ours");
  }
}

std::string_view Result::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

ResultRow::Type Result::type(int row, int column) const {
  if (is_null(row, column)) return ResultRow::Type::null;
  switch (PQftype(result_.get(), column)) {
    case oid_text: return ResultRow::Type::text;
    case oid_bytea: return ResultRow::Type::blob;
    default: return ResultRow::Type::integer;
  }
}

}  // namespace struere::postgres
