#include "storage/sql/predicate_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace struere {
namespace {

const char* sign(Operator op) {
  switch (op) {
    case Operator::gt: return ">";
    case Operator::gte: return ">=";
    case Operator::lt: return "<";
    default: return "<=";
  }
}

bool is_ordering(Operator op) {
  return op == Operator::gt || op == Operator::gte || op == Operator::lt || op == Operator::lte;
}

// The first byte of the sort keys of strings (comparison.hpp), and the one after it.
const Blob string_kind{5}, past_string_kind{6};

Slot actor_slot(const Operand& operand, Slot::Form form) {
  return {operand.kind == Operand::Kind::user_id ? Slot::Value::user_id : Slot::Value::organization_id, form};
}

}  // namespace

std::optional<std::string> StoredSource::attribute(const FieldPath& field) const {
  switch (field.root()) {
    case FieldPath::Root::id: return alias_ + ".id";
    case FieldPath::Root::status: return alias_ + ".status";
    case FieldPath::Root::created_at: return alias_ + ".created_at";
    case FieldPath::Root::updated_at: return alias_ + ".updated_at";
    case FieldPath::Root::data: break;
  }
  return std::nullopt;
}

std::string json_at(const Dialect& dialect, std::string_view data, const FieldPath& field) {
  // The result is canonical text, so equal texts are equal values. NULL always means an absent field; JSON's null is
  // 'null'.
  return fmt::format("{}({}, '{}')", dialect.at, data, fmt::join(field.segments(), "."));
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator, std::string_view none) {
  constexpr std::size_t longest_chain = 64;
  if (parts.empty()) return std::string(none);
  if (parts.size() == 1) return parts.front();
  std::vector<std::string> chains;
  for (std::size_t at = 0; at < parts.size(); at += longest_chain) {
    const auto end = std::min(at + longest_chain, parts.size());
    chains.push_back(fmt::format("({})", fmt::join(parts.begin() + static_cast<std::ptrdiff_t>(at),
                                                   parts.begin() + static_cast<std::ptrdiff_t>(end), separator)));
  }
  return joined(chains, separator, none);
}

std::string PredicateCompiler::quoted_id() const { return fmt::format(fmt::runtime(dialect_.quoted), "id"); }

std::string PredicateCompiler::texts_of(SelectionParameter list) {
  return fmt::format(fmt::runtime(dialect_.texts_of), parameter(std::move(list)));
}

std::string PredicateCompiler::integers_of(SelectionParameter list) {
  return fmt::format(fmt::runtime(dialect_.integers_of), parameter(std::move(list)));
}

std::string PredicateCompiler::parameter(SelectionParameter value) {
  parameters_.push_back(std::move(value));
  return fmt::format("?{}", parameters_.size() + 1);
}

void PredicateCompiler::bind_literals(const Predicate& filter) {
  for (const Json* const literal : bindable_literals(filter)) literals_.emplace(literal, literals_.size());
}

SelectionParameter PredicateCompiler::value_of(const Json& literal, Slot::Form form) const {
  const auto slot = literals_.find(&literal);
  if (slot != literals_.end()) return Slot{Slot::Value::literal, form, slot->second};
  return parameter_of(literal, form);
}

std::variant<std::string, Slot> PredicateCompiler::key_part(const Operand& operand, Slot::Form form) const {
  if (operand.kind != Operand::Kind::literal) {
    const Blob& kind = form == Slot::Form::past_kind ? past_string_kind : string_kind;
    if (form != Slot::Form::key) return std::string(kind.begin(), kind.end());
    return actor_slot(operand, form);
  }
  const SelectionParameter value = value_of(operand.literal, form);
  if (const auto* const slot = std::get_if<Slot>(&value)) return *slot;
  const Blob& bytes = std::get<Blob>(std::get<Parameter>(value));
  return std::string(bytes.begin(), bytes.end());
}

std::string PredicateCompiler::compile(const Predicate& predicate, const RowSource& row) {
  switch (predicate.kind()) {
    case Predicate::Kind::always: return all();
    case Predicate::Kind::never: return none();
    case Predicate::Kind::comparison:
      return std::ranges::find(left_out_, &predicate) == left_out_.end() ? compile_comparison(predicate, row) : all();
    case Predicate::Kind::reached: return compile_reached(predicate, row);
    case Predicate::Kind::all:
    case Predicate::Kind::any: break;
  }
  std::vector<std::string> parts;
  for (const Predicate& part : predicate.parts()) parts.push_back(compile(part, row));
  return joined(parts, predicate.kind() == Predicate::Kind::all ? " AND " : " OR ", none());
}

std::string PredicateCompiler::compile_comparison(const Predicate& predicate, const RowSource& row) {
  const FieldPath& field = predicate.field();
  // These operators need a list, and actor.userId, actor.organizationId and actor.entityId are not lists.
  const Operand::Kind kind = predicate.operand().kind;
  const bool wants_list = predicate.op() == Operator::in || predicate.op() == Operator::nin;
  if (wants_list && kind != Operand::Kind::literal && kind != Operand::Kind::related_ids) return none();
  const auto place = field.is_data() ? row.data(field) : row.attribute(field);
  if (!place) {  // absent from every row
    const Operand& operand = predicate.operand();
    const bool wants_absence =
        predicate.op() == Operator::exists && operand.kind == Operand::Kind::literal && operand.literal == false;
    return wants_absence ? "1" : none();
  }
  if (!field.is_data()) return compile_attribute(field, *place, predicate.op(), predicate.operand());
  if (predicate.op() == Operator::eq && kind != Operand::Kind::related_ids)
    return fmt::format("{}({}, '{}', {})", dialect_.is, *place, fmt::join(field.segments(), "."),
                       compile_value(predicate.operand()));
  return fmt::format("({})", compile_data(at(*place, field), predicate.op(), predicate.operand()));
}

std::string PredicateCompiler::compile_value(const Operand& operand) {
  if (operand.kind == Operand::Kind::own_entity)
    return fmt::format("(SELECT {} FROM {})", quoted_id(), own_entity(operand.own_entity));
  return parameter(json_of(operand));
}

SelectionParameter PredicateCompiler::json_of(const Operand& operand) const {
  if (operand.kind == Operand::Kind::literal) return value_of(operand.literal, Slot::Form::json);
  return actor_slot(operand, Slot::Form::json);
}

std::string PredicateCompiler::compile_data(const std::string& field, Operator op, const Operand& operand) {
  switch (operand.kind) {
    case Operand::Kind::literal: {
      const Json& literal = operand.literal;
      if (op == Operator::exists) return fmt::format("{} IS {}NULL", field, literal == true ? "NOT " : "");
      if (op == Operator::in)
        return fmt::format("{} IN ({})", field, texts_of(value_of(literal, Slot::Form::elements)));
      if (op == Operator::nin)
        return fmt::format("{0} IS NOT NULL AND {0} NOT IN ({1})", field,
                           texts_of(value_of(literal, Slot::Form::elements)));
      if (is_ordering(op))
        return compile_order(field, op, value_of(literal, Slot::Form::sort_key), value_of(literal, Slot::Form::kind),
                             value_of(literal, Slot::Form::past_kind));
      break;
    }
    case Operand::Kind::user_id:
    case Operand::Kind::organization_id:
      if (is_ordering(op))
        return compile_order(field, op, actor_slot(operand, Slot::Form::sort_key), string_kind, past_string_kind);
      break;
    case Operand::Kind::own_entity: {
      if (!is_ordering(op)) break;
      const std::string value = compile_value(operand);
      const std::string same_kind = op == Operator::gt || op == Operator::gte
                                        ? fmt::format("< {}", parameter(past_string_kind))
                                        : fmt::format(">= {}", parameter(string_kind));
      return fmt::format("{0} IS NOT NULL AND {4}({1}) {2} {4}({0}) AND {4}({1}) {3}", value, field, sign(op),
                         same_kind, dialect_.sort_key);
    }
    case Operand::Kind::related_ids: {
      const std::string has_own = fmt::format("EXISTS (SELECT 1 FROM {})", own_entity(operand.own_entity));
      const std::string ids = related_ids(operand);
      if (op == Operator::in) return fmt::format("{} IN (SELECT {} FROM {})", field, quoted_id(), ids);
      if (op == Operator::nin)
        return fmt::format("{0} AND {1} IS NOT NULL AND {1} NOT IN (SELECT {3} FROM {2})", has_own, field, ids,
                           quoted_id());
      if (is_ordering(op)) return none();
      const std::string list = fmt::format("(SELECT {} FROM (SELECT id FROM {} ORDER BY created_at, id))",
                                           fmt::format(fmt::runtime(dialect_.list_of), quoted_id()), ids);
      return fmt::format("{} AND {}", has_own,
                         op == Operator::contains
                             ? fmt::format("{}({}, {})", dialect_.contains, field, list)
                             : fmt::format("{} {} {}", field, op == Operator::eq ? "=" : "<>", list));
    }
  }
  const std::string value = compile_value(operand);
  if (op == Operator::contains) return fmt::format("{}({}, {})", dialect_.contains, field, value);
  return fmt::format("{} <> {}", field, value);
}

// Compares only within the kind of the value, because sort keys of other kinds begin with other bytes.
std::string PredicateCompiler::compile_order(const std::string& field, Operator op, SelectionParameter bound,
                                             SelectionParameter kind, SelectionParameter past_kind) {
  const std::string place = parameter(std::move(bound));
  return op == Operator::gt || op == Operator::gte
             ? fmt::format("{4}({0}) {1} {2} AND {4}({0}) < {3}", field, sign(op), place,
                           parameter(std::move(past_kind)), dialect_.sort_key)
             : fmt::format("{4}({0}) {1} {2} AND {4}({0}) >= {3}", field, sign(op), place, parameter(std::move(kind)),
                           dialect_.sort_key);
}

std::string PredicateCompiler::compile_attribute(const FieldPath& field, const std::string& stored, Operator op,
                                                 const Operand& operand) {
  // A range of ids must not use the index: all rows of the type would have to be sorted.
  const bool is_way = field.root() != FieldPath::Root::id || !is_ordering(op);
  const std::string column = is_way ? stored : std::string(dialect_.without_index) + stored;
  const bool is_text = field.root() == FieldPath::Root::id || field.root() == FieldPath::Root::status;
  const std::string present = fmt::format("({}) IS NOT NULL", column);
  switch (operand.kind) {
    case Operand::Kind::literal:
      if (op == Operator::exists) return operand.literal == true ? present : fmt::format("({}) IS NULL", column);
      return is_text ? compile_text(column, op, operand.literal) : compile_time(column, op, operand.literal);
    case Operand::Kind::user_id:
    case Operand::Kind::organization_id:
      // A time is unequal to every text.
      return is_text ? compile_text_against(column, op, actor_slot(operand, Slot::Form::text))
                     : compile_time(column, op, Json(""));
    case Operand::Kind::own_entity: {
      const std::string own = "SELECT id FROM " + own_entity(operand.own_entity);
      if (!is_text) return op == Operator::neq ? fmt::format("({} AND EXISTS ({}))", present, own) : none();
      switch (op) {
        case Operator::eq: return fmt::format("(({}) = ({}))", column, own);
        case Operator::neq: return fmt::format("(({}) <> ({}))", column, own);
        case Operator::contains: return fmt::format("({}(({}), ({})) > 0)", dialect_.position, column, own);
        case Operator::in:
        case Operator::nin:  // refused above
        case Operator::exists: return none();
        default: return fmt::format("(({}) {} ({}))", column, sign(op), own);
      }
    }
    case Operand::Kind::related_ids: {
      const std::string has_own = fmt::format("EXISTS (SELECT 1 FROM {})", own_entity(operand.own_entity));
      const std::string ids = "SELECT id FROM " + related_ids(operand);
      if (op == Operator::in) return is_text ? fmt::format("(({}) IN ({}))", column, ids) : none();
      // A text or a time is unequal to every list, provided that the list exists.
      if (op == Operator::neq) return fmt::format("({} AND {})", present, has_own);
      if (op == Operator::nin)
        return is_text ? fmt::format("({} AND {} AND ({}) NOT IN ({}))", has_own, present, column, ids)
                       : fmt::format("({} AND {})", has_own, present);
      return none();
    }
  }
  return none();
}

std::string PredicateCompiler::compile_text(const std::string& column, Operator op, const Json& value) {
  switch (op) {
    case Operator::in: return fmt::format("(({}) IN ({}))", column, texts_of(value_of(value, Slot::Form::texts)));
    case Operator::nin:
      return fmt::format("(({0}) IS NOT NULL AND ({0}) NOT IN ({1}))", column,
                         texts_of(value_of(value, Slot::Form::texts)));
    case Operator::neq:
      if (!value.is_string()) return fmt::format("(({}) IS NOT NULL)", column);
      break;
    default: break;
  }
  return value.is_string() ? compile_text_against(column, op, value_of(value, Slot::Form::text)) : none();
}

std::string PredicateCompiler::compile_text_against(const std::string& column, Operator op, SelectionParameter text) {
  const std::string place = parameter(std::move(text));
  if (op == Operator::contains) return fmt::format("({}(({}), {}) > 0)", dialect_.position, column, place);
  return fmt::format("(({}) {} {})", column, op == Operator::eq ? "=" : op == Operator::neq ? "<>" : sign(op), place);
}

std::string PredicateCompiler::compile_time(const std::string& column, Operator op, const Json& value) {
  // Canonical numbers that are whole are integers, so a number that is not an integer equals no time.
  const auto is_integer = [](const Json& element) { return element.is_number_integer(); };
  switch (op) {
    case Operator::eq:
      return is_integer(value) ? fmt::format("(({}) = {})", column, parameter(value_of(value, Slot::Form::integer)))
                               : none();
    case Operator::neq:
      return is_integer(value) ? fmt::format("(({}) <> {})", column, parameter(value_of(value, Slot::Form::integer)))
                               : fmt::format("(({}) IS NOT NULL)", column);
    case Operator::in: return fmt::format("(({}) IN ({}))", column, integers_of(value_of(value, Slot::Form::integers)));
    case Operator::nin:
      return fmt::format("(({0}) IS NOT NULL AND ({0}) NOT IN ({1}))", column,
                         integers_of(value_of(value, Slot::Form::integers)));
    case Operator::contains:
    case Operator::exists: return none();
    default: break;
  }
  if (is_integer(value))
    return fmt::format("(({}) {} {})", column, sign(op), parameter(value_of(value, Slot::Form::integer)));
  if (!value.is_number()) return none();
  // The value is a fraction, or a number outside the 64-bit integers. The bound is computed here because SQLite would
  // convert the value by its own rules.
  const auto number = value.get<double>();
  const bool upwards = op == Operator::gt || op == Operator::gte;
  if (std::abs(number) >= 9223372036854775808.0)
    return (number < 0) == upwards ? fmt::format("(({}) IS NOT NULL)", column) : none();
  return fmt::format("(({}) {} {})", column,
                     upwards ? ">" : "<=", parameter(static_cast<std::int64_t>(std::floor(number))));
}

std::string PredicateCompiler::compile_reached(const Predicate& predicate, const RowSource& row) {
  if (rows_ == Rows::many) return fmt::format("({} IN (SELECT id FROM {}))", row.id(), reached_ids(predicate));
  const std::span<const Hop> hops = predicate.hops();  // at least one
  const std::string near_ends = ends_of(predicate, hops.first(hops.size() - 1));
  const Hop& last = hops.back();
  // From each of few rows back, of which few relations lead to near ends. Without the index, SQLite does not go through
  // the near ends for each row.
  if (rows_ == Rows::few)
    return fmt::format(
        "EXISTS (SELECT 1 FROM entity_relations r WHERE r.scope_id = ?1 AND r.{} = {} AND r.type = {} AND {}r.{} IN "
        "(SELECT id FROM {}))",
        far_column(last), row.id(), parameter(last.relation), dialect_.without_index, near_column(last), near_ends);
  // One row is looked for at the end of each near end, rather than among all that these lead to.
  return fmt::format("EXISTS (SELECT 1 FROM {} AND r.{} = {})", relations(near_ends, hops.back()),
                     far_column(hops.back()), row.id());
}

std::string PredicateCompiler::reached_ids(const Predicate& reached) { return ends_of(reached, reached.hops()); }

std::string PredicateCompiler::ends_of(const Predicate& reached, std::span<const Hop> hops) {
  std::string ends = reached.start() ? alive(parameter(*reached.start())) : own_entity(reached.own_entity());
  for (const Hop& hop : hops) ends = far_ends(ends, hop);
  return ends;
}

std::string PredicateCompiler::with() const { return with_.empty() ? "" : "WITH " + with_ + " "; }

std::string PredicateCompiler::name_query(const std::string& key, const char* columns,
                                          const std::function<std::string()>& make) {
  if (const auto found = names_.find(key); found != names_.end()) return found->second;
  const std::string query = make();
  std::string name = fmt::format("q{}", names_.size() + 1);
  with_ += fmt::format("{}{}({}) AS ({})", with_.empty() ? "" : ", ", name, columns, query);
  return names_.emplace(key, std::move(name)).first->second;
}

std::string PredicateCompiler::own_entity(const OwnEntity& own) {
  std::string key = "own";
  for (const OwnEntity::Candidate& candidate : own.candidates)
    key += fmt::format(" {} {}", candidate.type, candidate.user_id_field.str());
  return name_query(key, "id", [&]() -> std::string {
    if (own.candidates.empty()) return "SELECT NULL WHERE " + none();
    const std::string user = parameter(Slot{Slot::Value::user_id, Slot::Form::json});
    std::vector<std::string> candidates;
    for (const OwnEntity::Candidate& candidate : own.candidates) {
      const std::string type = parameter(candidate.type);
      const std::string row = fmt::format(
          "w.scope_id = ?1 AND w.type_key = {} AND {} = {} AND w.deleted_at IS NULL AND w.status = 'active'", type,
          at("w.data", candidate.user_id_field), user);
      const auto keys = keys_ ? keys_->keys_of(candidate.type) : nullptr;
      const FieldKey* by_user = nullptr;
      for (std::size_t i = 0; keys && i < keys->size(); ++i)
        if ((*keys)[i].is_whole && (*keys)[i].fields == std::vector{candidate.user_id_field}) by_user = &(*keys)[i];
      candidates.push_back(
          by_user ? fmt::format("SELECT w.id AS own_id, w.created_at AS own_created_at FROM entity_keys u CROSS JOIN "
                                "entities w WHERE u.scope_id = ?1 AND u.type_key = {} AND u.key_no = {} AND u.key = {} "
                                "AND w.row_no = u.row_no AND w.id = u.id AND {}",
                                type, parameter(by_user->number),
                                parameter(KeyBytes{{Slot{Slot::Value::user_id, Slot::Form::key}}}), row)
                  : fmt::format("SELECT w.id AS own_id, w.created_at AS own_created_at FROM entities w WHERE {}", row));
    }
    return fmt::format("SELECT own_id FROM ({}) ORDER BY own_created_at, own_id LIMIT 1",
                       fmt::join(candidates, " UNION ALL "));
  });
}

std::string PredicateCompiler::relations(const std::string& near_ends, const Hop& hop) {
  return fmt::format("{} n CROSS JOIN entity_relations r WHERE r.scope_id = ?1 AND r.{} = n.id AND r.type = {}",
                     near_ends, near_column(hop), parameter(hop.relation));
}

std::string PredicateCompiler::far_ends(const std::string& near_ends, const Hop& hop) {
  return name_query(fmt::format("{} {} {}", near_ends, hop.backwards ? "^" : "/", hop.relation), "id, created_at", [&] {
    // A relation with a deleted end does not count; the near ends are already checked. In a dense graph many relations
    // have the same far end, so DISTINCT checks each end only once.
    return fmt::format(
        "SELECT x.id, x.created_at FROM (SELECT DISTINCT r.{} AS far_id FROM {}) f CROSS JOIN entities x WHERE "
        "x.scope_id = ?1 AND x.id = f.far_id AND x.deleted_at IS NULL",
        far_column(hop), relations(near_ends, hop));
  });
}

std::string PredicateCompiler::alive(const std::string& id) {
  return name_query("alive " + id, "id", [&] {
    return fmt::format("SELECT n.id FROM entities n WHERE n.scope_id = ?1 AND n.id = {} AND n.deleted_at IS NULL", id);
  });
}

std::string PredicateCompiler::related_ids(const Operand& operand) {
  return far_ends(own_entity(operand.own_entity), Hop{operand.relation, false});
}

}  // namespace struere
