#include "storage/postgres/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "core/digest.hpp"
#include "storage/postgres/schema_steps.hpp"
#include "struere/core/error.hpp"
#include "struere/query/cursor.hpp"

namespace struere::postgres {
namespace {

static_assert(schema_version == schema_steps.size());

std::int64_t number_of(Connection& connection, std::string_view name, std::string_view lock) {
  const Result found = connection.run(fmt::format("SELECT value FROM struere.meta WHERE name = '{}'{}", name, lock));
  std::int64_t out = 0;
  if (found.rows() == 1) {
    const std::string_view digits = found.bytes(0, 0);
    std::from_chars(digits.data(), digits.data() + digits.size(), out);
  }
  return out;
}

std::int64_t version_of(Connection& connection, std::string_view lock) {
  const std::int64_t out = number_of(connection, "schema_version", lock);
  if (out < 1) throw Error(ErrorCode::storage, "the schema `struere` of the database is damaged: it has no version");
  if (out > schema_version && number_of(connection, "oldest_compatible_version", "") > schema_version)
    throw Error(
        ErrorCode::storage,
        fmt::format("the database has version {} of the tables, and this library knows versions up to {}; use a "
                    "newer library",
                    out, schema_version));
  return out;
}

bool has_tables(Connection& connection) {
  return connection.run("SELECT to_regclass('struere.meta') IS NOT NULL").integer(0, 0) != 0;
}

void put_meta(Connection& connection, std::string_view name, std::string_view value) {
  connection.run(
      "INSERT INTO struere.meta(name, value) VALUES($1, $2) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
      Parameters().add_text(name).add_bytes(value));
}

}  // namespace

void take_schema_steps(Connection& connection) {
  std::int64_t taken = 0;
  if (has_tables(connection))
    taken = version_of(connection, " FOR UPDATE");
  else if (connection.run("SELECT to_regnamespace('struere') IS NULL").integer(0, 0) != 0)
    connection.run("CREATE SCHEMA struere");
  if (taken >= schema_version) return;
  for (auto step = static_cast<std::size_t>(taken); step < schema_steps.size(); ++step)
    for (const std::string_view sql : schema_steps[step]) connection.run(sql);
  if (taken == 0) {
    Digest key{};
    random_bytes(key);
    put_meta(connection, "cursor_key", {reinterpret_cast<const char*>(key.data()), key.size()});
  }
  put_meta(connection, "schema_version", std::to_string(schema_version));
  put_meta(connection, "oldest_compatible_version", std::to_string(oldest_compatible_version));
}

SchemaState recognise(Connection& connection) {
  if (!has_tables(connection)) return SchemaState::missing;
  return version_of(connection, "") < schema_version ? SchemaState::older : SchemaState::current;
}

}  // namespace struere::postgres
