// Compiles a Selection to SQL. Only this code combines names of scoped tables with conditions of a caller.
//
// INVARIANT: every statement binds the scope as its first parameter, ?1, and each use of a scoped table compares its
// scope_id with it. The scope comes from the transaction, never from the selection.
// INVARIANT: the text of a statement contains nothing that a caller wrote, except the segments of field paths, which
// consist of letters, digits, _ and -. All values are parameters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/dialect.hpp"
#include "storage/sql/event_reader.hpp"
#include "storage/sql/field_key.hpp"
#include "storage/sql/lead.hpp"
#include "storage/sql/selection_parameter.hpp"
#include "storage/sql/view_masks.hpp"
#include "struere/query/event_selection.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_COMPANION_API struere {

// Grants with equal masks form one group. The masks of a row are those of the groups that admit it.
struct MaskGroups {
  explicit MaskGroups(const Grants& grants);

  std::vector<const Mask*> masks;     // distinct, in the order of the grants
  std::vector<Predicate> predicates;  // one for each mask: true if some grant of the group admits the row

  // With a single group, its masks apply to every row in the view, and nothing has to be computed for each row.
  bool single() const noexcept { return masks.size() == 1; }
};

// Selects the columns id, data, version, status, created_at, updated_at; then the bits, unless there is a single group;
// then the sort keys of the order that have to be computed.
//
// Actor, id, limit, values of the filter and position of a page are slots, so that it serves all selections of its
// shape.
struct CompiledSelection {
  std::string sql;
  std::vector<SelectionParameter> parameters;  // from ?2 on; ?1 is the scope's
  std::vector<int> key_columns;                // the column of each key of the order
  // A row of the statement is in the selection only if it has these members. If there are any, the statement has no
  // limit: who reads it stops.
  std::vector<RequiredMember> required;
  std::shared_ptr<MaskGroups> groups;
  std::shared_ptr<ViewMasks> query_view;  // kept alive, because parameters point to it
  std::optional<FieldKey> key;            // the key that finds the rows
  // What may lead to few rows, among which are all of them, while the statement reads more.
  std::vector<CompiledLead> leads;
  // With leads, the rows that the statement's own key leads to, for few_rows + 1 of them.
  std::optional<CompiledLookup> own_rows;
  // A page in this order may be read without sorting: by a key, or by the times of the rows.
  bool may_walk = false;
};

// What the reader has found out about the rows of a selection.
struct Lead {
  std::optional<std::string> search = {};  // they are among what this query finds in the search index
  bool by_type = false;  // the rows of the type are few: by their ids, they are not looked for among those of all types
  bool walks = false;    // they are many: a page reads them in its order, rather than all of them
};

// `keys` are the field keys that may be used (nullptr: no keys).
CompiledSelection compile_select(const Dialect& dialect, const Selection& selection, KeySource* keys = nullptr,
                                 const Lead& lead = {});
CompiledSelection compile_count(const Dialect& dialect, const Selection& selection, KeySource* keys = nullptr,
                                const Lead& lead = {});
CompiledSelection compile_count_up_to(const Dialect& dialect, const Selection& selection, KeySource* keys,
                                      std::int64_t most);

// The sequence that an event must exceed: the larger of `after` and the start of the log.
inline std::string later_than(const Dialect& dialect, std::string_view after) {
  return std::string(dialect.greatest) + "(" + std::string(after) +
         ", coalesce((SELECT sequence FROM event_checkpoints WHERE scope_id = ?1), 0))";
}

// Selects the columns of an event, then the type of its entity and the bits.
struct CompiledEvents {
  static constexpr int type_column = after_event_columns, bits_column = after_event_columns + 1;

  std::string sql;
  std::vector<SelectionParameter> parameters;
  std::vector<MaskGroups> groups;  // one for each of the selection's types
};

// `entity_is_purged`: whether the entity that the selection names has no row any more. `about`: the events are all
// about these entities, a list of ids as JSON.
CompiledEvents compile_events(const Dialect& dialect, const EventSelection& selection, KeySource* keys = nullptr,
                              bool entity_is_purged = false, const std::optional<std::string>& about = {});

// Finds only the own entity of an actor, or only the ends of relations, for the checks of a write.
CompiledLookup compile_own_entity(const Dialect& dialect, const OwnEntity& own, KeySource* keys = nullptr);
CompiledLookup compile_related_ids(const Dialect& dialect, const std::string& id, const Hop& hop);

}  // namespace struere
