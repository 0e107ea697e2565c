#include "storage/sql/key_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "query/field_key.hpp"

namespace struere {
namespace {

using KeyPart = std::variant<std::string, Slot>;

void collect_conditions(const Predicate& predicate, std::vector<const Predicate*>& out) {
  if (predicate.kind() == Predicate::Kind::comparison) out.push_back(&predicate);
  if (predicate.kind() == Predicate::Kind::all)
    for (const Predicate& part : predicate.parts()) collect_conditions(part, out);
}

bool is_value(const Predicate& condition) {
  return condition.operand().kind == Operand::Kind::literal || condition.operand().kind == Operand::Kind::user_id ||
         condition.operand().kind == Operand::Kind::organization_id;
}

bool is_equality(const Predicate& condition) {
  return condition.op() == Operator::eq && condition.operand().kind != Operand::Kind::related_ids;
}

bool is_list(const Predicate& condition) {
  return condition.op() == Operator::in &&
         (condition.operand().kind == Operand::Kind::literal || condition.operand().kind == Operand::Kind::related_ids);
}

bool is_lower_bound(const Predicate& condition) {
  return condition.op() == Operator::gt || condition.op() == Operator::gte;
}

}  // namespace

bool is_range(const Predicate& condition) {
  return is_value(condition) &&
         (is_lower_bound(condition) || condition.op() == Operator::lt || condition.op() == Operator::lte);
}

std::vector<const Predicate*> KeyAccess::answered() const {
  std::vector<const Predicate*> out = equal;
  if (list) out.push_back(list);
  out.insert(out.end(), range.begin(), range.end());
  return out;
}

bool KeyAccess::has_order(const std::vector<OrderKey>& order) const {
  return is_in_order || (is_full() && is_by_time(order));
}

KeyAccess access_by(const FieldKey& key, const std::vector<const Predicate*>& conditions,
                    const std::vector<OrderKey>& order) {
  KeyAccess out{&key, {}, nullptr, {}, false};
  const auto find = [&](const FieldPath& field, bool (*is_fit)(const Predicate&)) -> const Predicate* {
    const auto found = std::ranges::find_if(
        conditions, [&](const Predicate* condition) { return condition->field() == field && is_fit(*condition); });
    return found == conditions.end() ? nullptr : *found;
  };
  for (const FieldPath& field : key.fields) {
    const Predicate* const condition = find(field, is_equality);
    if (!condition) break;
    out.equal.push_back(condition);
  }
  if (out.equal.size() + 1 != key.fields.size()) return out;
  const FieldPath& last = key.fields.back();
  out.is_in_order = !order.empty() && order.front().field == last;
  for (const Predicate* const condition : conditions)
    if (condition->field() == last && is_range(*condition)) out.range.push_back(condition);
  if (!out.is_in_order && out.range.empty()) out.list = find(last, is_list);
  return out;
}

namespace {

// Rates an access; more is better. Returns 0 if it is not better than reading all rows in the order of time.
int worth(const KeyAccess& access, const std::vector<OrderKey>& order) {
  constexpr int by_field = 8, in_order = 4, by_list = 3, by_range = 2;
  const int equal = by_field * static_cast<int>(access.equal.size());
  if (access.is_full()) return equal + (is_by_time(order) ? in_order : 1);
  if (access.is_in_order) return equal + in_order;
  if (access.list) return equal + by_list;
  // A range does not help a page in another order, because all its rows would have to be sorted, unless equalities
  // come before it and make it small.
  const bool may_sort = order.empty() || equal > 0;
  if (!access.range.empty() && may_sort) return equal + by_range;
  return equal;
}

}  // namespace

bool is_by_time(const std::vector<OrderKey>& order) {
  return order.size() == 2 && order[0].field.root() == FieldPath::Root::created_at &&
         order[1].field.root() == FieldPath::Root::id && order[0].descending == order[1].descending;
}

std::vector<const Predicate*> conditions_of(const Predicate& predicate) {
  std::vector<const Predicate*> out;
  collect_conditions(predicate, out);
  return out;
}

std::optional<KeyAccess> choose_key(const FieldKeys& keys, const std::vector<const Predicate*>& conditions,
                                    const std::vector<OrderKey>& asked,
                                    const std::function<bool(const FieldPath&)>& is_clear, bool walks) {
  // If the order is not one of stored rows, any order that no key has stands for it.
  static const std::vector<OrderKey> another{{*FieldPath::parse("updatedAt"), false}};
  const bool is_order_of_rows =
      std::ranges::all_of(asked, [&](const OrderKey& order_key) { return is_clear(order_key.field); });
  const std::vector<OrderKey>& order = is_order_of_rows ? asked : another;
  std::optional<KeyAccess> best;
  for (const FieldKey& key : keys) {
    if (!key.is_whole) continue;
    KeyAccess access = access_by(key, conditions, order);
    if (walks && !access.has_order(order)) continue;
    const int own = worth(access, order), others = best ? worth(*best, order) : 0;
    if (own > others || (own == others && best && key.fields.size() < best->key->fields.size()))
      best = std::move(access);
  }
  return best;
}

std::string KeyCondition::beginning(std::vector<KeyPart> more) {
  std::string sql;
  KeyBytes bytes;
  const auto flush = [&] {
    if (sql.empty())
      sql = compiler_.parameter(std::exchange(bytes, {}));
    else if (!bytes.parts.empty())
      sql = fmt::format("{}({}, {})", compiler_.dialect().key_join, sql, compiler_.parameter(std::exchange(bytes, {})));
  };
  for (const Predicate* const condition : access_.equal) {
    const Operand& operand = condition->operand();
    if (operand.kind == Operand::Kind::own_entity) {
      flush();
      sql = fmt::format("{}({}, (SELECT {} FROM {}))", compiler_.dialect().key_of, sql, compiler_.quoted_id(),
                        compiler_.own_entity(operand.own_entity));
    } else {
      bytes.parts.push_back(compiler_.key_part(operand, Slot::Form::key));
    }
  }
  for (KeyPart& part : more) bytes.parts.push_back(std::move(part));
  flush();
  return sql;
}

std::string KeyCondition::compile() {
  if (access_.is_full()) return fmt::format("k.key = {}", only_key());
  if (access_.list) {
    const Operand& operand = access_.list->operand();
    const std::string values =
        operand.kind == Operand::Kind::literal
            ? compiler_.texts_of(compiler_.value_of(operand.literal, Slot::Form::elements))
            : fmt::format("SELECT {} AS value FROM {}", compiler_.quoted_id(), compiler_.related_ids(operand));
    return fmt::format("k.key IN (SELECT {}({}, value) FROM ({}) listed)", compiler_.dialect().key_of, beginning(),
                       values);
  }
  // SQLite seeks to one bound on each side, the first that it finds: the kind of a value bounds only the side that has
  // no other. With values of two kinds the key finds rows that the conditions refuse.
  std::vector<std::string> bounds;
  const bool has_lower =
      std::ranges::any_of(access_.range, [](const Predicate* each) { return is_lower_bound(*each); });
  const bool has_upper =
      std::ranges::any_of(access_.range, [](const Predicate* each) { return !is_lower_bound(*each); });
  for (const Predicate* const condition : access_.range) {
    const Operand& operand = condition->operand();
    const KeyPart value = compiler_.key_part(operand, Slot::Form::key);
    if (is_lower_bound(*condition)) {
      bounds.push_back(fmt::format("k.key >= {}", beginning({value})));
      if (!has_upper)
        bounds.push_back(fmt::format("k.key < {}", beginning({compiler_.key_part(operand, Slot::Form::past_kind)})));
    } else {
      bounds.push_back(fmt::format("k.key < {}", beginning({value, std::string(1, past_any_part)})));
      if (!has_lower)
        bounds.push_back(fmt::format("k.key >= {}", beginning({compiler_.key_part(operand, Slot::Form::kind)})));
    }
  }
  if (bounds.empty() && !access_.equal.empty()) {
    bounds.push_back(fmt::format("k.key >= {}", beginning()));
    bounds.push_back(fmt::format("k.key < {}", beginning({std::string(1, past_any_part)})));
  }
  return joined(bounds, " AND ", compiler_.dialect().yes);
}

std::string KeyCondition::compile_after(bool descending) {
  const Slot position{Slot::Value::position, Slot::Form::key, 0};
  if (!descending) return fmt::format("k.key >= {}", beginning({position}));
  return fmt::format("k.key < {}", beginning({position, std::string(1, past_any_part)}));
}

}  // namespace struere
