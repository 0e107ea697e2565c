#include "storage/sql/selection_cache.hpp"

#include <algorithm>

namespace struere {
namespace {

constexpr std::size_t most_entries = 64;
// A filter with thousands of values is too large to be kept.
constexpr std::size_t longest_kept = std::size_t{16} * 1024;

std::size_t size_of(const CompiledSelection& compiled, const Predicate& filter) {
  std::size_t size = compiled.sql.size();
  for (const CompiledLead& lead : compiled.leads)
    for (const CompiledLookup& lookup : lead.lookups) size += lookup.sql.size();
  if (compiled.own_rows) size += compiled.own_rows->sql.size();
  for (const SelectionParameter& parameter : compiled.parameters)
    if (const auto* const value = std::get_if<Parameter>(&parameter)) {
      if (const auto* const text = std::get_if<std::string>(value)) size += text->size();
      if (const auto* const bytes = std::get_if<Blob>(value)) size += bytes->size();
    }
  for (const RequiredMember& member : compiled.required)
    if (const auto* const value = std::get_if<Parameter>(&member.value)) size += std::get<std::string>(*value).size();
  for (const Json* const literal : bindable_literals(filter)) {
    if (literal->is_string()) size += literal->get_ref<const std::string&>().size();
    if (literal->is_structured()) size += canonical_json(*literal).size();
  }
  return size;
}

// Whether two filters compile to the same condition, that is, whether they differ only in values that are slots.
bool same_shape(const Predicate& one, const Predicate& other) {
  if (one.kind() != other.kind()) return false;
  switch (one.kind()) {
    case Predicate::Kind::comparison: {
      const bool is_bindable = is_bindable_literal(one);
      if (one.field() != other.field() || one.op() != other.op() || one.operand().kind != other.operand().kind ||
          is_bindable != is_bindable_literal(other))
        return false;
      if (is_bindable) return has_long_list(one) == has_long_list(other);  // they have other leads
      // The texts are compared too, because the JSON library finds -1 equal to 2^64 - 1, and 2^53 + 1 equal to 2^53.
      return one.operand() == other.operand() &&
             canonical_json(one.operand().literal) == canonical_json(other.operand().literal);
    }
    case Predicate::Kind::all:
    case Predicate::Kind::any: return std::ranges::equal(one.parts(), other.parts(), same_shape);
    default: return one == other;
  }
}

}  // namespace

// Records which keys the compiler uses.
class SelectionCache::Recorder final : public KeySource {
 public:
  explicit Recorder(KeySource& keys) : keys_(keys) {}
  std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override {
    auto keys = keys_.keys_of(type);
    used.push_back({type, keys});
    return keys;
  }

  std::vector<UsedKeys> used;

 private:
  KeySource& keys_;
};

std::shared_ptr<const PreparedSelection> SelectionCache::prepare(Asked asked, const Selection& selection,
                                                                 KeySource& keys, const Lead& lead) {
  const bool may_be_kept = !selection.search && !lead.search;
  if (may_be_kept) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
      return entry.prepared->grants == selection.grants && entry.asked == asked && entry.type == selection.type &&
             entry.by_id == selection.id.has_value() && entry.by_ids == (selection.ids != nullptr) &&
             entry.by_type == lead.by_type && entry.walks == lead.walks &&
             entry.continued == selection.after.has_value() && same_shape(entry.filter, selection.filter) &&
             entry.order == selection.order;
    });
    if (found != entries_.end()) {
      const bool are_same_keys = std::ranges::all_of(found->keys, [&](const UsedKeys& used) {
        const auto now = keys.keys_of(used.type);
        return used.keys == now || *used.keys == *now;
      });
      if (are_same_keys) {
        entries_.splice(entries_.begin(), entries_, found);
        return found->prepared;
      }
      entries_.erase(found);
    }
  }
  auto prepared = std::make_shared<PreparedSelection>();
  prepared->grants = selection.grants;
  Recorder recorder(keys);
  prepared->compiled = asked == Asked::rows ? compile_select(dialect_, selection, &recorder, lead)
                                            : compile_count(dialect_, selection, &recorder, lead);
  if (asked == Asked::rows) prepared->reader.emplace(*prepared->compiled.groups);
  if (may_be_kept && size_of(prepared->compiled, selection.filter) <= longest_kept) {
    entries_.push_front({asked, selection.type, selection.id.has_value(), selection.ids != nullptr, lead.by_type,
                         lead.walks, selection.after.has_value(), selection.filter, selection.order,
                         std::move(recorder.used), prepared});
    if (entries_.size() > most_entries) entries_.pop_back();
  }
  return prepared;
}

}  // namespace struere
