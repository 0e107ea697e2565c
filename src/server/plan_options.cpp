#include "server/plan_options.hpp"

#include "server/refusal.hpp"

namespace struere::server {
namespace {

[[noreturn]] void refuse_options() {
  throw Refusal(400, "malformed_request",
                "`options` has an unknown member, or one of another type; docs/http.md lists them");
}

bool* flag_of(PlanOptions& options, const std::string& key) {
  if (key == "acceptInvalidData") return &options.accept_invalid_data;
  if (key == "dropAssignments") return &options.drop_assignments;
  if (key == "reveal") return &options.reveal;
  return key == "holdWriters" ? &options.hold_writers : nullptr;
}

bool* flag_of(PackOptions& options, const std::string& key) {
  if (key == "takeOver") return &options.take_over;
  return key == "removeEntities" ? &options.remove_entities : flag_of(options.plan, key);
}

template <class Options>
bool set_flag(Options& options, const std::string& key, const Json& value) {
  bool* const flag = flag_of(options, key);
  if (!flag || !value.is_boolean()) return false;
  *flag = value.get<bool>();
  return true;
}

Json options_in(const BodyObject& body) {
  const auto given = body.json("options");
  if (!given) return Json::object();
  if (!given->is_object()) refuse_options();
  return *given;
}

MergeSide side_of(const Json& value) {
  if (value != "ours" && value != "theirs") refuse_options();
  return value == "ours" ? MergeSide::ours : MergeSide::theirs;
}

}  // namespace

std::optional<DefinitionSet> definitions_in(const BodyObject& body, Kinds wanted) {
  const auto text = body.text("definitions");
  if (!text) return std::nullopt;
  static_assert(definition_kinds.size() == 5);
  const BodyObject kinds(
      *text, {to_string(definition_kinds[0]), to_string(definition_kinds[1]), to_string(definition_kinds[2]),
              to_string(definition_kinds[3]), to_string(definition_kinds[4])});
  constexpr std::size_t most_of_a_kind = 20'000;
  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds) {
    const std::string word(to_string(kind));
    if (wanted == Kinds::some && !kinds.has(word)) continue;
    for (const std::string_view definition : split_array(kinds.required_text(word), most_of_a_kind)) {
      JsonFault fault;
      const auto read = parse_json(definition, fault);
      if (!read)
        throw Refusal(400, "malformed_request",
                      "a definition of kind " + word + " is not acceptable JSON: " + fault.message);
      out.add(kind, *read);
    }
  }
  return out;
}

PlanOptions plan_options_of(const BodyObject& body) {
  PlanOptions out;
  const Json options = options_in(body);
  for (const auto& [key, value] : options.items())
    if (!set_flag(out, key, value)) refuse_options();
  return out;
}

PackOptions pack_options_of(const BodyObject& body) {
  PackOptions out;
  const Json options = options_in(body);
  for (const auto& [key, value] : options.items()) {
    if (key == "prefer") {
      out.prefer = side_of(value);
    } else if (key == "choices" && value.is_object()) {
      for (const auto& [place, side] : value.items()) out.choices[place] = side_of(side);
    } else if (!set_flag(out, key, value)) {
      refuse_options();
    }
  }
  return out;
}

}  // namespace struere::server
