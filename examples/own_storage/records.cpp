#include "records.hpp"

#include <algorithm>
#include <utility>

using namespace struere;

namespace {

std::vector<RecordValue> values_at(const RecordShape& shape, const Record& record,
                                   std::span<const std::string_view> columns) {
  std::vector<RecordValue> out;
  for (const std::string_view column : columns) out.push_back(record.at(column_of(shape, column)));
  return out;
}

}  // namespace

bool insert_row(Rows& rows, const RecordShape& shape, const Record& record) {
  const auto unique = values_at(shape, record, shape.unique);
  const bool may_conflict = !unique.empty() && std::ranges::find(unique, RecordValue()) == unique.end();
  for (const auto& [key, other] : rows)
    if (may_conflict && values_at(shape, other, shape.unique) == unique) return false;
  return rows.emplace(values_at(shape, record, shape.key), record).second;
}

std::int64_t update_rows(Rows& rows, const RecordShape& shape, const std::vector<RecordCondition>& where,
                         const RecordChanges& changes) {
  std::int64_t count = 0;
  for (auto& [key, record] : rows) {
    if (!matches(shape, record, where)) continue;
    for (const auto& [column, value] : changes) record.at(column_of(shape, column)) = value;
    ++count;
  }
  return count;
}

std::int64_t remove_rows(Rows& rows, const RecordShape& shape, const std::vector<RecordCondition>& where) {
  return static_cast<std::int64_t>(
      std::erase_if(rows, [&](const auto& row) { return matches(shape, row.second, where); }));
}

std::vector<Record> select_rows(const Rows& rows, const RecordSelection& selection) {
  const RecordShape& shape = shape_of(selection.table);
  const auto place = [&](const Record& record) { return values_at(shape, record, selection.order); };
  const auto before = [&](const auto& a, const auto& b) { return selection.descending ? b < a : a < b; };
  std::vector<Record> out;
  for (const auto& [key, record] : rows)
    if (matches(shape, record, selection.where) && (!selection.after || before(*selection.after, place(record))))
      out.push_back(record);
  std::ranges::stable_sort(out, before, place);
  out.erase(out.begin(), out.begin() + std::min<std::ptrdiff_t>(selection.skip, std::ssize(out)));
  std::size_t kept = 0, bytes = 0;
  while (kept < out.size() && std::cmp_less(kept, selection.limit) && bytes < selection.most_bytes)
    bytes += size_of(out[kept++]);
  out.resize(kept);
  return out;
}

std::vector<RecordGroup> sum_rows(const Rows& rows, const RecordRollup& rollup) {
  const RecordShape& shape = shape_of(rollup.table);
  std::map<std::vector<RecordValue>, RecordGroup> groups;
  if (rollup.group_by.empty()) groups[{}].sums.resize(rollup.sums.size());
  for (const auto& [key, record] : rows) {
    if (!matches(shape, record, rollup.where)) continue;
    RecordGroup& group = groups[values_at(shape, record, rollup.group_by)];
    group.sums.resize(rollup.sums.size());
    ++group.count;
    for (std::size_t i = 0; i < rollup.sums.size(); ++i)
      if (const auto* const number = std::get_if<std::int64_t>(&record.at(column_of(shape, rollup.sums[i]))))
        group.sums[i] += *number;
  }
  std::vector<RecordGroup> out;
  for (auto& [key, group] : groups) {
    group.key = key;
    out.push_back(std::move(group));
  }
  return out;
}
