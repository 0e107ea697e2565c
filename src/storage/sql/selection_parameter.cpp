#include "storage/sql/selection_parameter.hpp"

#include <algorithm>
#include <limits>

#include "query/field_key.hpp"

namespace struere {
namespace {

Blob as_blob(const std::string& bytes) { return Blob(bytes.begin(), bytes.end()); }

// The elements of a list for which `keep` is true, as `show` writes them.
template <class Keep, class Show>
std::string elements(const Json& list, Keep keep, Show show) {
  Json out = Json::array();
  for (const Json& element : list)
    if (keep(element)) out.push_back(show(element));
  return out.dump();
}

void collect_literals(const Predicate& predicate, std::vector<const Json*>& out) {
  if (predicate.kind() == Predicate::Kind::comparison && is_bindable_literal(predicate))
    out.push_back(&predicate.operand().literal);
  for (const Predicate& part : predicate.parts()) collect_literals(part, out);
}

}  // namespace

bool is_bindable_literal(const Predicate& comparison) {
  if (comparison.operand().kind != Operand::Kind::literal || comparison.op() == Operator::exists) return false;
  const Json& literal = comparison.operand().literal;
  const bool is_list = comparison.op() == Operator::in || comparison.op() == Operator::nin;
  switch (comparison.field().root()) {
    case FieldPath::Root::data: return true;
    case FieldPath::Root::id:
    case FieldPath::Root::status: return is_list || literal.is_string();
    case FieldPath::Root::created_at:
    case FieldPath::Root::updated_at:
      return is_list || (literal.is_number_integer() && comparison.op() != Operator::contains);
  }
  return false;
}

std::vector<const Json*> bindable_literals(const Predicate& filter) {
  std::vector<const Json*> out;
  collect_literals(filter, out);
  return out;
}

Parameter parameter_of(const Json& literal, Slot::Form form) {
  const auto itself = [](const Json& element) -> const Json& { return element; };
  switch (form) {
    case Slot::Form::text:
    case Slot::Form::column: return literal.get<std::string>();
    case Slot::Form::json: return canonical_json(literal);
    case Slot::Form::sort_key: return as_blob(sort_key(&literal));
    case Slot::Form::integer: return literal.get<std::int64_t>();
    case Slot::Form::elements:
      return elements(
          literal, [](const Json&) { return true; }, [](const Json& element) { return canonical_json(element); });
    case Slot::Form::texts:
      return elements(
          literal, [](const Json& element) { return element.is_string(); }, itself);
    case Slot::Form::integers:
      return elements(
          literal, [](const Json& element) { return element.is_number_integer(); }, itself);
    case Slot::Form::kind: return as_blob(sort_key(&literal).substr(0, 1));
    case Slot::Form::past_kind: {
      const char kind = sort_key(&literal).front();
      return as_blob(std::string(1, static_cast<char>(kind + 1)));
    }
    case Slot::Form::key: {
      std::string key;
      append_field_key(key, &literal);
      return as_blob(key);
    }
  }
  return nullptr;
}

void SlotValues::bind(ParameterSink& sink, const std::vector<SelectionParameter>& parameters) {
  texts_.reserve(parameters.size());  // bound by reference: they must not move
  // The last parameters may belong to a part of the condition that the compiler left out because it never matters.
  const auto used = std::min(parameters.size() + 1, sink.parameter_count());
  for (std::size_t i = 1; i < used; ++i) {
    const int index = static_cast<int>(i) + 1;
    if (const auto* const value = std::get_if<Parameter>(&parameters[i - 1]))
      sink.put(index, *value);
    else if (const auto* const key = std::get_if<KeyBytes>(&parameters[i - 1]))
      bind(sink, index, *key);
    else
      bind(sink, index, std::get<Slot>(parameters[i - 1]));
  }
}

std::string SlotValues::json_of(const SelectionParameter& value) {
  if (const auto* const constant = std::get_if<Parameter>(&value)) return std::get<std::string>(*constant);
  const Slot& slot = std::get<Slot>(value);
  if (slot.value == Slot::Value::literal) return canonical_json(literal(slot));
  std::string out;
  append_json_string(out, slot.value == Slot::Value::user_id ? actor_.user_id : actor_.organization_id);
  return out;
}

const Json& SlotValues::literal(const Slot& slot) {
  if (!literals_) literals_ = bindable_literals(selection_->filter);
  return *literals_->at(slot.index);
}

void SlotValues::bind(ParameterSink& sink, int index, const KeyBytes& key) {
  std::string& bytes = texts_.emplace_back();
  const auto append_text = [&](const std::string& text) {
    const Json value = text;
    append_field_key(bytes, &value);
  };
  for (const auto& part : key.parts) {
    if (const auto* const constant = std::get_if<std::string>(&part)) {
      bytes += *constant;
      continue;
    }
    const Slot& slot = std::get<Slot>(part);
    switch (slot.value) {
      case Slot::Value::user_id: append_text(actor_.user_id); break;
      case Slot::Value::organization_id: append_text(actor_.organization_id); break;
      case Slot::Value::position: append_field_key_of_sort_key(bytes, selection_->after->at(slot.index)); break;
      case Slot::Value::literal: {
        const Blob part_bytes = std::get<Blob>(parameter_of(literal(slot), slot.form));
        bytes.append(part_bytes.begin(), part_bytes.end());
        break;
      }
      case Slot::Value::id:
      case Slot::Value::ids:
      case Slot::Value::limit: break;  // field keys contain none of these
    }
  }
  sink.put_bytes(index, bytes);
}

void SlotValues::bind(ParameterSink& sink, int index, const Slot& slot) {
  const auto bind_actors = [&](const std::string& text) {
    if (slot.form == Slot::Form::text) {
      sink.put_text(index, std::string_view(text));
    } else if (slot.form == Slot::Form::json) {
      append_json_string(texts_.emplace_back(), text);
      sink.put_text(index, std::string_view(texts_.back()));
    } else {
      const Json value = text;
      sink.put_bytes(index, texts_.emplace_back(sort_key(&value)));
    }
  };
  switch (slot.value) {
    case Slot::Value::user_id: return bind_actors(actor_.user_id);
    case Slot::Value::organization_id: return bind_actors(actor_.organization_id);
    case Slot::Value::id: sink.put_text(index, std::string_view(*selection_->id)); return;
    case Slot::Value::ids:
      sink.put_text(index, std::string_view(texts_.emplace_back(Json(*selection_->ids).dump())));
      return;
    // One row more than the limit tells whether there are more rows.
    case Slot::Value::limit: sink.put(index, selection_->limit + 1); return;
    case Slot::Value::position: return bind_position(sink, index, slot);
    case Slot::Value::literal: return bind_literal(sink, index, slot);
  }
}

void SlotValues::bind_literal(ParameterSink& sink, int index, const Slot& slot) {
  const Parameter value = parameter_of(literal(slot), slot.form);
  if (const auto* const text = std::get_if<std::string>(&value)) {
    sink.put_text(index, std::string_view(texts_.emplace_back(*text)));
  } else if (const auto* const blob = std::get_if<Blob>(&value)) {
    sink.put_bytes(index, texts_.emplace_back(blob->begin(), blob->end()));
  } else {
    sink.put(index, value);
  }
}

void SlotValues::bind_position(ParameterSink& sink, int index, const Slot& slot) {
  const std::string& key = selection_->after->at(slot.index);
  if (slot.form == Slot::Form::sort_key) {
    sink.put_bytes(index, key);
    return;
  }
  if (const auto integer = integer_of_sort_key(key)) {
    sink.put(index, *integer);
  } else if (auto text = string_of_sort_key(key)) {
    sink.put_text(index, std::string_view(texts_.emplace_back(*std::move(text))));
  } else {
    // The cursor's holder saw no value here, so the position comes before all values of the column, numbers or texts.
    const FieldPath::Root root = selection_->order.at(slot.index).field.root();
    if (root == FieldPath::Root::created_at || root == FieldPath::Root::updated_at)
      sink.put(index, std::numeric_limits<std::int64_t>::min());
    else
      sink.put_text(index, std::string_view());
  }
}

}  // namespace struere
