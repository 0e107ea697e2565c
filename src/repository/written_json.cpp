#include "repository/written_json.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_text.hpp"
#include "core/single_line.hpp"

namespace struere {
namespace {

[[noreturn]] void unacceptable(const std::string& message) { throw Error(ErrorCode::invalid_data, message); }

// Whether the value equals its canonical text when parsed. Only numbers may have another canonical form.
bool is_canonical(const Json& value) {
  if (value.is_number_float()) return false;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= INT64_MAX;
  return !value.is_structured() || std::ranges::all_of(value, is_canonical);
}

}  // namespace

CanonicalObject WrittenJson::read(const char* what) const {
  JsonFault fault;
  std::optional<Json> parsed;
  if (!value_ && !(parsed = parse_json_text(text_, fault)))
    unacceptable(fmt::format("{} is not acceptable JSON: {}", what, fault.message));
  const Json& value = value_ ? *value_ : *parsed;
  if (!value.is_object()) unacceptable(fmt::format("{} is a JSON object", what));
  auto text = canonical_json(value, fault);
  if (!text) {
    const auto place = place_of_unstorable(value);
    if (!place) unacceptable(fmt::format("{} cannot be stored: {}", what, fault.message));
    const std::string path = "data" + *place;
    throw Error(ErrorCode::invalid_data,
                fmt::format("{} cannot be stored: `{}`: {}", what, shown_place(path), fault.message))
        .at(path);
  }
  if (!is_canonical(value)) return {parse_canonical_json(*text), *std::move(text)};
  return {value_ ? value : *std::move(parsed), *std::move(text)};
}

void WrittenJson::prepare(const char* what) {
  try {
    read_ = read(what);
  } catch (const Error& error) {
    unreadable_ = error;
  }
}

bool WrittenJson::prepare(CompiledScope& known, const ActorContext& actor, const std::string& type, const char* what) {
  prepare(what);
  if (!read_) return false;
  try {
    const EntityType* const found = known.rules().find_type(type);
    // An actor that may not create rows of the type cannot cause this work.
    if (!found || !known.plan(actor, Action::create, type)->decision()) return true;
    if (!found->unique.empty()) unique_type_ = found->key;
    fault_ = known.schema(*found)->validate(read_->value);
    checked_as_ = {known.rules().generation(), found->key};
  } catch (const Error&) {  // the write reports errors in their proper order
  }
  return !fault_;
}

CanonicalObject WrittenJson::object(const char* what) const {
  if (unreadable_) throw *unreadable_;
  return read_ ? *read_ : read(what);
}

}  // namespace struere
