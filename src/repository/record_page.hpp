// Pages of records, each page with a sealed cursor to the next.
#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/records.hpp"
#include "struere/query/cursor.hpp"

namespace struere {

template <class T>
struct RecordPage {
  std::vector<T> rows;
  std::optional<std::string> next;
  std::optional<std::vector<RecordValue>> searched_to = {};  // the place where a filter ended the page
};

// The records that satisfy one of `parts`, in the order of the selection. Each part is read by itself, so that an index
// that begins with their column gives it in that order.
inline std::vector<Record> select_parts(RecordTransaction& transaction, const RecordSelection& selection,
                                        const std::vector<RecordCondition>& parts) {
  std::vector<Record> out;
  for (const RecordCondition& part : parts) {
    RecordSelection of_part = selection;
    of_part.where.push_back(part);
    for (Record& record : transaction.select_records(of_part)) out.push_back(std::move(record));
  }
  std::vector<std::size_t> columns;
  for (const std::string_view column : selection.order) columns.push_back(column_of(shape_of(selection.table), column));
  std::ranges::sort(out, [&](const Record& a, const Record& b) {
    const auto differs = std::ranges::find_if(columns, [&](std::size_t column) { return a[column] != b[column]; });
    if (differs == columns.end()) return false;
    return selection.descending ? b[*differs] < a[*differs] : a[*differs] < b[*differs];
  });
  return out;
}

// The values of the record by which the selection is ordered.
inline std::vector<RecordValue> place_of(const Record& record, const RecordSelection& selection) {
  std::vector<RecordValue> out;
  for (const std::string_view column : selection.order)
    out.push_back(record.at(column_of(shape_of(selection.table), column)));
  return out;
}

inline Position position_of(const std::vector<RecordValue>& place) {
  Position out;
  for (const RecordValue& value : place) {
    const auto* const number = std::get_if<std::int64_t>(&value);
    out.push_back(number ? "n" + std::to_string(*number) : "t" + text_of(value));
  }
  return out;
}

// Conditions that no index serves. A page examines `most_examined` records for them, and those that are equal to the
// last of these in the first column of the order.
struct RecordFilter {
  std::vector<RecordCondition> conditions = {};
  std::int64_t most_examined = 0;
};
inline constexpr std::int64_t most_examined_first = 1'000;

// Narrows the selection to what one page may examine. Returns where it then ends; nullopt if that is all of it.
inline std::optional<std::vector<RecordValue>> narrow(RecordTransaction& transaction, RecordSelection& selection,
                                                      const RecordFilter& filter, std::int64_t most_examined) {
  using enum RecordCondition::Comparison;
  RecordSelection end = selection;
  end.limit = 1;
  end.skip = most_examined - 1;
  const auto found = transaction.select_records(end);
  selection.where.insert(selection.where.end(), filter.conditions.begin(), filter.conditions.end());
  if (found.empty()) return std::nullopt;
  auto place = place_of(found.front(), selection);
  selection.where.push_back(
      {selection.order.front(), selection.descending ? greater_or_equal : less_or_equal, place.front()});
  return place;
}

// `selection` lacks its limit and cursor. `question` holds everything that the answer depends on except the scope. With
// `parts`, each record satisfies one of them. With a filter, a page may be short, or empty, and have a `next`.
template <class T>
RecordPage<T> select_page(GuardedOperation& operation, RecordSelection selection, const std::string& question,
                          std::int64_t limit, const std::optional<std::string>& after,
                          const std::vector<RecordCondition>& parts = {}, const RecordFilter& filter = {}) {
  require_limit(limit);
  const Digest& key = operation.cursor_key();
  const Scope& scope = operation.actor().scope();
  selection.table = RecordOf<T>::table;
  selection.limit = limit + 1;
  selection.most_bytes = most_page_bytes;
  if (after) {
    const auto position = decode_cursor(key, scope, question, *after);
    if (!position || position->size() != selection.order.size())
      throw Error(ErrorCode::invalid_cursor, "this cursor belongs to another query or scope; start again without one");
    selection.after.emplace();
    for (const std::string& part : *position) {  // "n12" or "ttext"
      if (part.starts_with('n'))
        selection.after->emplace_back(std::int64_t{std::stoll(part.substr(1))});
      else
        selection.after->emplace_back(part.substr(1));
    }
  }
  RecordPage<T> page;
  std::vector<Record> found;
  if (filter.conditions.empty()) {
    found = parts.empty() ? operation.transaction().select_records(selection)
                          : select_parts(operation.transaction(), selection, parts);
  } else {
    // Of a value that many records have, a page is full after few of them.
    for (const std::int64_t most : {std::min(most_examined_first, filter.most_examined), filter.most_examined}) {
      RecordSelection narrowed = selection;
      page.searched_to = narrow(operation.transaction(), narrowed, filter, most);
      found = operation.transaction().select_records(narrowed);
      if (!page.searched_to || std::cmp_equal(found.size(), selection.limit)) break;
    }
  }
  std::vector<RecordValue> last;
  std::size_t bytes = 0;
  const auto end_at = [&](const std::vector<RecordValue>& place) {
    page.next = encode_cursor(key, scope, question, position_of(place));
    page.searched_to.reset();
  };
  for (const Record& record : found) {
    if (static_cast<std::int64_t>(page.rows.size()) == limit) {
      end_at(last);
      return page;
    }
    page.rows.push_back(from_record<T>(record));
    last = place_of(record, selection);
    bytes += size_of(record);
    if (bytes >= most_page_bytes) break;
  }
  // The page ends at its size limit; the storage gave no more than that of each part.
  if (bytes >= most_page_bytes) {
    end_at(last);
  } else if (page.searched_to) {
    const auto& examined = *page.searched_to;
    const bool is_last = last.empty() || (selection.descending ? examined < last : last < examined);
    page.next = encode_cursor(key, scope, question, position_of(is_last ? examined : last));
  }
  return page;
}

}  // namespace struere
