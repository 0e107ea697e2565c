#include "storage/memory/record_store.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace struere {
namespace {

std::vector<RecordValue> pick(const RecordShape& shape, const Record& record,
                              std::span<const std::string_view> columns) {
  std::vector<RecordValue> out;
  for (const std::string_view column : columns) out.push_back(record.at(column_of(shape, column)));
  return out;
}

// The values that the conditions give to the first columns of the key. The table is sorted by its key, so these values
// limit the search.
std::vector<RecordValue> beginning_of_key(const RecordShape& shape, std::span<const RecordCondition> where) {
  std::vector<RecordValue> out;
  for (const std::string_view column : shape.key) {
    const auto same = std::ranges::find_if(where, [&](const RecordCondition& condition) {
      return condition.column == column && condition.comparison == RecordCondition::Comparison::equal;
    });
    if (same == where.end()) break;
    out.push_back(same->value);
  }
  return out;
}

// Calls `visit` with the position of each record that matches all conditions.
template <class Table, class Visit>
void visit_matching(Table& table, const RecordShape& shape, std::span<const RecordCondition> where,
                    const Visit& visit) {
  const auto beginning = beginning_of_key(shape, where);
  const auto begins = [&](const std::vector<RecordValue>& key) {
    return std::equal(beginning.begin(), beginning.end(), key.begin());
  };
  for (auto at = table.lower_bound(beginning); at != table.end() && begins(at->first);) {
    const auto next = std::next(at);
    if (matches(shape, at->second, where)) visit(at);
    at = next;
  }
}

// The records in the order of the whole key, in which the table stands, so that nothing is sorted and no record is
// looked at after the last one of the answer.
template <class Table>
std::vector<Record> select_in_key_order(const Table& table, const RecordShape& shape,
                                        const RecordSelection& selection) {
  std::vector<Record> out;
  std::size_t bytes = 0;
  std::int64_t skipped = 0;
  const auto visit = [&](auto at, auto end) {
    for (; at != end && std::cmp_less(out.size(), selection.limit) && bytes < selection.most_bytes; ++at)
      if (matches(shape, at->second, selection.where) && skipped++ >= selection.skip)
        bytes += size_of(out.emplace_back(at->second));
  };
  if (selection.descending)
    visit(selection.after ? std::make_reverse_iterator(table.lower_bound(*selection.after)) : table.rbegin(),
          table.rend());
  else
    visit(selection.after ? table.upper_bound(*selection.after) : table.begin(), table.end());
  return out;
}

bool has_null(const std::vector<RecordValue>& values) {
  return std::ranges::any_of(values, [](const RecordValue& value) { return value.index() == 0; });
}

}  // namespace

bool RecordStore::insert(const RecordShape& shape, const Record& record, Undo& undo) {
  Table& table = tables_[shape.table];
  const auto unique = pick(shape, record, shape.unique);
  std::vector<std::size_t> places;
  for (const std::string_view column : shape.unique) places.push_back(column_of(shape, column));
  const bool taken = !unique.empty() && !has_null(unique) && std::ranges::any_of(table, [&](const auto& item) {
    for (std::size_t i = 0; i < unique.size(); ++i)
      if (item.second[places[i]] != unique[i]) return false;
    return true;
  });
  if (taken) return false;
  const auto [at, inserted] = table.emplace(pick(shape, record, shape.key), record);
  if (inserted) undo.push_back([&table, key = at->first] { table.erase(key); });
  return inserted;
}

std::int64_t RecordStore::update(const RecordShape& shape, std::span<const RecordCondition> where,
                                 const RecordChanges& changes, Undo& undo) {
  std::int64_t n = 0;
  Table& table = tables_[shape.table];
  visit_matching(table, shape, where, [&](const auto& at) {
    auto& [key, record] = *at;
    undo.push_back([&table, key = key, old = record] { table.insert_or_assign(key, old); });
    for (const auto& [column, value] : changes) record.at(column_of(shape, column)) = value;
    ++n;
  });
  return n;
}

std::int64_t RecordStore::remove(const RecordShape& shape, std::span<const RecordCondition> where, Undo& undo) {
  Table& table = tables_[shape.table];
  std::int64_t n = 0;
  visit_matching(table, shape, where, [&](const auto& at) {
    undo.push_back([&table, item = *at] { table.insert(item); });
    table.erase(at);
    ++n;
  });
  return n;
}

std::vector<Record> RecordStore::select(const RecordSelection& selection) const {
  const RecordShape& shape = shape_of(selection.table);
  std::vector<Record> out;
  const auto table = tables_.find(selection.table);
  if (table == tables_.end()) return out;
  // The beginning of the key limits the search; without it, the order does.
  if (std::ranges::equal(selection.order, shape.key) && beginning_of_key(shape, selection.where).empty())
    return select_in_key_order(table->second, shape, selection);
  const auto before = [&](const std::vector<RecordValue>& a, const std::vector<RecordValue>& b) {
    return selection.descending ? b < a : a < b;
  };
  std::vector<std::pair<std::vector<RecordValue>, const Record*>> found;  // each with its position in the order
  visit_matching(table->second, shape, selection.where, [&](const auto& at) {
    auto place = pick(shape, at->second, selection.order);
    if (!selection.after || before(*selection.after, place)) found.emplace_back(std::move(place), &at->second);
  });
  std::ranges::stable_sort(found, before, &decltype(found)::value_type::first);
  std::size_t bytes = 0;
  for (const auto& [place, record] :
       std::span(found).subspan(static_cast<std::size_t>(std::min<std::int64_t>(selection.skip, std::ssize(found))))) {
    if (std::cmp_greater_equal(out.size(), selection.limit) || bytes >= selection.most_bytes) break;
    bytes += size_of(out.emplace_back(*record));
  }
  return out;
}

std::vector<RecordGroup> RecordStore::sum(const RecordRollup& rollup) const {
  const RecordShape& shape = shape_of(rollup.table);
  std::map<std::vector<RecordValue>, RecordGroup> groups;
  if (rollup.group_by.empty()) groups[{}].sums.resize(rollup.sums.size());
  if (const auto table = tables_.find(rollup.table); table != tables_.end())
    visit_matching(table->second, shape, rollup.where, [&](const auto& at) {
      const Record& record = at->second;
      RecordGroup& group = groups[pick(shape, record, rollup.group_by)];
      group.sums.resize(rollup.sums.size());
      ++group.count;
      for (std::size_t i = 0; i < rollup.sums.size(); ++i)
        if (const auto* const n = std::get_if<std::int64_t>(&record.at(column_of(shape, rollup.sums[i]))))
          group.sums[i] += *n;
      // A group that goes has as many before it as are wanted, so it would go again.
      if (std::cmp_greater(groups.size(), rollup.limit)) groups.erase(std::prev(groups.end()));
    });
  std::vector<RecordGroup> out;
  for (auto& [key, group] : groups) {
    group.key = key;
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace struere
