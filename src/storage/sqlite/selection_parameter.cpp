#include "storage/sqlite/selection_parameter.hpp"

#include <algorithm>
#include <limits>

namespace struere {

void SlotValues::bind(Statement& statement, const std::vector<SelectionParameter>& parameters) {
  texts_.reserve(parameters.size());  // bound by reference: they must not move
  // The last ones may belong to a part of the condition that turned out never to matter, and was left out.
  const auto used = std::min(parameters.size() + 1, statement.parameter_count());
  for (std::size_t i = 1; i < used; ++i) {
    const int index = static_cast<int>(i) + 1;
    if (const auto* const value = std::get_if<Parameter>(&parameters[i - 1]))
      statement.bind(index, *value);
    else
      bind(statement, index, std::get<Slot>(parameters[i - 1]));
  }
}

void SlotValues::bind(Statement& statement, int index, const Slot& slot) {
  const auto bind_actors = [&](const std::string& text) {
    if (slot.form == Slot::Form::text) {
      statement.bind(index, std::string_view(text));
    } else if (slot.form == Slot::Form::json) {
      append_json_string(texts_.emplace_back(), text);
      statement.bind(index, std::string_view(texts_.back()));
    } else {
      const Json value = text;
      statement.bind_blob(index, texts_.emplace_back(sort_key(&value)));
    }
  };
  switch (slot.value) {
    case Slot::Value::user_id: return bind_actors(actor_.user_id);
    case Slot::Value::organization_id: return bind_actors(actor_.organization_id);
    case Slot::Value::id: statement.bind(index, std::string_view(*selection_->id)); return;
    // One more, to know whether there are more.
    case Slot::Value::limit: statement.bind(index, selection_->limit + 1); return;
    case Slot::Value::position: return bind_position(statement, index, slot);
  }
}

void SlotValues::bind_position(Statement& statement, int index, const Slot& slot) {
  const std::string& key = selection_->after->at(slot.key);
  if (slot.form == Slot::Form::sort_key) {
    statement.bind_blob(index, key);
    return;
  }
  if (const auto integer = integer_of_sort_key(key)) {
    statement.bind(index, *integer);
  } else if (auto text = string_of_sort_key(key)) {
    statement.bind(index, std::string_view(texts_.emplace_back(*std::move(text))));
  } else {
    // Absent to whoever was given the cursor: before all values that the column has, be they numbers or texts.
    const FieldPath::Root root = selection_->order.at(slot.key).field.root();
    if (root == FieldPath::Root::created_at || root == FieldPath::Root::updated_at)
      statement.bind(index, std::numeric_limits<std::int64_t>::min());
    else
      statement.bind(index, std::string_view());
  }
}

}  // namespace struere
