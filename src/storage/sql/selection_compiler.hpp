// From a Selection to SQL: the one place that writes the name of a scoped table beside a caller's wishes.
//
// INVARIANT: every statement binds the scope as its first parameter, ?1, and each use of a scoped table compares its
// scope_id with it. The scope comes from the transaction, never from the selection.
// INVARIANT: nothing that a caller wrote stands in the text of a statement but the segments of field paths, which are
// letters, digits, _ and -; all values are parameters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/sql/dialect.hpp"
#include "storage/sql/event_reader.hpp"
#include "storage/sql/field_key.hpp"
#include "storage/sql/selection_parameter.hpp"
#include "storage/sql/view_masks.hpp"
#include "struere/query/event_selection.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// Grants that mask alike are one group: a row is looked at through the groups that admit it.
struct MaskGroups {
  explicit MaskGroups(const Grants& grants);

  std::vector<const Mask*> masks;     // distinct, in the order of the grants
  std::vector<Predicate> predicates;  // beside them: some grant of the group admits the row

  // With a single group, every row in the view is seen through it, and nothing needs to be worked out by row.
  bool single() const noexcept { return masks.size() == 1; }
};

// Columns of what is selected: id, data, version, status, created_at, updated_at, bits, then the computed sort keys.
//
// It holds no actor, id, limit, value of the filter or position of a page: those are slots, so that it serves all
// selections of its shape.
struct CompiledSelection {
  std::string sql;
  std::vector<SelectionParameter> parameters;  // from ?2 on; ?1 is the scope's
  std::vector<int> key_columns;                // for each key of the order its column
  std::shared_ptr<MaskGroups> groups;
  std::shared_ptr<ViewMasks> query_view;  // kept alive: parameters point to it
  std::optional<FieldKey> key;            // that leads to the rows
};

// `keys` are the field keys that may be used (nullptr: none). `candidates` is a question to the search index
// (search_index.hpp): only the rows that it names are looked at.
CompiledSelection compile_select(const Dialect& dialect, const Selection& selection, KeySource* keys = nullptr,
                                 const std::optional<std::string>& candidates = {});
CompiledSelection compile_count(const Dialect& dialect, const Selection& selection, KeySource* keys = nullptr,
                                const std::optional<std::string>& candidates = {});
CompiledSelection compile_count_up_to(const Dialect& dialect, const Selection& selection, KeySource* keys,
                                      std::int64_t most);

// What the sequence of an event must exceed: `after`, and the start of the log.
inline std::string later_than(const Dialect& dialect, std::string_view after) {
  return std::string(dialect.greatest) + "(" + std::string(after) +
         ", coalesce((SELECT sequence FROM event_checkpoints WHERE scope_id = ?1), 0))";
}

// Columns: those of an event, then the entity's type and bits.
struct CompiledEvents {
  static constexpr int type_column = 14, bits_column = 15;

  std::string sql;
  std::vector<SelectionParameter> parameters;
  std::vector<MaskGroups> groups;  // beside the selection's types
};

CompiledEvents compile_events(const Dialect& dialect, const EventSelection& selection, KeySource* keys = nullptr);

// The own entity of an actor, and the ends of relations, alone: for the checks of a write. One column, the id.
struct CompiledLookup {
  std::string sql;
  std::vector<SelectionParameter> parameters;
};
CompiledLookup compile_own_entity(const Dialect& dialect, const OwnEntity& own, KeySource* keys = nullptr);
CompiledLookup compile_related_ids(const Dialect& dialect, const std::string& id, const Hop& hop);

}  // namespace struere
