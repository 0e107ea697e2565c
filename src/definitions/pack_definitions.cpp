#include "definitions/pack_definitions.hpp"

#include "definitions/held_fields.hpp"
#include "definitions/planner.hpp"
#include "storage/records.hpp"
#include "struere/model/installed_pack.hpp"

namespace struere {
namespace {

// The definitions of one kind, by name.
using DefinitionsByName = std::map<std::string, Json>;

const Json& agents_of(const Json& tool) {
  static const Json none = Json::object();
  return tool.contains("agents") ? tool.at("agents") : none;
}

template <class Change>
DefinitionSet changed(const DefinitionSet& all, const Change& change) {
  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds) {
    DefinitionsByName definitions = all.of(kind);
    change(kind, definitions);
    for (const auto& [name, definition] : definitions) out.add(kind, definition);
  }
  return out;
}

}  // namespace

DefinitionSet overlaid(const DefinitionSet& all, const DefinitionSet& part) {
  return changed(all, [&](DefinitionKind kind, DefinitionsByName& definitions) {
    for (const auto& [name, definition] : part.of(kind)) {
      const auto [known, is_new] = definitions.emplace(name, definition);
      if (kind != DefinitionKind::tool) {
        known->second = definition;
      } else if (!is_new) {
        Json agents = agents_of(known->second);
        agents.update(agents_of(definition));
        known->second["agents"] = std::move(agents);
      }
    }
  });
}

DefinitionSet without(const DefinitionSet& all, const DefinitionSet& part) {
  return changed(all, [&](DefinitionKind kind, DefinitionsByName& definitions) {
    for (const auto& [name, definition] : part.of(kind)) {
      const auto known = definitions.find(name);
      if (known == definitions.end()) continue;
      if (kind == DefinitionKind::tool)
        for (const auto& [agent, permission] : agents_of(definition).items()) known->second["agents"].erase(agent);
      if (kind != DefinitionKind::tool || agents_of(known->second).empty()) definitions.erase(known);
    }
  });
}

DefinitionSet restricted(const DefinitionSet& all, const DefinitionSet& part) {
  return changed(part, [&](DefinitionKind kind, DefinitionsByName& definitions) {
    for (auto each = definitions.begin(); each != definitions.end();) {
      const Json* const found = all.find(kind, each->first);
      if (kind == DefinitionKind::tool) {  // a scope does not define that a tool exists
        Json agents = Json::object();
        for (const auto& [agent, permission] : agents_of(each->second).items())
          if (found && agents_of(*found).contains(agent)) agents[agent] = agents_of(*found).at(agent);
        each->second = {{"name", each->first}, {"agents", std::move(agents)}};
      } else if (!found) {
        each = definitions.erase(each);
        continue;
      } else {
        each->second = *found;
      }
      ++each;
    }
  });
}

DefinitionSet customized(const DefinitionSet& base, const Json& overrides) {
  return changed(base, [&](DefinitionKind kind, DefinitionsByName& definitions) {
    const auto of_kind = overrides.find(std::string(to_string(kind)));
    if (of_kind == overrides.end()) return;
    for (const auto& [name, definition] : of_kind->items())
      if (definition.is_null())
        definitions.erase(name);
      else
        definitions[name] = definition;
  });
}

Json overrides_between(const DefinitionSet& base, const DefinitionSet& ours) {
  Json out = Json::object();
  for (const DefinitionKind kind : definition_kinds) {
    const std::string word(to_string(kind));
    for (const auto& [name, definition] : base.of(kind))
      if (!ours.find(kind, name)) out[word][name] = nullptr;
    for (const auto& [name, definition] : ours.of(kind))
      if (const Json* const known = base.find(kind, name); !known || *known != definition) out[word][name] = definition;
  }
  return out;
}

std::map<std::string, DefinitionSet> parts_of_packs(GuardedOperation& operation) {
  std::map<std::string, DefinitionSet> out;
  for (const auto& pack :
       select<PackDefinitions>(operation.transaction(), {{}, {}, {"pack_id"}, false, {}, most_definitions}))
    out.emplace(pack.pack_id,
                customized(DefinitionSet::from_json(pack.definitions),
                           find<InstalledPack>(operation.transaction(), "pack_id", pack.pack_id)->overrides));
  return out;
}

WithPacks keeping_packs(GuardedOperation& operation, const DefinitionSet& wanted,
                        const std::function<bool(const std::string& pack)>& is_other_version) {
  const auto parts = parts_of_packs(operation);
  if (parts.empty()) return {wanted, {}};
  const DefinitionSet current = current_definitions(operation);
  WithPacks out;
  DefinitionSet all = wanted;
  for (const auto& of_pack : parts) {
    const std::string& pack = of_pack.first;  // clang 14 captures no structured binding
    const DefinitionSet& part = of_pack.second;
    const bool is_other = is_other_version(pack);
    const DefinitionSet here = changed(restricted(current, part), [&](DefinitionKind kind, DefinitionsByName& known) {
      if (kind == DefinitionKind::tool) return;
      std::erase_if(known, [&](const auto& definition) {
        const Json* const asked = wanted.find(kind, definition.first);
        if (asked && (!is_other || *asked == *part.find(kind, definition.first))) return true;
        if (!asked || *asked != definition.second) out.kept.push_back({kind, definition.first, pack});
        return false;
      });
    });
    all = is_other ? overlaid(all, here) : overlaid(here, all);
  }
  out.definitions = all == wanted ? wanted : all.normal_form(any_field());
  return out;
}

}  // namespace struere
