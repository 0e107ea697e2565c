// JSON Schemas and data: the first line is the schema, the rest the data. A schema is refused as a definition or used;
// data is answered, and alike however its numbers are written.
#include "core/json_schema.hpp"

#include "fuzz/fuzz_target.hpp"

namespace struere::fuzz {

void json_schema(std::string_view bytes) {
  JsonFault fault;
  const auto schema = parse_json(take_line(bytes), fault);
  const auto data = parse_json(bytes, fault);
  if (!schema) return;
  const std::string answer = answer_of([&]() -> std::string {
    const JsonSchema compiled(*schema);
    for (const ReferenceField& field : compiled.references())
      require(!field.place.empty() && !field.type.empty(), "a reference is of no field or type");
    if (!data) return "used";
    const auto first = compiled.validate(*data);
    const auto second = compiled.validate(parse_canonical_json(canonical_json(*data)));
    require(first.has_value() == second.has_value(), "numbers written in another way are answered in another way");
    if (first) {
      require(!first->description.empty(), "a fault says nothing");
      require(first->place == second->place, "the place depends on how numbers are written");
    }
    return "used";
  });
  require(answer == "used" || answer.starts_with("invalid_definition: "), answer);
}

}  // namespace struere::fuzz
