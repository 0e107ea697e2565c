// What stands for a value in a compiled selection: the value itself, or the place of one that each request brings.
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
    column,    // as the column of an attribute holds it: an integer or a text
    integer,
    elements,   // of a list, their canonical texts, as a list
    texts,      // of a list, those that are texts
    integers,   // of a list, those that are integers
    kind,       // the first byte of its sort key
    past_kind,  // the byte after that
    key,        // its part of a field key; inside of KeyBytes only
  };

  Value value;
  Form form;
  std::size_t index = 0;  // position: which key of the order; literal: which of the filter
};

// A field key, or the beginning of one (field_key.hpp), put together from bytes and values.
struct KeyBytes {
  std::vector<std::variant<std::string, Slot>> parts;
};

using SelectionParameter = std::variant<Parameter, Slot, KeyBytes>;

// Whether the value that a comparison holds may be a slot: the condition that it is compiled to does not depend on it.
bool is_bindable_literal(const Predicate& comparison);
// In the order of the filter.
std::vector<const Json*> bindable_literals(const Predicate& filter);
// The value as a parameter; for `key`, its part of a field key.
Parameter parameter_of(const Json& literal, Slot::Form form);

// Fills the slots of one statement in. What is bound stands in it, so that it must outlive the execution.
class SlotValues {
 public:
  explicit SlotValues(const ActorValues& actor, const Selection* selection = nullptr)
      : actor_(actor), selection_(selection) {}
  SlotValues(const SlotValues&) = delete;
  SlotValues& operator=(const SlotValues&) = delete;

  // To ?2 and on.
  void bind(ParameterSink& sink, const std::vector<SelectionParameter>& parameters);

 private:
  void bind(ParameterSink& sink, int index, const Slot& slot);
  void bind_position(ParameterSink& sink, int index, const Slot& slot);
  void bind(ParameterSink& sink, int index, const KeyBytes& key);
  void bind_literal(ParameterSink& sink, int index, const Slot& slot);
  const Json& literal(const Slot& slot);

  const ActorValues& actor_;
  const Selection* selection_;  // null where there are slots for the actor alone
  std::vector<std::string> texts_;
  std::optional<std::vector<const Json*>> literals_;  // of the selection's filter
};

}  // namespace struere
