#include "definitions/difference.hpp"

#include <algorithm>

namespace struere {
namespace {

std::string joined(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

// The elements of `list` that `other` lacks. An element that occurs twice must occur twice in `other`.
Json missing_from(const Json& other, const Json& list) {
  Json rest = other, out = Json::array();
  for (const Json& element : list)
    if (const auto found = std::ranges::find(rest, element); found != rest.end())
      rest.erase(found);
    else
      out.push_back(element);
  return out;
}

void compare(const std::string& path, const Json& before, const Json& after, std::vector<FieldChange>& out) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : before.items())
      if (after.contains(key))
        compare(joined(path, key), value, after.at(key), out);
      else
        out.push_back({joined(path, key), value, std::nullopt});
    for (const auto& [key, value] : after.items())
      if (!before.contains(key)) out.push_back({joined(path, key), std::nullopt, value});
  } else if (before.is_array() && after.is_array()) {
    const Json gone = missing_from(after, before), added = missing_from(before, after);
    for (const Json& element : gone) out.push_back({path + "[]", element, std::nullopt});
    for (const Json& element : added) out.push_back({path + "[]", std::nullopt, element});
    if (gone.empty() && added.empty()) out.push_back({path, before, after});  // only the order differs
  } else {
    out.push_back({path, before, after});
  }
}

}  // namespace

std::string_view to_string(ChangeKind kind) noexcept {
  switch (kind) {
    case ChangeKind::create: return "create";
    case ChangeKind::update: return "update";
    case ChangeKind::remove: return "delete";
  }
  return "update";
}

std::vector<DefinitionChange> difference(const DefinitionSet& before, const DefinitionSet& after) {
  std::vector<DefinitionChange> out;
  for (const DefinitionKind kind : definition_kinds) {
    for (const auto& [name, definition] : after.of(kind))
      if (const Json* const known = before.find(kind, name); !known) {
        out.push_back({ChangeKind::create, kind, name, {}});
      } else if (*known != definition) {
        DefinitionChange change{ChangeKind::update, kind, name, {}};
        compare("", *known, definition, change.fields);
        out.push_back(std::move(change));
      }
    for (const auto& [name, definition] : before.of(kind))
      if (!after.find(kind, name)) out.push_back({ChangeKind::remove, kind, name, {}});
  }
  return out;
}

std::string_view to_string(Obstacle::Kind kind) noexcept {
  using enum Obstacle::Kind;
  switch (kind) {
    case entities_of_removed_type: return "entities_of_removed_type";
    case data_violates_schema: return "data_violates_schema";
    case assignments_of_removed_role: return "assignments_of_removed_role";
    case data_breaks_unique_key: return "data_breaks_unique_key";
    case masked_values_shown: return "masked_values_shown";
    case holds_writers: return "holds_writers";
    case definition_reads_changed_field: return "definition_reads_changed_field";
  }
  return "";
}

Json ChangePlan::to_json() const {
  Json out{{"environment", to_string(environment)},
           {"changes", Json::array()},
           {"obstacles", Json::array()},
           {"reveals", Json::array()},
           {"kept", Json::array()}};
  for (const DefinitionChange& change : changes) {
    Json item{{"change", to_string(change.change)}, {"kind", to_string(change.kind)}, {"name", change.name}};
    if (change.change == ChangeKind::update) {
      item["fields"] = Json::array();
      for (const FieldChange& field : change.fields) {
        Json entry{{"path", field.path}};
        if (field.before) entry["before"] = *field.before;
        if (field.after) entry["after"] = *field.after;
        item["fields"].push_back(std::move(entry));
      }
    }
    if (change.pending_runs > 0) item["pendingRuns"] = change.pending_runs;
    out["changes"].push_back(std::move(item));
  }
  for (const Obstacle& obstacle : obstacles)
    out["obstacles"].push_back({{"kind", to_string(obstacle.kind)},
                                {"name", obstacle.name},
                                {"count", obstacle.count},
                                {"examples", obstacle.examples},
                                {"message", obstacle.message}});
  for (const Reveal& reveal : reveals)
    out["reveals"].push_back({{"role", reveal.role},
                              {"entityType", reveal.entity_type},
                              {"path", reveal.path},
                              {"rows", reveal.rows},
                              {"events", reveal.events}});
  for (const KeptDefinition& each : kept)
    out["kept"].push_back({{"kind", to_string(each.kind)}, {"name", each.name}, {"pack", each.pack}});
  return out;
}

}  // namespace struere
