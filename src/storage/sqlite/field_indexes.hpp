// Indexes by fields of `data`: made when a rule or a schema asks for one, dropped when none does any more.
#pragma once

#include <string>

#include "access/indexed_fields.hpp"
#include "storage/sqlite/connection.hpp"

namespace struere {

// Of the whole file, inside the transaction that is open. Readers go on meanwhile.
class FieldIndexes {
 public:
  explicit FieldIndexes(Connection& connection) : connection_(connection) {}

  // `before` was asked for by the definition that `after` is asked for by now.
  void replace(const FieldNames& before, const FieldNames& after);

 private:
  void make(const std::string& field);
  bool is_needed(const std::string& field);

  Connection& connection_;
};

}  // namespace struere
