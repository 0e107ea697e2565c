#include "storage/memory/record_store.hpp"

#include <algorithm>
#include <utility>

namespace struere {
namespace {

std::vector<RecordValue> pick(const RecordShape& shape, const Record& record,
                              std::span<const std::string_view> columns) {
  std::vector<RecordValue> out;
  for (const std::string_view column : columns) out.push_back(record.at(column_of(shape, column)));
  return out;
}

bool has_null(const std::vector<RecordValue>& values) {
  return std::ranges::any_of(values, [](const RecordValue& value) { return value.index() == 0; });
}

}  // namespace

bool RecordStore::insert(const RecordShape& shape, const Record& record, Undo& undo) {
  Table& table = tables_[shape.table];
  const auto unique = pick(shape, record, shape.unique);
  const bool taken = !unique.empty() && !has_null(unique) && std::ranges::any_of(table, [&](const auto& item) {
    return pick(shape, item.second, shape.unique) == unique;
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
  for (auto& [key, record] : table) {
    if (!matches(shape, record, where)) continue;
    undo.push_back([&table, key = key, old = record] { table.insert_or_assign(key, old); });
    for (const auto& [column, value] : changes) record.at(column_of(shape, column)) = value;
    ++n;
  }
  return n;
}

std::int64_t RecordStore::remove(const RecordShape& shape, std::span<const RecordCondition> where, Undo& undo) {
  Table& table = tables_[shape.table];
  return static_cast<std::int64_t>(std::erase_if(table, [&](const auto& item) {
    if (!matches(shape, item.second, where)) return false;
    undo.push_back([&table, item] { table.insert(item); });
    return true;
  }));
}

std::vector<Record> RecordStore::select(const RecordSelection& selection) const {
  const RecordShape& shape = shape_of(selection.table);
  std::vector<Record> out;
  const auto table = tables_.find(selection.table);
  if (table == tables_.end()) return out;
  const auto before = [&](const std::vector<RecordValue>& a, const std::vector<RecordValue>& b) {
    return selection.descending ? b < a : a < b;
  };
  const auto place = [&](const Record& record) { return pick(shape, record, selection.order); };
  for (const auto& [key, record] : table->second)
    if (matches(shape, record, selection.where) && (!selection.after || before(*selection.after, place(record))))
      out.push_back(record);
  std::ranges::stable_sort(out, before, place);
  std::size_t kept = 0, bytes = 0;
  while (kept < out.size() && std::cmp_less(kept, selection.limit) && bytes < selection.most_bytes)
    bytes += size_of(out[kept++]);
  out.resize(kept);
  return out;
}

std::vector<RecordGroup> RecordStore::sum(const RecordRollup& rollup) const {
  const RecordShape& shape = shape_of(rollup.table);
  std::map<std::vector<RecordValue>, RecordGroup> groups;
  if (rollup.group_by.empty()) groups[{}].sums.resize(rollup.sums.size());
  if (const auto table = tables_.find(rollup.table); table != tables_.end())
    for (const auto& [key, record] : table->second) {
      if (!matches(shape, record, rollup.where)) continue;
      RecordGroup& group = groups[pick(shape, record, rollup.group_by)];
      group.sums.resize(rollup.sums.size());
      ++group.count;
      for (std::size_t i = 0; i < rollup.sums.size(); ++i)
        if (const auto* const n = std::get_if<std::int64_t>(&record.at(column_of(shape, rollup.sums[i]))))
          group.sums[i] += *n;
    }
  std::vector<RecordGroup> out;
  for (auto& [key, group] : groups) {
    group.key = key;
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace struere
