// The tables of an existing database, as docs/adopting.md defines them: the columns that are read, the fallbacks for
// missing columns, and the references between tables.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace struere {

// The owner of a row. It decides which columns name the owner: none, `organization_id`, or also `environment`.
enum class AdoptionOwner { file, organization, scope };

enum class AdoptionKind {
  text,      // may be empty
  name,      // not empty
  word,      // one of `words`
  number,    // an integer, such as a count or a time that may be in the future
  time,      // when something happened, in milliseconds since the Unix epoch
  positive,  // an integer from 1 to 2^53
  object,    // a JSON object
  list,      // a JSON list
  texts,     // a JSON list of texts
  hash,      // 32 bytes, or 64 hexadecimal digits
};

// A fallback with this name is the time at which the adoption began.
inline constexpr std::string_view time_of_adoption = "adoption";

struct AdoptionColumn {
  std::string_view name;
  AdoptionKind kind;
  // The value if the column or its value is missing: an SQL literal, or the name of another column. NULL: no value.
  // Empty: the value is required.
  std::string_view fallback = {};
  std::span<const std::string_view> words = {};
};

// A value that must exist in another table, in the same scope, organization or file, whichever both tables have.
struct AdoptionReference {
  std::string_view column;
  std::string_view table;
  std::string_view target;
};

struct AdoptionTable {
  std::string_view name;
  AdoptionOwner owner;
  std::span<const AdoptionColumn> columns;        // without those of the owner
  std::span<const std::string_view> key;          // unique within the owner; messages name a row by it
  bool has_unique_key;                            // false: the key only names the role to which a part belongs
  std::span<const std::string_view> unique = {};  // also unique; NULLs are allowed
  std::span<const std::string_view> order = {};   // of adoption; then the order of the file
  std::span<const AdoptionReference> references = {};
};

// In the order of adoption: a table comes after the tables to which it refers.
std::span<const AdoptionTable> adoption_tables();
const AdoptionTable* find_adoption_table(std::string_view name);

// A number with a fraction, or bytes. No column of struere holds such a value, except hashes.
struct AdoptionBytes {
  std::string bytes;
};

using AdoptionValue = std::variant<std::monostate, std::int64_t, std::string, AdoptionBytes>;

struct AdoptionRow {
  std::int64_t number = 0;  // its rowid
  // Only tables with these columns have them. Missing values are filled in.
  AdoptionValue organization;
  AdoptionValue environment;
  std::vector<AdoptionValue> values;  // one for each column of the table

  const AdoptionValue& at(const AdoptionTable& table, std::string_view column) const;
};

// The name of the row in messages, such as "session 018b…".
std::string name_of_row(const AdoptionTable& table, const AdoptionRow& row);

}  // namespace struere
