#include "storage/sql/lead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace struere {
namespace {

constexpr std::size_t most_lookups = 64;  // of one lead
constexpr std::size_t most_leads = 8;     // each is tried in turn

const FieldPath& path_of_time() {
  static const FieldPath path = *FieldPath::parse("createdAt");
  return path;
}

void flatten(const Predicate& predicate, std::vector<const Predicate*>& out) {
  if (predicate.kind() != Predicate::Kind::all) return out.push_back(&predicate);
  for (const Predicate& part : predicate.parts()) flatten(part, out);
}

void append(std::vector<CompiledLead>& out, std::vector<CompiledLead> more) {
  std::ranges::move(more, std::back_inserter(out));
}

}  // namespace

bool has_long_list(const Predicate& comparison) {
  const Operand& operand = comparison.operand();
  return operand.kind == Operand::Kind::literal && operand.literal.is_array() &&
         operand.literal.size() > longest_led_list;
}

LeadCompiler::LeadCompiler(const Dialect& dialect, const Selection& selection, KeySource& keys,
                           std::function<bool(const FieldPath&)> is_clear)
    : dialect_(dialect), selection_(selection), keys_(keys), is_clear_(std::move(is_clear)) {}

std::vector<CompiledLead> LeadCompiler::compile(const std::vector<Predicate>& grants,
                                                const std::vector<const Predicate*>& answered) {
  answered_ = &answered;
  std::vector<CompiledLead> out = leads_of(selection_.filter, true);
  append(out, grants.size() == 1 ? leads_of(grants.front(), false) : leads_of_any(Predicate::any(grants), false));
  std::ranges::stable_sort(out, {}, &CompiledLead::kind);
  if (out.size() > most_leads) out.erase(out.begin() + most_leads, out.end());
  return out;
}

bool LeadCompiler::is_answered(const Predicate* condition) const {
  return std::ranges::find(*answered_, condition) != answered_->end();
}

std::vector<CompiledLead> LeadCompiler::leads_of(const Predicate& predicate, bool is_filter) const {
  std::vector<CompiledLead> out;
  if (predicate.kind() == Predicate::Kind::any) return leads_of_any(predicate, is_filter);
  std::vector<const Predicate*> parts, conditions;
  flatten(predicate, parts);
  if (std::ranges::any_of(parts, [](const Predicate* part) { return part->kind() == Predicate::Kind::never; }))
    return {{CompiledLead::Kind::ids, {}}};
  for (const Predicate* const part : parts)
    if (part->kind() == Predicate::Kind::comparison && (!is_filter || is_clear_(part->field())))
      conditions.push_back(part);
  for (const Predicate* const condition : conditions) add_by_id(*condition, out);
  add_by_keys(conditions, out);
  for (const Predicate* const part : parts) {
    if (part->kind() == Predicate::Kind::reached) add_by_path(*part, out);
    if (part->kind() == Predicate::Kind::any) append(out, leads_of_any(*part, is_filter));
  }
  add_by_time(conditions, out);
  return out;
}

// One lead, which has a lookup for each part, if each has one.
std::vector<CompiledLead> LeadCompiler::leads_of_any(const Predicate& predicate, bool is_filter) const {
  CompiledLead out{CompiledLead::Kind::any, {}};
  for (const Predicate& part : predicate.parts()) {
    std::vector<CompiledLead> leads = leads_of(part, is_filter);
    if (leads.empty()) return {};
    CompiledLead& best = *std::ranges::min_element(leads, {}, &CompiledLead::kind);
    std::ranges::move(best.lookups, std::back_inserter(out.lookups));
    if (out.lookups.size() > most_lookups) return {};
  }
  if (predicate.parts().empty()) return {};
  std::vector<CompiledLead> one;
  one.push_back(std::move(out));
  return one;
}

template <class Write>
CompiledLookup LeadCompiler::lookup(std::int64_t most, Write&& write) const {
  CompiledLookup out;
  PredicateCompiler predicates(dialect_, out.parameters, &keys_);
  predicates.bind_literals(selection_.filter);
  const std::string rows = write(predicates), limit = predicates.parameter(most);
  out.sql = dialect_.finish(fmt::format("{}{} LIMIT {}", predicates.with(), rows, limit));
  return out;
}

template <class Write>
void LeadCompiler::add(CompiledLead::Kind kind, std::vector<CompiledLead>& out, Write&& write) const {
  out.push_back({kind, {lookup(most_led + 1, write)}});
}

CompiledLookup LeadCompiler::by_key(const KeyAccess& access, std::int64_t most) const {
  return lookup(most, [&](PredicateCompiler& predicates) {
    const std::string type = predicates.parameter(selection_.type), number = predicates.parameter(access.key->number);
    return fmt::format(
        "SELECT k.id FROM entity_keys k WHERE k.scope_id = ?1 AND k.type_key = {} AND k.key_no = {} AND {}", type,
        number, KeyCondition(predicates, access).compile());
  });
}

void LeadCompiler::add_by_id(const Predicate& condition, std::vector<CompiledLead>& out) const {
  const Operand& operand = condition.operand();
  if (condition.field().root() != FieldPath::Root::id || is_answered(&condition)) return;
  const bool is_literal = operand.kind == Operand::Kind::literal;
  if (condition.op() == Operator::eq && is_literal && operand.literal.is_string())
    add(CompiledLead::Kind::ids, out, [&](PredicateCompiler& predicates) {
      return fmt::format("SELECT {} AS id",
                         predicates.parameter(predicates.value_of(operand.literal, Slot::Form::text)));
    });
  if (condition.op() == Operator::eq && operand.kind == Operand::Kind::own_entity)
    add(CompiledLead::Kind::ids, out,
        [&](PredicateCompiler& predicates) { return "SELECT id FROM " + predicates.own_entity(operand.own_entity); });
  if (condition.op() == Operator::in && is_literal && operand.literal.is_array())
    add(CompiledLead::Kind::ids, out, [&](PredicateCompiler& predicates) {
      return predicates.texts_of(predicates.value_of(operand.literal, Slot::Form::texts));
    });
  if (condition.op() == Operator::in && operand.kind == Operand::Kind::related_ids)
    add(CompiledLead::Kind::ids, out,
        [&](PredicateCompiler& predicates) { return "SELECT id FROM " + predicates.related_ids(operand); });
}

void LeadCompiler::add_by_keys(const std::vector<const Predicate*>& conditions, std::vector<CompiledLead>& out) const {
  const auto keys = keys_.keys_of(selection_.type);
  std::vector<KeyAccess> accesses;
  for (const FieldKey& key : *keys) {
    if (!key.is_whole) continue;
    KeyAccess access = access_by(key, conditions, {});
    if (!access.is_full() && !access.list && access.range.empty()) continue;
    if (access.list && has_long_list(*access.list)) continue;
    if (!std::ranges::all_of(access.answered(), [&](const Predicate* condition) { return is_answered(condition); }))
      accesses.push_back(std::move(access));
  }
  // Those that answer more by equality first.
  std::ranges::stable_sort(accesses, std::greater(), [](const KeyAccess& access) { return access.equal.size(); });
  for (const KeyAccess& access : accesses) {
    using enum CompiledLead::Kind;
    out.push_back({access.is_full() ? key : access.list ? list : range, {by_key(access, most_led + 1)}});
  }
}

void LeadCompiler::add_by_time(const std::vector<const Predicate*>& conditions, std::vector<CompiledLead>& out) const {
  std::vector<const Predicate*> bounds;
  for (const Predicate* const condition : conditions)
    if (condition->field() == path_of_time() && (condition->op() == Operator::eq || is_range(*condition)))
      bounds.push_back(condition);
  if (std::ranges::all_of(bounds, [&](const Predicate* condition) { return is_answered(condition); })) return;
  add(CompiledLead::Kind::time, out, [&](PredicateCompiler& predicates) {
    std::string rows =
        fmt::format("SELECT e.id FROM entities e WHERE e.scope_id = ?1 AND e.type_key = {} AND e.deleted_at IS NULL",
                    predicates.parameter(selection_.type));
    const StoredSource row("e");
    for (const Predicate* const bound : bounds) rows += " AND " + predicates.compile(*bound, row);
    return rows;
  });
}

void LeadCompiler::add_by_path(const Predicate& path, std::vector<CompiledLead>& out) const {
  add(CompiledLead::Kind::path, out, [&](PredicateCompiler& predicates) {
    const std::string ids = predicates.reached_ids(path), type = predicates.parameter(selection_.type);
    return fmt::format(
        "SELECT e.id FROM {} s CROSS JOIN entities e WHERE e.scope_id = ?1 AND e.id = s.id AND e.type_key = {}", ids,
        type);
  });
}

}  // namespace struere
