// Whether a row that was read is one of a selection, and how the view shows it to a query: the interpreter's answers,
// over no more of the row's data than they look at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/relation_memory.hpp"
#include "storage/mask_splicer.hpp"
#include "storage/postgres/grant_view.hpp"
#include "storage/sql/parameter.hpp"

namespace struere::postgres {

// Rows of which the first columns are id, data, version, status, created_at, updated_at.
class RowDecider {
 public:
  // `view` is that of the selection's grants. `more` are fields that are looked at in addition. What the selection
  // points to must outlive this.
  RowDecider(const Selection& selection, std::shared_ptr<const GrantView> view, RelationReader& relations,
             const std::vector<FieldPath>& more = {});

  // What must be true of a row as it is stored, beside the masks of groups(), and of the view.
  const MaskGroups& groups() const noexcept { return grants_->groups; }
  const RowReader& reader() const noexcept { return grants_->reader; }
  const std::vector<Predicate>& admits() const noexcept { return admits_ ? *admits_ : groups().predicates; }
  const Predicate& filter() const noexcept { return filter_ ? *filter_ : selection_.filter; }
  // How the groups show a field: `mixed` if they differ.
  Visibility visible(const FieldPath& field) const;

  // For each group whether it admits the row, as '0' and '1'; nullopt if the row is not selected. view() and
  // position() are then of this row.
  const std::optional<std::string>& decide(const ResultRow& row);
  const RowFields& view() const noexcept { return *view_; }
  Position position() const;
  // In an order of attributes alone, all of them clear; without decide().
  Position position_of(const ResultRow& row);
  // Whether decide() may read relations.
  bool asks_for_relations() const noexcept { return asks_for_relations_; }

 private:
  void note_attributes(const ResultRow& row);
  void note_asked_fields();

  const Selection& selection_;
  RelationMemory relations_;
  std::shared_ptr<const GrantView> grants_;
  // Those of the selection, with the values of the actor and of relations; absent if they name none.
  std::optional<std::vector<Predicate>> admits_;
  std::optional<Predicate> filter_;
  bool asks_for_relations_ = false;
  std::vector<FieldPath> more_;
  Mask asked_;  // of `data`, what is looked at; without a list before the first decide()
  std::unique_ptr<MaskSplicer> narrowing_;
  std::string narrowed_;
  std::optional<std::string> bits_;
  RowFields stored_, masked_;
  const RowFields* view_ = nullptr;
};

}  // namespace struere::postgres
