// The parameters of a compiled selection: a value, or a slot for a value that each request brings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/sql/parameter.hpp"
#include "struere/query/selection.hpp"

namespace struere {

struct Slot {
  // `literal`: a value of the selection's filter.
  enum class Value { user_id, organization_id, id, ids, limit, position, literal };
  enum class Form {
    text,
    json,      // canonical
    sort_key,  // comparison.hpp
    column,    // in the form of the column of an attribute: an integer or a text
    integer,
    elements,   // for a list: the canonical texts of its elements, as a list
    texts,      // for a list: the elements that are texts
    integers,   // for a list: the elements that are integers
    kind,       // the first byte of the value's sort key
    past_kind,  // that byte plus one
    key,        // the value's part of a field key; only inside KeyBytes
  };

  Value value;
  Form form;
  std::size_t index = 0;  // position: of the key in the order; literal: of the value in the filter
};

// A field key, or the beginning of one (field_key.hpp), composed of bytes and slots.
struct KeyBytes {
  std::vector<std::variant<std::string, Slot>> parts;
};

using SelectionParameter = std::variant<Parameter, Slot, KeyBytes>;

// A member that the stored data of a row must have. The value is in the form `json`.
struct RequiredMember {
  std::string key;
  SelectionParameter value;
};

// Whether the value of a comparison may be a slot, that is, whether the compiled condition does not depend on the
// value.
bool is_bindable_literal(const Predicate& comparison);
// The values of the filter that may be slots, in the order of the filter.
std::vector<const Json*> bindable_literals(const Predicate& filter);
// The value as a parameter. For `key`, its part of a field key.
Parameter parameter_of(const Json& literal, Slot::Form form);

// Fills the slots of one statement. It holds the values that it binds by reference, so it must outlive the execution.
class SlotValues {
 public:
  explicit SlotValues(const ActorValues& actor, const Selection* selection = nullptr)
      : actor_(actor), selection_(selection) {}
  SlotValues(const SlotValues&) = delete;
  SlotValues& operator=(const SlotValues&) = delete;

  // Binds the parameters from ?2 on.
  void bind(ParameterSink& sink, const std::vector<SelectionParameter>& parameters);

  // A value in the form `json`.
  std::string json_of(const SelectionParameter& value);

 private:
  void bind(ParameterSink& sink, int index, const Slot& slot);
  void bind_position(ParameterSink& sink, int index, const Slot& slot);
  void bind(ParameterSink& sink, int index, const KeyBytes& key);
  void bind_literal(ParameterSink& sink, int index, const Slot& slot);
  const Json& literal(const Slot& slot);

  const ActorValues& actor_;
  const Selection* selection_;  // null if all slots are values of the actor
  std::vector<std::string> texts_;
  std::optional<std::vector<const Json*>> literals_;  // of the selection's filter
};

}  // namespace struere
