// The tables of a legacy database, as docs/adopting.md defines them: what is read of each column, what stands in for
// one that is missing, and what refers to what.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace struere {

// Whose a row is, and so which columns say it: none, `organization_id`, or that and `environment`.
enum class LegacyOwner { file, organization, scope };

enum class LegacyKind {
  text,      // may be empty
  name,      // may not
  word,      // one of `words`
  number,    // a whole one: counts, and times in milliseconds since the Unix epoch
  positive,  // from 1
  object,    // JSON
  list,      // JSON
  texts,     // JSON, a list of texts
  hash,      // 32 bytes, or 64 hexadecimal digits
};

// A fallback of this column stands for the time at which the adoption began.
inline constexpr std::string_view time_of_adoption = "adoption";

struct LegacyColumn {
  std::string_view name;
  LegacyKind kind;
  // What a missing column or value stands for: an SQL literal, or the name of another column. NULL: it may be missing.
  // Empty: it must be there.
  std::string_view fallback = {};
  std::span<const std::string_view> words = {};
};

// A value that must be one of another table's, in the same scope, organization or file, whichever both tables know.
struct LegacyReference {
  std::string_view column;
  std::string_view table;
  std::string_view target;
};

struct LegacyTable {
  std::string_view name;
  LegacyOwner owner;
  std::span<const LegacyColumn> columns;          // but for those of the owner
  std::span<const std::string_view> key;          // unique within the owner; what a row is called in messages
  bool has_unique_key;                            // false: the key only tells to what a part belongs
  std::span<const std::string_view> unique = {};  // likewise unique, but for nulls
  std::span<const std::string_view> order = {};   // in which rows are adopted; then in the file's own
  std::span<const LegacyReference> references = {};
};

// In the order in which they are adopted: what is referred to comes first.
std::span<const LegacyTable> legacy_tables();
const LegacyTable* find_legacy_table(std::string_view name);

// A number that is not whole, or bytes: what no column of ours holds, but for a hash.
struct LegacyBytes {
  std::string bytes;
};

using LegacyValue = std::variant<std::monostate, std::int64_t, std::string, LegacyBytes>;

struct LegacyRow {
  std::int64_t number = 0;  // its rowid
  // Of tables that know them; missing ones are filled in.
  LegacyValue organization;
  LegacyValue environment;
  std::vector<LegacyValue> values;  // beside the columns of the table

  const LegacyValue& at(const LegacyTable& table, std::string_view column) const;
};

// "session 018b…": the row in messages.
std::string name_of_row(const LegacyTable& table, const LegacyRow& row);

}  // namespace struere
