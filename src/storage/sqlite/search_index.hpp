// An index (FTS5) of the words of the entities of one scope. It only finds rows that may match a search. The function
// `struere_search` decides for each row whether it matches in what the actor sees.
//
// INVARIANT: the index is a superset. Every stored word of a row that is not deleted, at the search fields that its
// type has now, begins in the index as it begins in the row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// Up to this number, rows are read one by one without a query to the index.

// Works inside one transaction of one scope.
class SearchIndex {
 public:
  SearchIndex(Connection& connection, std::int64_t scope) : connection_(connection), scope_(scope) {}

  // Indexes the entity as it is now. A deleted entity leaves the index.
  void put(const StoredEntity& entity);
  void remove(const std::string& id) { put(id, std::string()); }
  // Indexes all entities of a type by the search fields that it has now.
  void rebuild(EntityTypeKey type);

  // The query to the index (FTS5's MATCH) for the rows that may match; `nullopt` if the index cannot answer the
  // search.
  std::optional<std::string> question(EntityTypeKey type, const Search& search);
  // The number of rows that the query finds, counted up to `most`.
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
