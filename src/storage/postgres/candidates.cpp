#include "storage/postgres/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "query/field_key.hpp"
#include "struere/query/comparison.hpp"

namespace struere::postgres {
namespace {

// U+10FFFF: after all that begin with the text before it.
constexpr std::string_view past_any_text = "\xF4\x8F\xBF\xBF";

// The beginning of the field key that the values of `equal` make.
std::string beginning_of(const KeyAccess& access) {
  std::string out;
  for (const Predicate* const condition : access.equal) append_field_key(out, &condition->operand().literal);
  return out;
}

std::vector<std::string> listed_keys(const KeyAccess& access) {
  std::vector<std::string> out;
  for (const Json& element : access.list->operand().literal) {
    std::string key = beginning_of(access);
    append_field_key(key, &element);
    out.push_back(std::move(key));
  }
  return out;
}

bool is_text(const FieldPath& field) {
  return field.root() == FieldPath::Root::id || field.root() == FieldPath::Root::status;
}

// A value that no id and no status can be equals none, and cannot be sent.
bool is_sendable(const Json& value) { return value.is_string() && is_storable(value.get_ref<const std::string&>()); }

std::string_view comparison_of(Operator op) {
  switch (op) {
    case Operator::gt: return ">";
    case Operator::gte: return ">=";
    case Operator::lt: return "<";
    case Operator::lte: return "<=";
    default: return "=";
  }
}

std::optional<std::int64_t> integer_of(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return value.get<std::int64_t>();
}

// Whether SQL says of an attribute exactly what the interpreter does.
bool is_condition_of_attribute(const Predicate& condition) {
  const FieldPath& field = condition.field();
  if (field.is_data() || condition.operand().kind != Operand::Kind::literal) return false;
  const Json& value = condition.operand().literal;
  if (is_text(field)) {
    if (condition.op() == Operator::in)
      return value.is_array() && std::ranges::all_of(value, [](const Json& element) { return is_sendable(element); });
    return condition.op() == Operator::eq && is_sendable(value);
  }
  const bool is_ordering = condition.op() == Operator::gt || condition.op() == Operator::gte ||
                           condition.op() == Operator::lt || condition.op() == Operator::lte;
  return (is_ordering || condition.op() == Operator::eq) && integer_of(value).has_value();
}

// Whether its value is known, and a list where it has to be one.
bool is_resolved(const Predicate& condition) {
  const Operand& operand = condition.operand();
  return operand.kind == Operand::Kind::literal && (condition.op() != Operator::in || operand.literal.is_array());
}

bool is_conjunction(const Predicate& predicate) {
  return predicate.kind() == Predicate::Kind::comparison || predicate.kind() == Predicate::Kind::always ||
         (predicate.kind() == Predicate::Kind::all && std::ranges::all_of(predicate.parts(), is_conjunction));
}

}  // namespace

struct Candidates::Text {
  std::string sql;
  Parameters parameters;

  // `select` are the words before the conditions.
  explicit Text(std::string_view select) {
    sql.reserve(usual_length);
    sql.append(select);
  }
  std::string number() const { return "$" + std::to_string(parameters.size()); }
  std::string add(std::int64_t value) { return parameters.add(value), number(); }
  std::string add_text(std::string value) { return parameters.add_text(parameters.keep(std::move(value))), number(); }
  std::string add_bytes(std::string value) { return parameters.add_bytes(parameters.keep(std::move(value))), number(); }
  // One more condition, in parts.
  template <class... Parts>
  void also(const Parts&... parts) {
    sql.append(std::exchange(has_conditions_, true) ? " AND " : " WHERE ");
    (sql.append(std::string_view(parts)), ...);
  }

 private:
  static constexpr std::size_t usual_length = 512;

  bool has_conditions_ = false;
};

Candidates::Candidates(std::int64_t scope, const Selection& selection, const RowDecider& decider, const TypeKeys& keys,
                       const std::vector<std::string>& terms, bool with_order)
    : scope_(scope), selection_(selection), decider_(decider), terms_(terms) {
  const auto is_clear = [&](const FieldPath& field) { return decider_.visible(field) == Visibility::clear; };
  const auto add = [&](const Predicate* condition, bool is_of_rows) {
    if (is_of_rows && is_resolved(*condition))
      conditions_.push_back(condition);
    else
      are_all_conditions_ = false;
  };
  if (decider_.admits().size() == 1)
    for (const Predicate* const condition : conditions_of(decider_.admits().front())) add(condition, true);
  else
    are_all_conditions_ = false;
  for (const Predicate* const condition : conditions_of(decider_.filter()))
    add(condition, is_clear(condition->field()));
  const std::vector<OrderKey> asked = with_order ? selection.order : std::vector<OrderKey>();
  const bool is_order_of_rows = with_order && std::ranges::all_of(asked, [&](const OrderKey& key) {
                                  return !key.field.is_data() && is_clear(key.field);
                                });
  if (is_order_of_rows) order_ = Order::exact;
  if (selection.id || selection.ids) return;
  access_ = choose_key(keys.fields, conditions_, asked, is_clear);
  if (access_ && access_->is_in_order && order_ != Order::exact) {
    order_ = Order::key;
    is_tail_exact_ = asked.size() == 3 && asked[1].field.root() == FieldPath::Root::created_at &&
                     asked[2].field.root() == FieldPath::Root::id && asked[1].descending == asked[0].descending &&
                     asked[2].descending == asked[0].descending && is_clear(asked[1].field);
  }
  if (access_ || !terms_.empty() || (with_order && is_by_time(asked))) return;
  // Where several predicates admit rows: the ids that a key of each leads to, if each has one. Not for a page in the
  // order of time, which is soon full.
  std::vector<const Predicate*> parts;
  for (const Predicate& predicate : decider_.admits())
    if (predicate.kind() == Predicate::Kind::any)
      for (const Predicate& part : predicate.parts()) parts.push_back(&part);
    else
      parts.push_back(&predicate);
  constexpr std::size_t most_alternatives = 16;
  if (parts.size() > most_alternatives) return;
  std::vector<KeyAccess> found;
  for (const Predicate* const part : parts) {
    std::vector<const Predicate*> own = conditions_of(*part);
    std::erase_if(own, [](const Predicate* condition) { return !is_resolved(*condition); });
    auto access = choose_key(keys.fields, own, {}, is_clear);
    if (!access || (!access->is_full() && !access->list)) return;
    found.push_back(*std::move(access));
  }
  alternatives_ = std::move(found);
}

void Candidates::add_key_condition(Text& text, const KeyAccess& access) const {
  const std::string beginning = beginning_of(access);
  const auto bound = [&](std::string_view comparison, std::string key) {
    text.also("k.key ", comparison, " ", text.add_bytes(std::move(key)));
  };
  text.also("k.scope_id = $1 AND k.type_key = $2");
  text.also("k.key_no = ", text.add(access.key->number));
  if (access.is_full()) return bound("=", beginning);
  if (access.list) {
    text.parameters.add_list_of_bytes(listed_keys(access));
    return text.also("k.key = ANY(", text.number(), ")");
  }
  for (const Predicate* const condition : access.range) {
    const Json& value = condition->operand().literal;
    const char kind = sort_key(&value).front();
    std::string key = beginning;
    append_field_key(key, &value);
    if (condition->op() == Operator::gt || condition->op() == Operator::gte) {
      bound(">=", std::move(key));
      bound("<", beginning + static_cast<char>(kind + 1));
    } else {
      bound("<", key + past_any_part);
      bound(">=", beginning + kind);
    }
  }
  if (access.range.empty() && !access.equal.empty()) {
    bound(">=", beginning);
    bound("<", beginning + past_any_part);
  }
}

// What the conditions are about: $1, $2 and the tables.
void Candidates::add_source(Text& text) const {
  text.add(scope_);
  text.add(selection_.type);
  if (!has_keys()) {
    text.sql.append(" FROM struere.entities e");
    return;
  }
  if (access_) {
    text.sql.append(" FROM struere.entity_keys k").append(row_of_key);
    return;
  }
  // The keys of several predicates may lead to the same row.
  std::string_view before = " FROM (";
  for (const KeyAccess& access : alternatives_) {
    Text inner("SELECT k.created_at, k.id FROM struere.entity_keys k");
    std::swap(inner.parameters, text.parameters);
    add_key_condition(inner, access);
    std::swap(inner.parameters, text.parameters);
    text.sql.append(std::exchange(before, " UNION ")).append(inner.sql);
  }
  text.sql.append(") k").append(row_of_key);
}

void Candidates::add_condition(Text& text, const Predicate& condition) const {
  if (!is_condition_of_attribute(condition)) return;
  const Json& value = condition.operand().literal;
  const std::string_view column = order_column({condition.field(), false});
  if (condition.op() == Operator::in) {
    text.parameters.add_texts(value.get<std::vector<std::string>>());
    text.also(column, " = ANY(", text.number(), ")");
  } else if (is_text(condition.field())) {
    text.also(column, " = ", text.add_text(value.get<std::string>()));
  } else {
    text.also(column, " ", comparison_of(condition.op()), " ", text.add(*integer_of(value)));
  }
}

std::string_view Candidates::order_column(const OrderKey& key) const {
  switch (key.field.root()) {
    case FieldPath::Root::id: return has_keys() ? "k.id" : "e.id";
    case FieldPath::Root::created_at: return has_keys() ? "k.created_at" : "e.created_at";
    case FieldPath::Root::updated_at: return "e.updated_at";
    default: return "e.status";
  }
}

// A list of ids may be what a path of relations reaches.
bool Candidates::is_led_by_ids() const {
  constexpr std::size_t most_ids = 1'000;  // in the order of time, a page of more is full sooner
  return selection_.id || selection_.ids || std::ranges::any_of(conditions_, [](const Predicate* condition) {
           return condition->field().root() == FieldPath::Root::id && is_condition_of_attribute(*condition) &&
                  (condition->op() == Operator::eq ||
                   (condition->op() == Operator::in && condition->operand().literal.size() <= most_ids));
         });
}

void Candidates::add_conditions(Text& text) const {
  if (access_) add_key_condition(text, *access_);
  // A row that ids lead to is found by its id: before the first ANALYZE of a table, the planner would take the index of
  // the type for as good, and read all rows of the scope for each id. `+ 0` hides from it that the index would do.
  const std::string_view hidden = is_led_by_ids() ? " + 0" : "";
  if (!has_keys()) text.also("e.scope_id = $1 AND e.type_key", hidden, " = $2 AND e.deleted_at", hidden, " IS NULL");
  if (selection_.id) {
    if (is_storable(*selection_.id))
      text.also("e.id = ", text.add_text(*selection_.id));
    else
      text.also("false");
  }
  if (selection_.ids) {
    std::vector<std::string> ids;
    std::ranges::copy_if(*selection_.ids, std::back_inserter(ids), is_storable);
    text.parameters.add_texts(ids);
    text.also("e.id = ANY(", text.number(), ")");
  }
  for (const Predicate* const condition : conditions_) add_condition(text, *condition);
  for (const std::string& term : terms_) {
    const std::string first = text.add_text(term), past = text.add_text(term + std::string(past_any_text));
    text.also(
        fmt::format("{} IN (SELECT w.entity_id FROM struere.entity_words w WHERE w.scope_id = $1 AND w.type_key "
                    "= $2 AND w.word >= {} AND w.word < {})",
                    has_keys() ? "k.id" : "e.id", first, past));
  }
}

// Only rows past the position of the page, as far as the statement's order tells.
void Candidates::add_position(Text& text) const {
  if (!selection_.after) return;
  const Position& after = *selection_.after;
  if (order_ == Order::key) {
    std::string key = beginning_of(*access_);
    append_field_key_of_sort_key(key, after.front());
    if (selection_.order.front().descending)
      text.also(fmt::format("k.key < {}", text.add_bytes(key + past_any_part)));
    else
      text.also(fmt::format("k.key >= {}", text.add_bytes(std::move(key))));
    return;
  }
  if (order_ != Order::exact || selection_.order.empty()) return;
  std::vector<std::string> alternatives, equal;
  for (std::size_t i = 0; i < selection_.order.size(); ++i) {
    const OrderKey& key = selection_.order[i];
    std::string bound;
    if (is_text(key.field)) {
      // Absent to whoever was given the cursor: before all values that the column has.
      bound = text.add_text(string_of_sort_key(after[i]).value_or(std::string()));
    } else {
      bound = text.add(integer_of_sort_key(after[i]).value_or(std::numeric_limits<std::int64_t>::min()));
    }
    std::vector<std::string> parts = equal;
    parts.push_back(fmt::format("{} {} {}", order_column(key), key.descending ? "<" : ">", bound));
    alternatives.push_back(fmt::format("({})", fmt::join(parts, " AND ")));
    equal.push_back(fmt::format("{} = {}", order_column(key), bound));
  }
  const bool is_plain = std::ranges::all_of(
      selection_.order, [&](const OrderKey& key) { return key.descending == selection_.order.front().descending; });
  if (is_plain) {
    // As a row value, which an index can seek. The parameters are the same ones.
    std::vector<std::string> columns, bounds;
    const std::size_t first = text.parameters.size() - selection_.order.size() + 1;
    for (std::size_t i = 0; i < selection_.order.size(); ++i) {
      columns.emplace_back(order_column(selection_.order[i]));
      bounds.push_back(fmt::format("${}", first + i));
    }
    text.also(fmt::format("({}) {} ({})", fmt::join(columns, ", "), selection_.order.front().descending ? "<" : ">",
                          fmt::join(bounds, ", ")));
  } else {
    text.also(fmt::format("({})", fmt::join(alternatives, " OR ")));
  }
}

// Only rows after the last one of the batch before.
void Candidates::add_place(Text& text, const ResultRow& last) const {
  const std::string id = last.string(0);
  const std::int64_t created_at = last.integer(4);
  if (order_ == Order::key) {
    const std::string key = text.add_bytes(std::string(last.blob(key_column))), at = text.add(created_at);
    const std::string last_id = text.add_text(id);
    text.also(fmt::format("(k.key, k.created_at, k.id) {} ({}, {}, {})",
                          selection_.order.front().descending ? "<" : ">", key, at, last_id));
    return;
  }
  if (order_ == Order::none || selection_.order.empty()) {
    const std::string at = text.add(created_at), last_id = text.add_text(id);
    text.also(fmt::format("({}, {}) < ({}, {})", has_keys() ? "k.created_at" : "e.created_at",
                          has_keys() ? "k.id" : "e.id", at, last_id));
    return;
  }
  std::vector<std::string> alternatives, equal;
  for (const OrderKey& key : selection_.order) {
    std::string bound;
    switch (key.field.root()) {
      case FieldPath::Root::id: bound = text.add_text(id); break;
      case FieldPath::Root::created_at: bound = text.add(created_at); break;
      case FieldPath::Root::updated_at: bound = text.add(last.integer(5)); break;
      default: bound = text.add_text(last.string(3));
    }
    std::vector<std::string> parts = equal;
    parts.push_back(fmt::format("{} {} {}", order_column(key), key.descending ? "<" : ">", bound));
    alternatives.push_back(fmt::format("({})", fmt::join(parts, " AND ")));
    equal.push_back(fmt::format("{} = {}", order_column(key), bound));
  }
  text.also(fmt::format("({})", fmt::join(alternatives, " OR ")));
}

Candidates::Statement Candidates::select(std::int64_t limit, const ResultRow* last) const {
  Text text("SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at");
  if (has_key()) text.sql.append(", k.key");
  add_source(text);
  add_conditions(text);
  if (last)
    add_place(text, *last);
  else
    add_position(text);
  // It is one row or none: an order would only lead the planner to another index than that of the id.
  if (selection_.id) return {std::move(text.sql), std::move(text.parameters)};
  std::string_view before = " ORDER BY ";
  const auto order_by = [&](std::string_view column, bool descending) {
    text.sql.append(std::exchange(before, ", ")).append(column).append(descending ? " DESC" : "");
  };
  switch (selection_.order.empty() ? Order::none : order_) {
    case Order::exact:
      for (const OrderKey& key : selection_.order) order_by(order_column(key), key.descending);
      break;
    case Order::key:
      for (const char* const column : {"k.key", "k.created_at", "k.id"})
        order_by(column, selection_.order.front().descending);
      break;
    case Order::none:
      for (const char* const column : {has_keys() ? "k.created_at" : "e.created_at", has_keys() ? "k.id" : "e.id"})
        order_by(column, true);
      break;
  }
  // The position still bounds later batches of an order that is not exact: their place lies past it.
  // The number stands in the text: for a parameter, the planner of a prepared statement would expect a tenth of the
  // rows.
  text.sql.append(" LIMIT ").append(std::to_string(limit));
  return {std::move(text.sql), std::move(text.parameters)};
}

bool Candidates::is_position_exact() const {
  const Position& after = *selection_.after;
  for (std::size_t i = 0; i < selection_.order.size(); ++i)
    if (is_text(selection_.order[i].field) ? !string_of_sort_key(after[i]) : !integer_of_sort_key(after[i]))
      return false;
  return !selection_.order.empty();
}

bool Candidates::is_decided() const {
  if (selection_.search || !are_all_conditions_ || !is_conjunction(decider_.admits().front()) ||
      !is_conjunction(decider_.filter()))
    return false;
  const auto is_exact = [](const std::string& key) { return is_exact_field_key(key); };
  if (access_ && access_->list && !std::ranges::all_of(listed_keys(*access_), is_exact)) return false;
  if (access_ && access_->is_full() && !is_exact(beginning_of(*access_))) return false;
  return std::ranges::all_of(conditions_, [&](const Predicate* condition) {
    return is_condition_of_attribute(*condition) || is_in_key(*condition);
  });
}

// Whether the key alone decides about the condition, if it is exact.
bool Candidates::is_in_key(const Predicate& condition) const {
  return access_ && (access_->is_full() || access_->list) &&
         (&condition == access_->list || std::ranges::find(access_->equal, &condition) != access_->equal.end());
}

std::optional<Candidates::Statement> Candidates::count() const {
  if (!is_decided()) return std::nullopt;
  // Only rows that are not deleted have keys.
  if (access_ && terms_.empty() &&
      std::ranges::all_of(conditions_, [&](const Predicate* condition) { return is_in_key(*condition); })) {
    Text text("SELECT count(*) FROM struere.entity_keys k");
    text.add(scope_);
    text.add(selection_.type);
    add_key_condition(text, *access_);
    return Statement{std::move(text.sql), std::move(text.parameters)};
  }
  Text text("SELECT count(*)");
  add_source(text);
  add_conditions(text);
  return Statement{std::move(text.sql), std::move(text.parameters)};
}

}  // namespace struere::postgres
