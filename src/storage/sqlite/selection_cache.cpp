#include "storage/sqlite/selection_cache.hpp"

#include <algorithm>

namespace struere {
namespace {

constexpr std::size_t most_entries = 64;
// A filter that names thousands of values is not worth a place.
constexpr std::size_t longest_kept = 16 * 1024;

std::size_t size_of(const CompiledSelection& compiled) {
  std::size_t size = compiled.sql.size();
  for (const SelectionParameter& parameter : compiled.parameters)
    if (const auto* const value = std::get_if<Parameter>(&parameter)) {
      if (const auto* const text = std::get_if<std::string>(value)) size += text->size();
      if (const auto* const bytes = std::get_if<Blob>(value)) size += bytes->size();
    }
  return size;
}

// Two filters that look for the same values, to the last digit: to the JSON library -1 is 2^64 - 1, and 2^53 + 1 is
// 2^53.
bool same(const Predicate& one, const Predicate& other) {
  if (one != other || canonical_json(one.operand().literal) != canonical_json(other.operand().literal)) return false;
  return std::ranges::equal(one.parts(), other.parts(), same);
}

}  // namespace

std::shared_ptr<const PreparedSelection> SelectionCache::prepare(Asked asked, const Selection& selection,
                                                                 const std::optional<std::string>& candidates) {
  const bool may_be_kept = !selection.search && !candidates;
  if (may_be_kept) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
      return entry.prepared->grants == selection.grants && entry.asked == asked && entry.type == selection.type &&
             entry.by_id == selection.id.has_value() && entry.continued == selection.after.has_value() &&
             same(entry.filter, selection.filter) && entry.order == selection.order;
    });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return found->prepared;
    }
  }
  auto prepared = std::make_shared<PreparedSelection>();
  prepared->grants = selection.grants;
  prepared->compiled =
      asked == Asked::rows ? compile_select(selection, candidates) : compile_count(selection, candidates);
  if (asked == Asked::rows) prepared->reader.emplace(*prepared->compiled.groups);
  if (may_be_kept && size_of(prepared->compiled) <= longest_kept) {
    entries_.push_front({asked, selection.type, selection.id.has_value(), selection.after.has_value(), selection.filter,
                         selection.order, prepared});
    if (entries_.size() > most_entries) entries_.pop_back();
  }
  return prepared;
}

}  // namespace struere
