// Pages of records, each page with a sealed cursor to the next.
#pragma once

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
};

// `selection` lacks its limit and cursor. `question` holds everything that the answer depends on except the scope.
template <class T>
RecordPage<T> select_page(GuardedOperation& operation, RecordSelection selection, const std::string& question,
                          std::int64_t limit, const std::optional<std::string>& after) {
  require_limit(limit);
  const RecordShape& shape = shape_of(RecordOf<T>::table);
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
  Position last;
  std::size_t bytes = 0;
  for (const Record& record : operation.transaction().select_records(selection)) {
    if (static_cast<std::int64_t>(page.rows.size()) == limit) {
      page.next = encode_cursor(key, scope, question, last);
      break;
    }
    page.rows.push_back(from_record<T>(record));
    last.clear();
    for (const std::string_view column : selection.order) {
      const RecordValue& value = record.at(column_of(shape, column));
      const auto* const number = std::get_if<std::int64_t>(&value);
      last.push_back(number ? "n" + std::to_string(*number) : "t" + text_of(value));
    }
    bytes += size_of(record);
  }
  // The storage ended the page at its size limit.
  if (bytes >= most_page_bytes && !page.next) page.next = encode_cursor(key, scope, question, last);
  return page;
}

}  // namespace struere
