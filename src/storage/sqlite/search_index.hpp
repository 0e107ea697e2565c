// The words of the entities of one scope, in an index (FTS5). It only says which rows may match a search; whether one
// does, in what the actor sees of it, is decided by `struere_search`, row by row.
//
// INVARIANT: what is in the index is a superset: every stored word of a row that is not deleted, at the search fields
// that its type has now, begins in the index as it begins in the row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// So few are looked at one by one sooner than anything is asked.
inline constexpr std::int64_t few_rows = 200;

// Within one transaction of one scope.
class SearchIndex {
 public:
  SearchIndex(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // The entity as it is now; a deleted one leaves the index.
  void put(const StoredEntity& entity);
  void remove(const std::string& id) { put(id, std::string()); }
  // All entities of a type, by the search fields that it has now.
  void rebuild(EntityTypeKey type);

  // What to ask the index (FTS5's MATCH) for the rows that may match; nothing where it cannot tell.
  std::optional<std::string> question(EntityTypeKey type, const Search& search);
  // How many rows that is, counted up to `most`.
  std::int64_t count(const std::string& question, std::int64_t most);

 private:
  Statement scoped(const std::string& sql);
  std::vector<FieldPath> fields(EntityTypeKey type);
  std::string prefix(EntityTypeKey type) const;
  std::string indexed_words(EntityTypeKey type, const std::vector<FieldPath>& fields, std::string_view data) const;
  void put(const std::string& id, const std::string& words);

  Connection& connection_;
  std::int64_t scope_;
};

}  // namespace struere
