#include "struere/definitions/definition_set.hpp"

#include <fmt/format.h>

#include "core/single_line.hpp"
#include "definitions/definition_check.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr const char* name_key(DefinitionKind kind) {
  return kind == DefinitionKind::role || kind == DefinitionKind::tool ? "name" : "slug";
}

}  // namespace

std::string_view to_string(DefinitionKind kind) noexcept {
  switch (kind) {
    case DefinitionKind::entity_type: return "entity-type";
    case DefinitionKind::role: return "role";
    case DefinitionKind::agent: return "agent";
    case DefinitionKind::trigger: return "trigger";
    case DefinitionKind::tool: return "tool";
  }
  return "tool";
}

void DefinitionSet::add(DefinitionKind kind, const Json& definition) {
  const char* const key = name_key(kind);
  if (!definition.is_object() || !definition.contains(key) || !definition.at(key).is_string())
    throw Error(ErrorCode::invalid_definition,
                fmt::format("a definition of kind {} is an object with the key `{}`", to_string(kind), key));
  const auto& name = definition.at(key).get_ref<const std::string&>();
  if (!definitions_[index(kind)].emplace(name, definition).second)
    throw Error(ErrorCode::invalid_definition,
                fmt::format("there are two definitions of the {} {}", to_string(kind), in_quotes(name)));
}

const Json* DefinitionSet::find(DefinitionKind kind, const std::string& name) const {
  const auto found = of(kind).find(name);
  return found == of(kind).end() ? nullptr : &found->second;
}

std::vector<DefinitionFault> DefinitionSet::faults(const HeldFields& held) const {
  return check_definitions(*this, held).faults;
}

DefinitionSet DefinitionSet::normal_form(const HeldFields& held) const {
  auto [faults, normal] = check_definitions(*this, held);
  if (faults.empty()) return std::move(normal);
  std::vector<std::string> lines;
  for (const DefinitionFault& fault : faults)
    lines.push_back(fmt::format("{} `{}`{}{}: {}", to_string(fault.kind), fault.name, fault.place.empty() ? "" : ", ",
                                fault.place.to_string(), fault.message));
  throw Error(ErrorCode::invalid_definition, lines);
}

Json DefinitionSet::to_json() const {
  Json out = Json::object();
  for (const DefinitionKind kind : definition_kinds) {
    Json& list = out[std::string(to_string(kind))] = Json::array();
    for (const auto& [name, definition] : of(kind)) list.push_back(definition);
  }
  return out;
}

DefinitionSet DefinitionSet::from_json(const Json& json) {
  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds) {
    const std::string key(to_string(kind));
    const auto list = json.is_object() ? json.find(key) : json.end();
    if (list == json.end() || !list->is_array())
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("a set of definitions is an object with a list for each kind; `{}` is missing", key));
    for (const Json& definition : *list) out.add(kind, definition);
  }
  return out;
}

}  // namespace struere
