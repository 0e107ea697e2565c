#include "query/aggregator.hpp"

#include <fmt/format.h>

#include <utility>

#include "query/bounds.hpp"
#include "struere/core/error.hpp"
#include "struere/query/comparison.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse_size() {
  throw Error(ErrorCode::invalid_query,
              fmt::format("the groups hold more than {} MiB of values; group by shorter ones, or ask for fewer groups",
                          most_group_bytes >> 20));
}

// Arrays and objects tie in the order of rows; here they are ordered by their canonical texts.
std::string group_key(const Json* value) {
  std::string key = sort_key(value);
  if (value && value->is_structured()) key += canonical_json(*value);
  return key;
}

// The value as parsed from its canonical text, so that all storages give the same answer.
std::optional<Json> canonical_value(const Json* value) {
  return value ? std::optional(parse_canonical_json(canonical_json(*value))) : std::nullopt;
}
std::optional<Json> canonical_value(const std::optional<Json>& value) {
  return canonical_value(value ? &*value : nullptr);
}

std::size_t bytes_of(const std::vector<std::string>& key) {
  std::size_t size = 0;
  for (const std::string& part : key) size += part.size();
  return size;
}

}  // namespace

Aggregator::Aggregator(const Aggregation& aggregation) : aggregation_(aggregation) {
  if (aggregation.group_by.empty()) groups_[{}].folds.resize(aggregation.measures.size());
}

Aggregator::Group* Aggregator::group_of(const RowFields& view) {
  if (aggregation_.group_by.empty()) return &groups_.begin()->second;
  Key key;
  for (const FieldPath& field : aggregation_.group_by) key.push_back(group_key(view.find(field)));
  if (dropped_ && key >= *dropped_) return nullptr;
  const auto [at, is_new] = groups_.try_emplace(std::move(key));
  if (is_new) {
    for (const FieldPath& field : aggregation_.group_by) at->second.key.push_back(canonical_value(view.find(field)));
    at->second.folds.resize(aggregation_.measures.size());
    key_bytes_ += bytes_of(at->first);
    const Key* const added = &at->first;
    bool kept = true;
    while (groups_.size() > static_cast<std::size_t>(aggregation_.limit) + 1 || key_bytes_ > most_group_bytes) {
      kept = kept && &std::prev(groups_.end())->first != added;
      drop_last();
    }
    if (!kept) return nullptr;
  }
  return &at->second;
}

void Aggregator::drop_last() {
  auto last = groups_.extract(std::prev(groups_.end()));
  key_bytes_ -= bytes_of(last.key());
  for (const Fold& fold : last.mapped().folds) extreme_bytes_ -= fold.extreme_key.size();
  dropped_ = std::move(last.key());
}

void Aggregator::add(const RowFields& view) {
  Group* const group = group_of(view);
  if (!group) return;
  ++group->rows;
  for (std::size_t i = 0; i < aggregation_.measures.size(); ++i) {
    const Aggregation::Part& part = aggregation_.measures[i];
    const Json* value = part.field ? view.find(*part.field) : nullptr;
    if (value && (value->is_number() || value->is_string())) fold(part, *value, group->folds[i]);
  }
}

void Aggregator::fold(const Aggregation::Part& part, const Json& value, Fold& into) {
  switch (part.op) {
    case Measure::Op::count: return;
    case Measure::Op::sum:
    case Measure::Op::avg:
      if (value.is_number_float())
        into.sum.add(value.get<double>());
      else if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
        into.sum.add(static_cast<double>(value.get<std::uint64_t>()));
      else if (value.is_number())
        into.sum.add(value.get<std::int64_t>());
      return;
    case Measure::Op::min:
    case Measure::Op::max: break;
  }
  std::string key = sort_key(&value);
  if (into.extreme && !(part.op == Measure::Op::min ? key < into.extreme_key : key > into.extreme_key)) return;
  extreme_bytes_ += key.size();
  extreme_bytes_ -= into.extreme_key.size();
  // The limit is larger than that of an answer, because a shorter value may still replace a long one.
  if (extreme_bytes_ > 8 * most_group_bytes) refuse_size();
  into.extreme_key = std::move(key);
  into.extreme = value;
}

std::optional<Json> Aggregator::measured(const Aggregation::Part& part, const Group& group, const Fold& fold) const {
  switch (part.op) {
    case Measure::Op::count: return Json(group.rows);
    case Measure::Op::sum: return canonical_value(fold.sum.sum());
    case Measure::Op::avg: {
      const auto average = fold.sum.average();
      return average ? canonical_value(Json(*average)) : std::nullopt;
    }
    case Measure::Op::min:
    case Measure::Op::max: break;
  }
  return canonical_value(fold.extreme);
}

Aggregates Aggregator::finish() const {
  Aggregates out;
  std::size_t bytes = 0;
  for (const auto& [key, group] : groups_) {
    if (std::cmp_equal(out.groups.size(), aggregation_.limit)) {
      out.more = true;
      return out;
    }
    bytes += bytes_of(key);
    AggregateGroup& shown_group = out.groups.emplace_back(AggregateGroup{group.key, {}});
    for (std::size_t i = 0; i < group.folds.size(); ++i) {
      bytes += group.folds[i].extreme_key.size();
      shown_group.measures.push_back(measured(aggregation_.measures[i], group, group.folds[i]));
    }
    if (bytes > most_group_bytes) refuse_size();
  }
  if (dropped_) refuse_size();  // a group was dropped for its size, although the limit of groups was not reached
  return out;
}

Aggregates aggregated(const Aggregation& aggregation, std::span<const RowFields> rows) {
  Aggregator aggregator(aggregation);
  for (const RowFields& row : rows) aggregator.add(row);
  return aggregator.finish();
}

}  // namespace struere
