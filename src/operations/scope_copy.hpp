// One scope on its way from a storage to another: fills what the target lacks, and compares both row by row.
#pragma once

#include <memory>
#include <string>

#include "struere/core/scope.hpp"
#include "struere/operations/copy.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// What changes with every write of a scope: how its log ends, and when it was last written to.
Json state_of(Storage& storage, const Scope& scope);

class ScopeCopy {
 public:
  // All must outlive it. Tables that the environments share are copied with development.
  ScopeCopy(Storage& from, Storage& to, const Scope& scope, const CopyOptions& options, CopyReport& report)
      : from_(from), to_(to), scope_(scope), options_(options), report_(report) {}

  // Throws Error{conflict} if the target holds a row that the source does not: the source has changed since.
  void fill();
  // Throws Error{storage} if a row differs, or the log does not verify.
  void verify();
  // Leaves nothing of an earlier copy, except what the environments share.
  void clear();

  // What the environments share, once both scopes are empty.
  static void clear_shared(Storage& to, const Scope& scope);

 private:
  template <class Row>
  struct Table;

  std::unique_ptr<Transaction> target() { return to_.begin(scope_, Access::fill); }
  void show(CopyProgress::Step step, std::string_view table, std::int64_t done, std::int64_t total);
  template <class Row>
  std::int64_t fill_table(const Table<Row>& table);
  template <class Row>
  std::int64_t verify_table(const Table<Row>& table);
  template <class Visit>
  void each_table_before_entities(Visit&& visit);
  void fill_keys();
  void fill_events();
  void verify_keys();
  void verify_events();
  Table<Record> record_table(const RecordShape& shape) const;
  Table<StoredEntity> entity_table() const;
  Table<StoredRelation> relation_table() const;

  Storage& from_;
  Storage& to_;
  Scope scope_;
  const CopyOptions& options_;
  CopyReport& report_;
  std::unique_ptr<Transaction> source_;  // one snapshot
};

}  // namespace struere
