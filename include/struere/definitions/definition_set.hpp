// All definitions of a scope as one value: entity types, roles, agents, triggers and tool permissions. Read from files
// (definition_folder.hpp), from a scope (definitions.hpp), or built here.
//
//   entity type, role   access/definition.hpp
//   trigger             triggers/trigger_repository.hpp
//   agent   {"slug": "tutor", "name": "Tutor", "description": "…", "status": "active",
//            "systemPrompt": "…", "model": "…", "tools": ["send-mail"], "roles": ["teacher"]}
//                       slug, systemPrompt and model are required
//   tool    {"name": "send-mail", "agents": {"tutor": {"identity": "configured", "role": "mailer",
//            "allowedActions": ["read"], "deniedFields": ["data.card"]}}}          only the name is required
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

enum class DefinitionKind { entity_type, role, agent, trigger, tool };

inline constexpr std::array definition_kinds{DefinitionKind::entity_type, DefinitionKind::role, DefinitionKind::agent,
                                             DefinitionKind::trigger, DefinitionKind::tool};

std::string_view to_string(DefinitionKind kind) noexcept;  // "entity-type"

// A mistake in one definition.
struct DefinitionFault {
  DefinitionKind kind;
  std::string name;
  Json::json_pointer place;  // in the definition; empty: the whole definition
  std::string message;
};

// Whether stored rows or events of an entity type have a field that its schema does not name. A mask may then name the
// field: old values are masked under their old name. Definitions::held_fields() makes one for a scope.
using HeldFields = std::function<bool(const std::string& type, const FieldPath& field)>;

// A value. Its content may have mistakes, which faults() lists.
class DefinitionSet {
 public:
  // Throws Error{invalid_definition} if the definition has no name, or the set has one of this kind and name.
  void add(DefinitionKind kind, const Json& definition);

  const std::map<std::string, Json>& of(DefinitionKind kind) const { return definitions_[index(kind)]; }  // by name
  const Json* find(DefinitionKind kind, const std::string& name) const;

  // All mistakes, with the nearest correct word for a mistyped one. A tool that a trigger calls or an agent has
  // must be built in (triggers/trigger_worker.hpp) or in the set. Without `held`, masks may name only fields of
  // schemas.
  std::vector<DefinitionFault> faults(const HeldFields& held = {}) const;

  // The set with all defaults filled in, so that two sets have the same meaning if and only if they are equal. Throws
  // Error{invalid_definition} with all faults in its message.
  DefinitionSet normal_form(const HeldFields& held = {}) const;

  Json to_json() const;
  // Reads what to_json() returns. Throws Error{invalid_definition} for other JSON.
  static DefinitionSet from_json(const Json& json);

  friend bool operator==(const DefinitionSet&, const DefinitionSet&) = default;

 private:
  static std::size_t index(DefinitionKind kind) { return static_cast<std::size_t>(kind); }

  std::array<std::map<std::string, Json>, definition_kinds.size()> definitions_;
};

}  // namespace struere
